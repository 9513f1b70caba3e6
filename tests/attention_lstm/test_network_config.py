"""From parameters to the configuration of a network: defaults, data, refusals."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor, Tokens
from sklearn_seqattn.attention_lstm.network_config import (
    check_same_network,
    embedding_of_tokens,
    given_front_end,
    network_config,
)
from sklearn_seqattn.attention_lstm.stem import stem, token_stem
from sklearn_seqattn.blocks import Conv, Dense, Transformer
from sklearn_seqattn.nn.blocks import Embedding
from sklearn_seqattn.nn.config import EmbeddingConfig, SequenceConfig
from sklearn_seqattn.nn.networks import build_sequence_network

TOKENS = EmbeddingConfig(n_ids=9, size=5)


def make_params(**options):
    return AttentionLSTMClassifier(**options).get_params(deep=False)


def make_config(*, input_size=2, n_steps=10, embedding=None, time_warp=0.0, **options):
    params = make_params(**options)
    return network_config(
        SequenceConfig,
        params,
        given_front_end(params["front_end"]),
        input_size=input_size,
        n_outputs=3,
        n_steps=n_steps,
        embedding=embedding,
        time_warp=time_warp,
    )


def check_same(params, config):
    check_same_network(params, given_front_end(params["front_end"]), config)


def test_auto_depends_on_the_kind_of_sequences_and_their_length():
    assert make_config(n_steps=640).front_end == stem(640)
    assert make_config(n_steps=9, embedding=TOKENS).front_end == token_stem(9)
    assert make_config(n_steps=640, front_end=["conv"]).front_end == (Conv(),)


@pytest.mark.parametrize(
    ("front_end", "embeds"),
    [
        (None, False),
        ("conv", False),
        ("embedding", True),
        (["embedding", "conv"], True),
        ([{"embedding": {}}], True),
    ],
)
def test_an_embedding_asks_for_tokens(front_end, embeds):
    assert given_front_end(front_end).embeds == embeds


def test_defaults_are_the_residual_lstm_with_attention():
    config = make_config(n_steps=100)
    found = config.to_dict()
    expected = {
        "input_size": 2,
        "n_outputs": 3,
        "encoder": {"lstm": {}},
        "hidden_size": 32,
        "num_layers": 2,
        "bidirectional": False,
        "residual": True,
        "attention": "multihead",
        "num_heads": 4,
        "pooling": ["max", "mean"],
        "head_units": [64],
        "dropout": 0.2,
        "embedding": None,
        "kernels": None,
        "time_warp": 0.0,
        "tbptt_steps": None,
    }
    assert {name: found[name] for name in expected} == expected
    assert config.front_end == stem(100)


def test_tokens_get_an_embedding():
    config = make_config(embedding=TOKENS)
    assert config.front_end.embeds
    assert config.embedding == TOKENS


@pytest.mark.parametrize("encoder", ["lstm", "gru", "transformer", Transformer()])
@pytest.mark.parametrize("attention", ["multihead", "dot", None])
@settings(max_examples=15, deadline=None)
@given(hidden_size=st.integers(1, 64), bidirectional=st.booleans())
def test_no_hidden_size_is_invalid(encoder, attention, hidden_size, bidirectional):
    config = make_config(
        encoder=encoder,
        attention=attention,
        hidden_size=hidden_size,
        bidirectional=bidirectional,
        front_end=None,
    )
    network = build_sequence_network(config)
    outputs = network(torch.zeros(2, 3, 2), torch.tensor([3, 1]))
    assert outputs.isfinite().all()


@settings(max_examples=30, deadline=None)
@given(key_size=st.integers(1, 64), value_size=st.integers(1, 64))
def test_no_size_of_an_attention_block_is_invalid(key_size, value_size):
    block = {"attention": {"key_size": key_size, "value_size": value_size}}
    network = build_sequence_network(make_config(front_end=[block]))
    outputs = network(torch.zeros(2, 3, 2), torch.tensor([3, 1]))
    assert outputs.isfinite().all()


BLOCKS = ["conv", "dense", "time_distributed_conv", "attention", "batch_norm"]
BLOCKS += ["layer_norm", "dropout", "locked_dropout"]


@pytest.mark.parametrize("pair", list(itertools.permutations(BLOCKS, 2)), ids="-".join)
def test_blocks_combine_in_any_order(pair):
    for front_end in (list(pair), [pair[0], [pair[1]]], [list(pair)]):
        network = build_sequence_network(make_config(front_end=front_end))
        assert network(torch.ones(1, 3, 2), torch.tensor([3])).shape == (1, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"front_end": "cnov"}, "front_end: Unknown block 'cnov'"),
        ({"encoder": "lstn"}, "encoder: Unknown encoder 'lstn'"),
        ({"pooling": ["max", "sum"]}, "pooling=.*'sum'"),
        ({"head_units": [0]}, "head_units"),
        (
            {"encoder": "transformer", "net_params": {"module__tbptt_steps": 3}},
            "tbptt_steps=3 truncates",
        ),
    ],
)
@pytest.mark.parametrize("kind", [AttentionLSTMClassifier, AttentionLSTMRegressor])
def test_parameters_are_checked_before_the_data(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(**options).fit("no data at all", None)


def test_a_fit_checks_each_block_once(monkeypatch):
    checks = []

    def checked(self):
        checks.append(self)
        return Dense(self.units)

    monkeypatch.setattr(Dense, "checked", checked)
    X, y = np.ones((6, 4)), np.arange(6) % 2
    front_end = [Dense(3), [Dense(2)]]
    model = AttentionLSTMClassifier(front_end=front_end, max_epochs=1)
    model.fit(X, y, X_val=X, y_val=y)
    assert checks == [Dense(3), Dense(2)]


class TestCheckSameNetwork:
    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"net_params": {"module__tbptt_steps": 3}},
            {"time_warp": 0.5},
            {"lr": 0.1},
            {"pooling": ["max", "mean"]},
            {"encoder": {"lstm": {}}},
        ],
    )
    def test_settings_of_training_may_change(self, changes):
        check_same(make_params(**changes), make_config(n_steps=640))

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"hidden_size": 8}, "hidden_size is now 8, but the fitted network has 32"),
            ({"encoder": "gru"}, r"encoder is now GRU\(\)"),
            ({"pooling": "max"}, r"pooling is now \('max',\)"),
            ({"attention": None}, "attention is now None, .* has 'multihead'"),
            ({"dropout": 0.5}, "dropout is now 0.5"),
            ({"front_end": None}, "front_end is now None, but the fitted network has"),
            ({"front_end": [Conv()]}, r"front_end is now \[Conv\(\)\]"),
        ],
    )
    def test_a_parameter_that_shapes_the_network_may_not(self, changes, message):
        with pytest.raises(ValueError, match=message):
            check_same(make_params(**changes), make_config(n_steps=640))

    def test_blocks_are_compared_with_their_sizes(self):
        config = make_config(front_end=[Dense(8)])
        check_same(make_params(front_end=({"dense": {"units": 8}},)), config)
        with pytest.raises(ValueError, match=r"front_end is now \['dense'\]"):
            check_same(make_params(front_end=["dense"]), config)

    def test_auto_for_tokens_stays_the_same(self):
        config = make_config(n_steps=640, embedding=TOKENS)
        assert isinstance(config.front_end[0], Embedding)
        check_same(make_params(), config)


class TestEmbeddingOfTokens:
    def test_sizes_come_from_the_parameters(self):
        config, vectors = embedding_of_tokens(Tokens(np.int64(7), dropout=0.25), 5)
        assert config == EmbeddingConfig(n_ids=5, size=7, token_dropout=0.25)
        assert vectors is None

    def test_given_vectors_decide_the_size(self):
        given = [[1, 2, 3], [4, 5, 6]]
        tokens = Tokens(vectors=given, vocabulary=["a", "b"])
        config, vectors = embedding_of_tokens(tokens, n_ids=4)
        assert config.size == 3
        assert vectors.tolist() == given
        assert vectors.dtype == torch.float32

    def test_given_vectors_are_not_trained_in_place(self):
        given = np.ones((2, 3), dtype=np.float32)
        tokens = Tokens(vectors=given, vocabulary=["a", "b"])
        embedding_of_tokens(tokens, n_ids=4)[1].zero_()
        assert (given == 1).all()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"vectors": np.ones((2, 3))}, "needs vocabulary"),
            (
                {"vectors": np.ones((3, 3)), "vocabulary": ["a", "b"]},
                "vectors has 3 rows, but vocabulary has 2 tokens",
            ),
            (
                {"vectors": [[np.nan], [1.0]], "vocabulary": ["a", "b"]},
                "vectors contains NaN",
            ),
        ],
    )
    def test_refusals(self, options, message):
        with pytest.raises(ValueError, match=message):
            embedding_of_tokens(Tokens(**options), n_ids=4)
