"""What a prediction must not depend on, for every network that can be built.

Each variant is fitted for an epoch or two: what counts is that it runs, not how well
it predicts. Outputs are compared before softmax and argmax could hide a difference.
"""

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    RandomKernels,
    Tokens,
)
from sklearn_seqattn.blocks import (
    Conv,
    Dense,
    Differences,
    Residual,
    SelfAttention,
    TimeDistributedConv,
    Transformer,
)
from sklearn_seqattn.training import prediction

TINY = {
    "front_end": None,
    "hidden_size": 4,
    "num_layers": 2,
    "num_heads": 2,
    "tokens": Tokens(4),
    "head_units": (4,),
    "dropout": 0.3,
    "max_epochs": 2,
    "batch_size": 8,
    "lr": 0.01,
    "random_state": 0,
    "device": "cpu",
}

BODIES = {
    f"{encoder}-{'two' if bidirectional else 'one'}-{kind}": {
        "encoder": encoder,
        "bidirectional": bidirectional,
        "residual": residual,
    }
    for encoder in ("lstm", "gru")
    for bidirectional in (False, True)
    for residual, kind in ((False, "plain"), (True, "residual"))
}
BODIES |= {
    f"transformer-{'two' if bidirectional else 'one'}-{positions}": {
        "encoder": Transformer(positions=positions),
        "bidirectional": bidirectional,
    }
    for bidirectional in (False, True)
    for positions in ("rotary", "sinusoidal")
}

ATTENTIONS = {
    f"attention-{kind}-{'residual' if residual else 'bare'}": {
        "attention": kind,
        "residual": residual,
    }
    for kind in ("dot", "general", "additive", "multihead", None)
    for residual in (False, True)
}

POOLINGS = {
    f"pooling-{'-'.join(kinds)}": {"pooling": kinds}
    for kinds in (
        ("max",),
        ("mean",),
        ("last",),
        ("attention",),
        ("last", "attention", "mean", "max"),
    )
}

ATTENTION = SelfAttention(key_size=4, value_size=6)
STEM = [Conv(4, kernel_size=7, stride=3), "batch_norm", "gelu", [Conv(4)]]

FRONT_ENDS = {
    "stem": {"front_end": [Differences(lag=3), *STEM]},
    "differences": {"front_end": ["differences", Conv(4, stride=2)]},
    "conv": {"front_end": Conv(4)},
    "conv-strided": {"front_end": Conv(4, stride=3, kernel_size=4)},
    "conv-dilated": {"front_end": Conv(4, dilation=3)},
    "conv-all": {
        "front_end": [
            Conv(4, kernel_size=3, stride=2, dilation=2),
            "relu",
            Conv(4, kernel_size=6, stride=2),
        ]
    },
    "dense": {"front_end": [Dense(5), "tanh"]},
    "time-distributed-conv": {
        "front_end": [TimeDistributedConv(2, kernel_size=2), "gelu"]
    },
    "attention": {"front_end": ATTENTION},
    "batch-norm": {"front_end": ["batch_norm", "dropout"]},
    "layer-norm": {"front_end": ["layer_norm", "locked_dropout"]},
    "group": {"front_end": [["layer_norm", ATTENTION, "dropout"]]},
    "groups": {
        "front_end": [
            [Conv(4), "batch_norm", "gelu"],
            (Dense(5), Residual([Dense(5)])),
            {"conv": {"channels": 4, "stride": 2}},
        ]
    },
    "attention-lstm-max": {
        "front_end": ATTENTION,
        "residual": False,
        "attention": None,
        "bidirectional": False,
        "num_layers": 1,
        "pooling": "max",
    },
}

PARTNERS = {
    "kernels": {"blend": RandomKernels(168)},
    "kernels-stem": {"blend": RandomKernels(168), "front_end": "auto"},
}

VARIANTS = PARTNERS | BODIES | ATTENTIONS | POOLINGS | FRONT_ENDS

TOKEN_VARIANTS = {
    "embedding": {"front_end": "embedding"},
    "token-stem": {"front_end": ["embedding", "locked_dropout", *STEM]},
    "embedding-groups": {
        "front_end": [
            "embedding",
            "locked_dropout",
            [Conv(4), "batch_norm"],
            Conv(4, stride=3),
        ]
    },
    "embedding-transformer": {"front_end": "embedding", "encoder": "transformer"},
    "embedding-last": {"front_end": "embedding", "pooling": "last", "attention": None},
}


def draw_sequences(n, n_channels=3, seed=0):
    """Draw sequences of 1 to 17 steps, in which short and long ones alternate."""
    rng = np.random.RandomState(seed)
    lengths = np.where(np.arange(n) % 2, rng.randint(1, 4, n), rng.randint(4, 18, n))
    return [
        rng.standard_normal((length, n_channels)).astype(np.float32)
        for length in lengths
    ]


def draw_sentences(n, seed=0):
    words = np.array(["a", "b", "c", "d", "e", "f"])
    X = draw_sequences(n, seed=seed)
    return [words[np.abs(x[:, 0] * 2).astype(int) % 6].tolist() for x in X]


X_TRAIN, X = draw_sequences(20), draw_sequences(11, seed=1)
S_TRAIN, S = draw_sentences(20), draw_sentences(11, seed=1)
S[3][0] = "never seen"
Y = np.arange(20) % 3


def assert_same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module", params=VARIANTS)
def model(request):
    """Fit one variant to numbers."""
    model = AttentionLSTMClassifier(**{**TINY, **VARIANTS[request.param]})
    return model.fit(X_TRAIN, Y)


@pytest.fixture(scope="module", params=TOKEN_VARIANTS)
def token_model(request):
    """Fit one variant to tokens."""
    params = {"blend": None, **TINY, **TOKEN_VARIANTS[request.param]}
    model = AttentionLSTMClassifier(**params)
    return model.fit(S_TRAIN, Y)


@pytest.fixture(scope="module")
def expected(model):
    """Outputs of each sequence, each of them predicted alone."""
    return np.concatenate([model.decision_function([x]) for x in X])


@pytest.fixture(scope="module")
def token_expected(token_model):
    return np.concatenate([token_model.decision_function([s]) for s in S])


def padded(X, n_steps):
    """Pad with NaN to an array (n, n_steps, D)."""
    array = np.full((len(X), n_steps, X[0].shape[1]), np.nan, dtype=np.float32)
    for row, x in zip(array, X, strict=True):
        row[: len(x)] = x
    return array


def as_objects(X):
    array = np.empty(len(X), dtype=object)
    array[:] = X
    return array


CONTAINERS = {
    "list of arrays": list,
    "tuple of arrays": tuple,
    "nested lists": lambda X: [x.tolist() for x in X],
    "float64": lambda X: [x.astype(np.float64) for x in X],
    "strided arrays": lambda X: [np.asfortranarray(np.repeat(x, 2, 0))[::2] for x in X],
    "object array": as_objects,
    "padded array": lambda X: padded(X, max(map(len, X))),
    "widely padded array": lambda X: padded(X, max(map(len, X)) + 40),
    "Series": lambda X: pd.Series(list(X), index=range(7, 7 + len(X))),
    "list of DataFrames": lambda X: [pd.DataFrame(x) for x in X],
}


class TestEveryVariant:
    def test_outputs_differ_between_sequences(self, model):
        outputs = model.decision_function(X)
        assert np.isfinite(outputs).all()
        assert np.ptp(outputs, axis=0).min() > 1e-4

    def test_batch_mates(self, model, expected):
        assert_same(model.decision_function(X), expected)

    def test_order(self, model, expected):
        order = np.random.RandomState(0).permutation(len(X))
        found = model.decision_function([X[i] for i in order])
        assert_same(found, expected[order])

    @pytest.mark.parametrize("size", [1, 2, 5])
    def test_batch_size(self, model, expected, size, monkeypatch):
        monkeypatch.setattr(prediction, "PREDICTION_BATCH_SIZE", size)
        assert_same(model.decision_function(X), expected)

    def test_containers(self, model, expected):
        for name, convert in CONTAINERS.items():
            found = model.decision_function(convert(X))
            np.testing.assert_allclose(
                found, expected, rtol=1e-6, atol=1e-6, err_msg=name
            )

    def test_prediction_has_no_dropout(self, model):
        first, second = (model.decision_function(X) for _ in range(2))
        np.testing.assert_array_equal(first, second)

    @pytest.mark.parametrize("fill", [0.0, 1e3])
    def test_padding_of_the_network(self, model, expected, fill):
        """Padded steps may hold anything, and there may be any number of them."""
        encoded = model._read_dataset(X)
        n_steps = encoded.lengths.max() + 9
        values = torch.full((len(X), n_steps, 3), fill)
        for i, row in enumerate(values):
            steps = encoded.steps(np.array([i]))
            row[: len(steps)] = torch.from_numpy(steps)
        module = model.net_.module_
        with torch.inference_mode():
            found = module(values, torch.from_numpy(encoded.lengths))
        assert_same(found.numpy(), expected)

    def test_attention_weights(self, model):
        if model.attention is None:
            with pytest.raises(ValueError, match="fitted with attention=None"):
                model.attention_weights(X)
            return
        together = model.attention_weights(X)
        for weights, x in zip(together, X, strict=True):
            (alone,) = model.attention_weights([x])
            assert_same(weights, alone)
            assert_same(weights.sum(axis=-1), np.ones(weights.shape[:2]))


class TestEveryTokenVariant:
    def test_batch_mates(self, token_model, token_expected):
        assert_same(token_model.decision_function(S), token_expected)

    def test_order(self, token_model, token_expected):
        found = token_model.decision_function(S[::-1])
        assert_same(found, token_expected[::-1])

    @pytest.mark.parametrize("size", [1, 3])
    def test_batch_size(self, token_model, token_expected, size, monkeypatch):
        monkeypatch.setattr(prediction, "PREDICTION_BATCH_SIZE", size)
        assert_same(token_model.decision_function(S), token_expected)

    @pytest.mark.parametrize(
        "convert",
        [
            tuple,
            as_objects,
            pd.Series,
            lambda S: [np.array(s) for s in S],
            lambda S: [np.array(s, dtype=object) for s in S],
            lambda S: [pd.Series(s) for s in S],
        ],
    )
    def test_containers(self, token_model, token_expected, convert):
        assert_same(token_model.decision_function(convert(S)), token_expected)

    def test_unknown_tokens_are_all_alike(self, token_model):
        found = token_model.decision_function([["a", "new", "b"], ["a", "other", "b"]])
        assert_same(found[0], found[1])

    def test_padding_of_the_network(self, token_model, token_expected):
        encoded = token_model.input_encoder_.transform(token_model._read_again(S))
        values = torch.full((len(S), encoded.lengths.max() + 9), 3)
        for row, ids in zip(values, encoded.to_list(), strict=True):
            row[: len(ids)] = torch.from_numpy(ids)
        with torch.inference_mode():
            found = token_model.net_.module_(values, torch.from_numpy(encoded.lengths))
        assert_same(found.numpy(), token_expected)


def test_strings_and_lists_of_words_are_one():
    model = AttentionLSTMClassifier(**{**TINY, "front_end": "embedding"})
    model.fit(S_TRAIN, Y)
    found = model.decision_function([" ".join(s) for s in S_TRAIN])
    assert_same(found, model.decision_function(S_TRAIN))


@pytest.mark.parametrize(
    "variant", ["lstm-two-residual", "stem", "conv-all", "kernels-stem"]
)
@pytest.mark.parametrize("n_targets", [None, 2])
def test_regressor(variant, n_targets):
    """Run in double precision: the prediction of a sequence alone is exact."""
    rng = np.random.RandomState(0)
    y = 1e3 + rng.standard_normal((20, n_targets) if n_targets else 20)
    model = AttentionLSTMRegressor(**{**TINY, **VARIANTS[variant]}).fit(X_TRAIN, y)
    alone = np.concatenate([model.predict([x]) for x in X])
    for convert in CONTAINERS.values():
        np.testing.assert_allclose(model.predict(convert(X)), alone, rtol=1e-10)
    np.testing.assert_allclose(model.predict(X[::-1]), alone[::-1], rtol=1e-10)


def as_events(X):
    """Make events with a name and a number of each sequence."""
    names = np.array(["low", "middle", "high"])
    return [
        pd.DataFrame(
            {"name": names[(x[:, 0] > 0) * 1 + (x[:, 1] > 0)], "value": x[:, 2]}
        )
        for x in X
    ]


def test_events():
    model = AttentionLSTMClassifier(**{**TINY, "front_end": "auto"})
    model.fit(as_events(X_TRAIN), Y)
    alone = np.concatenate([model.decision_function([x]) for x in as_events(X)])
    assert_same(model.decision_function(as_events(X)), alone)
    assert_same(model.decision_function(as_events(X[::-1])), alone[::-1])
    categorical = [
        x.astype({"name": pd.CategoricalDtype(["high", "low", "middle"])})
        for x in as_events(X)
    ]
    assert_same(model.decision_function(categorical), alone)


def test_tables_and_lists_of_rows_are_one():
    table = np.random.RandomState(0).standard_normal((12, 9)).astype(np.float32)
    model = AttentionLSTMClassifier(**TINY).fit(table, np.arange(12) % 2)
    expected = model.decision_function(table)
    for same in (table[..., None], list(table), list(table[..., None])):
        assert_same(model.decision_function(same), expected)


def test_channels_first_is_the_transposed_layout():
    kinds = {**TINY, "front_end": "conv"}
    steps_first = AttentionLSTMClassifier(**kinds).fit(X_TRAIN, Y)
    channels_first = AttentionLSTMClassifier(**kinds, channels_first=True)
    channels_first.fit([x.T for x in X_TRAIN], Y)
    expected = steps_first.decision_function(X)
    assert_same(channels_first.decision_function([x.T for x in X]), expected)
    array = padded(X, 20).swapaxes(1, 2)
    assert_same(channels_first.decision_function(array), expected)


class TestFits:
    """What a fit itself must not depend on."""

    def test_the_order_of_the_training_data(self):
        order = np.random.RandomState(0).permutation(len(X_TRAIN))
        fits = [
            AttentionLSTMClassifier(**TINY).fit([X_TRAIN[i] for i in rows], Y[rows])
            for rows in (np.arange(len(X_TRAIN)), order)
        ]
        np.testing.assert_array_equal(*(fit.decision_function(X) for fit in fits))

    def test_the_container(self):
        expected = AttentionLSTMClassifier(**TINY).fit(X_TRAIN, Y).decision_function(X)
        for name in ("object array", "widely padded array", "Series"):
            model = AttentionLSTMClassifier(**TINY).fit(CONTAINERS[name](X_TRAIN), Y)
            np.testing.assert_array_equal(model.decision_function(X), expected)

    def test_memory_that_must_not_be_written(self):
        frozen = [x.copy() for x in X_TRAIN]
        for x in frozen:
            x.flags.writeable = False
        model = AttentionLSTMClassifier(**TINY).fit(frozen, Y)
        model.predict(frozen)
