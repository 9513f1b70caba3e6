import numpy as np
import pytest
import torch
from small_trainings import make_plan, train_line

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
)
from sklearn_seqattn.blocks import Conv
from sklearn_seqattn.training import forward, prediction
from sklearn_seqattn.training.batching import SequenceDataset


def test_an_output_that_is_not_finite_is_an_error():
    net, _ = train_line()
    values = np.array([[0.0], [1.0], [3e38], [1e38]], dtype=np.float32)
    with torch.no_grad():
        net.module_.linear.weight.fill_(2.0)
    with pytest.raises(ValueError, match=r"no finite output for sequence 2\. Look"):
        forward(net, SequenceDataset(values, np.ones(4, dtype=np.int64)))


def test_forward_gives_rows_in_the_order_of_the_data():
    net, _ = train_line(plan=make_plan(max_epochs=300))
    lengths = np.random.RandomState(0).randint(1, 9, size=200)
    values = np.zeros((lengths.sum(), 1), dtype=np.float32)
    values[np.cumsum(lengths) - lengths, 0] = np.arange(200)
    found = forward(net, SequenceDataset(values, lengths))
    weight, bias = (p.item() for p in net.module_.parameters())
    np.testing.assert_allclose(
        found[:, 0], weight * np.arange(200) + bias, rtol=1e-4, atol=1e-4
    )


RNG = np.random.RandomState(0)
LENGTHS = RNG.randint(1, 60, size=150)
SEQUENCES = [RNG.standard_normal((length, 2)) for length in LENGTHS]


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, AttentionLSTMRegressor])
def test_buckets_one_padded_batch_and_one_by_one_agree(estimator, monkeypatch):
    model = estimator(
        max_epochs=2, front_end=["differences", Conv(stride=2)], random_state=0
    )
    model.fit(SEQUENCES, np.arange(150) % 3)
    bucketed = model._outputs(SEQUENCES)
    model.net_.max_steps = 1
    small = model._outputs(SEQUENCES)
    one_by_one = [model._outputs([x])[0] for x in SEQUENCES]
    monkeypatch.setattr(prediction, "PREDICTION_BATCH_SIZE", 150)
    model.net_.max_steps = 10**6
    padded = model._outputs(SEQUENCES)
    for other in (small, one_by_one, padded):
        np.testing.assert_allclose(other, bucketed, rtol=1e-6, atol=1e-6)


class TestAttentionInBlocks:
    """Attention weights a few queries at a time."""

    @pytest.mark.parametrize("n_queries", [1, 7, 1000])
    @pytest.mark.parametrize("attention", ["multihead", "additive"])
    def test_blocks_make_up_the_weights(self, attention, n_queries):
        model = AttentionLSTMClassifier(
            attention=attention, max_epochs=1, random_state=0
        ).fit(SEQUENCES, np.arange(150) % 3)
        chosen = SEQUENCES[:5]
        whole = model.attention_weights(chosen)
        found = [np.full_like(weights, np.nan) for weights in whole]
        for i, start, block in model.iter_attention_weights(chosen, n_queries):
            assert block.shape[1] <= n_queries
            found[i][:, start : start + block.shape[1]] = block
        for one, expected in zip(found, whole, strict=True):
            np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-6)

    def test_padding_has_no_weights(self):
        model = AttentionLSTMClassifier(front_end=None, max_epochs=1, random_state=0)
        model.fit(SEQUENCES[:10], np.arange(10) % 2)
        long = np.zeros((101, 2))  # a lone sequence is padded to 104 steps
        assert model.attention_weights([long])[0].shape[1:] == (101, 101)
        blocks = [block for _, _, block in model.iter_attention_weights([long], 40)]
        assert [block.shape[1] for block in blocks] == [40, 40, 21]
        np.testing.assert_allclose(blocks[2].sum(axis=2), 1.0, rtol=1e-5)

    def test_states_too(self):
        X = ["a b c a b", "b c"] * 6
        model = NextStateLSTM(hidden_size=8, max_epochs=1, random_state=0).fit(X)
        whole = model.attention_weights(X[:2])
        for i, start, block in model.iter_attention_weights(X[:2], 2):
            expected = whole[i][:, start : start + 2]
            np.testing.assert_allclose(block, expected, rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("n_queries", [0, -1])
    def test_a_block_has_at_least_one_query(self, n_queries):
        model = AttentionLSTMClassifier(max_epochs=1, random_state=0)
        model.fit(SEQUENCES[:10], np.arange(10) % 2)
        with pytest.raises(ValueError, match=f"n_queries={n_queries} must be at least"):
            model.iter_attention_weights(SEQUENCES[:2], n_queries)

    def test_a_network_without_attention_is_told_at_once(self):
        model = AttentionLSTMClassifier(attention=None, max_epochs=1, random_state=0)
        model.fit(SEQUENCES[:10], np.arange(10) % 2)
        for show in (model.attention_weights, model.iter_attention_weights):
            with pytest.raises(ValueError, match="was fitted with attention=None"):
                show(SEQUENCES[:2])


class TestPoolingWeights:
    """The weights of the time steps in pooling="attention"."""

    def test_each_sequence_has_one_weight_a_step_whatever_its_batch(self):
        model = AttentionLSTMClassifier(
            front_end=None, pooling="attention", max_epochs=1, random_state=0
        ).fit(SEQUENCES, np.arange(150) % 3)
        weights = model.pooling_weights(SEQUENCES)
        assert [w.shape for w in weights] == [(length,) for length in LENGTHS]
        np.testing.assert_allclose([w.sum() for w in weights], 1.0, rtol=1e-5)
        alone = model.pooling_weights(SEQUENCES[7:8])[0]
        np.testing.assert_allclose(alone, weights[7], rtol=1e-4, atol=1e-6)

    @pytest.mark.parametrize("pooling", ["attention", "mean"])
    def test_attention_weights_name_them_where_there_are_any(self, pooling):
        model = AttentionLSTMClassifier(
            front_end=None,
            attention=None,
            pooling=pooling,
            max_epochs=1,
            random_state=0,
        ).fit(SEQUENCES[:20], np.arange(20) % 2)
        message = {"attention": "call pooling_weights", "mean": "fit with another"}
        with pytest.raises(ValueError, match=message[pooling]):
            model.attention_weights(SEQUENCES[:2])

    def test_another_pooling_has_none(self):
        model = AttentionLSTMClassifier(front_end=None, max_epochs=1, random_state=0)
        model.fit(SEQUENCES[:20], np.arange(20) % 2)
        with pytest.raises(ValueError, match="pooling='attention'"):
            model.pooling_weights(SEQUENCES[:2])
