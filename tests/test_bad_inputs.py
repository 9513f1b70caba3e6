"""Every kind of wrong input, with the exact message that says what to do."""

import re

import numpy as np
import pytest
import torch
from bad_inputs import BAD_INPUTS

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor, Tokens
from sklearn_seqattn.blocks import Conv, Dense, SelfAttention

# Estimators encode categories themselves, and read an empty text as unknown.
ACCEPTED = {"categories as numbers", "blank string"}
REFUSED = [row for row in BAD_INPUTS if row[0] not in ACCEPTED]
BLOCKS = (
    "'embedding', 'differences', 'conv', 'dense', 'time_distributed_conv', "
    "'attention', 'batch_norm', 'layer_norm', 'dropout', 'gelu', 'relu', 'tanh', "
    "'residual', 'locked_dropout'"
)
SEEN = "cpu"
if torch.accelerator.is_available():
    kinds = sorted({"cpu", torch.accelerator.current_accelerator().type})
    SEEN = " and ".join(kinds)
FRONT_END = {None: "auto", True: ("embedding",), False: None}


def _targets(X):
    """Targets of two classes for whatever X is."""
    try:
        return np.arange(len(X)) % 2
    except TypeError:
        return np.array([0, 1])


def _never(*args, **kwargs):
    raise AssertionError("training began")


@pytest.mark.parametrize("make", [AttentionLSTMClassifier, AttentionLSTMRegressor])
@pytest.mark.parametrize(
    ("make_input", "kwargs", "error", "message"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_bad_sequences_are_refused_before_training(
    make, make_input, kwargs, error, message, monkeypatch
):
    monkeypatch.setattr("skorch.NeuralNet.fit_loop", _never)
    estimator = make(
        front_end=FRONT_END[kwargs.get("tokens")],
        channels_first=kwargs.get("channels_first", False),
    )
    X = make_input()
    with pytest.raises(error) as caught:
        estimator.fit(X, _targets(X))
    assert str(caught.value) == message
    assert not [name for name in vars(estimator) if name.endswith("_")]


X = [np.arange(3.0), np.arange(4.0), np.arange(2.0), np.arange(5.0)]
WORDS = ["a b", "b c", "c", "a a"]
Y = [0, 1, 0, 1]

#: id, parameters, X, y, fit arguments, error, exact message.
BAD_FITS = [
    (
        "y-none",
        {},
        X,
        None,
        {},
        ValueError,
        "AttentionLSTMClassifier requires y to be passed, but the target y is None.",
    ),
    (
        "y-short",
        {},
        X,
        [0, 1],
        {},
        ValueError,
        "X has 4 sequences, but y has 2 labels; each sequence needs one.",
    ),
    (
        "y-one-class",
        {},
        X,
        ["a"] * 4,
        {},
        ValueError,
        "A classifier needs at least 2 classes, but y has 1 class: 'a'.",
    ),
    (
        "y-one-class-left",
        {},
        X,
        Y,
        {"sample_weight": [1, 0, 1, 0]},
        ValueError,
        "A classifier needs at least 2 classes, but y has 1 class: 0.",
    ),
    (
        "y-continuous",
        {},
        X,
        [0.5, 1.5, 0.1, 2.5],
        {},
        ValueError,
        "Unknown label type: continuous. Maybe you are trying to fit a classifier, "
        "which expects discrete classes on a regression target with continuous "
        "values.",
    ),
    (
        "y-nan",
        {},
        X,
        [0, np.nan, 1, 1],
        {},
        ValueError,
        "y[1] is nan, and input y contains NaN or None: give every sequence a label, "
        "or leave out the sequences without one.",
    ),
    (
        "y-several-multiclass-columns",
        {},
        X,
        [[0, 1], [1, 2], [2, 0], [0, 0]],
        {},
        ValueError,
        "y has several columns with more than two values; give a 0/1 column for each "
        "label, or fit one classifier a column. AttentionLSTMTagger predicts a label "
        "for each step.",
    ),
    (
        "weights-negative",
        {},
        X,
        Y,
        {"sample_weight": [1, -1, 1, 1]},
        ValueError,
        "Negative values in data passed to `sample_weight`.",
    ),
    (
        "weights-zero",
        {},
        X,
        Y,
        {"sample_weight": [0, 0, 0, 0]},
        ValueError,
        "sample_weight is zero for every sequence; at least one must count.",
    ),
    (
        "weights-short",
        {},
        X,
        Y,
        {"sample_weight": [1, 1]},
        ValueError,
        "sample_weight.shape == (2,), expected (4,)!",
    ),
    (
        "class-weight-unknown-class",
        {"class_weight": {7: 1.0}},
        X,
        Y,
        {},
        ValueError,
        "class_weight has a weight for 7, but the classes are [0, 1].",
    ),
    (
        "class-weight-multilabel",
        {"class_weight": "balanced"},
        X,
        [[0, 1], [1, 1], [1, 0], [0, 0]],
        {},
        ValueError,
        "class_weight is for one class a sequence, but y has several label columns; "
        "use sample_weight.",
    ),
    (
        "validation-not-a-pair",
        {},
        X,
        Y,
        {"validation_data": X},
        ValueError,
        "validation_data must be a pair (X, y).",
    ),
    (
        "validation-twice",
        {},
        X,
        Y,
        {"validation_data": (X, Y), "X_val": X, "y_val": Y},
        ValueError,
        "validation_data and X_val, y_val say the same; pass one of them.",
    ),
    (
        "validation-without-y",
        {},
        X,
        Y,
        {"X_val": X},
        ValueError,
        "Validation needs both X_val and y_val; one is missing.",
    ),
    (
        "validation-unknown-class",
        {},
        X,
        Y,
        {"validation_data": (X, [0, 1, 2, 3])},
        ValueError,
        "y has the classes [2, 3], which the classifier does not know; it knows "
        "[0, 1].",
    ),
    (
        "validation-other-channels",
        {},
        X,
        Y,
        {"validation_data": ([np.ones((3, 2))], [0])},
        ValueError,
        "X has 2 channels a step, but AttentionLSTMClassifier was fitted on 1; pass "
        "the same channels.",
    ),
    (
        "early-stopping-on-nothing",
        {"early_stopping": True, "validation_fraction": 0.9},
        X,
        Y,
        {},
        ValueError,
        "validation_fraction=0.9 of 4 distinct sequences leaves none to train on; give "
        "more data or set early_stopping=False.",
    ),
    (
        "front-end-unknown",
        {"front_end": ("swish",)},
        X,
        Y,
        {},
        ValueError,
        f"front_end: Unknown block 'swish'; known are {BLOCKS}.",
    ),
    (
        "front-end-misspelt",
        {"front_end": ["batch_nrom"]},
        X,
        Y,
        {},
        ValueError,
        f"front_end: Unknown block 'batch_nrom'; known are {BLOCKS}. Did you "
        "mean 'batch_norm'?",
    ),
    (
        "front-end-empty-group",
        {"front_end": ("dense", ())},
        X,
        Y,
        {},
        ValueError,
        "front_end: A residual group has the blocks (), but a list of at least one is "
        "expected; fill the group or remove it.",
    ),
    (
        "embedding-not-first",
        {"front_end": ("dropout", "embedding")},
        WORDS,
        Y,
        {},
        ValueError,
        "front_end: 'embedding' follows another block; make it the first and only one.",
    ),
    (
        "embedding-in-a-group",
        {"front_end": [["embedding"]]},
        WORDS,
        Y,
        {},
        ValueError,
        "front_end: 'embedding' is in a residual group; make it the first block of "
        "the front end.",
    ),
    (
        "vectors-without-vocabulary",
        {"tokens": Tokens(vectors=np.ones((3, 4)))},
        WORDS,
        Y,
        {},
        ValueError,
        "Tokens(vectors=...) needs vocabulary, the tokens that its rows are for.",
    ),
    (
        "vectors-of-other-tokens",
        {"tokens": Tokens(vectors=np.ones((3, 4)), vocabulary=["a", "b"])},
        WORDS,
        Y,
        {},
        ValueError,
        "vectors has 3 rows, but vocabulary has 2 tokens; give one row for "
        "each, in the same order.",
    ),
    (
        "front-end-renamed",
        {"front_end": ["changes", "conv"]},
        X,
        Y,
        {},
        ValueError,
        f"front_end: Unknown block 'changes'; known are {BLOCKS}. It is called "
        "'differences' now.",
    ),
    (
        "size-not-positive",
        {"front_end": {"conv": {"channels": 0}}},
        X,
        Y,
        {},
        ValueError,
        "front_end: Conv(channels=0): channels=0 must be an integer from 1 to "
        "2147483647.",
    ),
    (
        "size-not-an-integer",
        {"front_end": [Dense(8.5)]},
        X,
        Y,
        {},
        ValueError,
        "front_end: Dense(units=8.5): units=8.5 must be an integer from 1 to "
        "2147483647.",
    ),
    (
        "stride-in-a-group",
        {"front_end": [[Conv(stride=2)]]},
        X,
        Y,
        {},
        ValueError,
        "front_end: Conv(stride=2) is in a residual group, whose input and output "
        "must have the same number of steps; set stride=1 there and put a convolution "
        "with the stride before the group.",
    ),
    (
        "heads-of-front-end",
        {"front_end": [SelfAttention(key_size=6, num_heads=4)]},
        X,
        Y,
        {},
        ValueError,
        "front_end: SelfAttention(key_size=6, num_heads=4): num_heads=4 must divide "
        "key_size=6 and value_size=64; use num_heads=2, or sizes that are multiples of "
        "4.",
    ),
    (
        "pooling-unknown",
        {"pooling": ("max", "sum")},
        X,
        Y,
        {},
        ValueError,
        "pooling=('max', 'sum') must hold at least one of 'max', 'mean', 'last', "
        "'attention', and nothing else.",
    ),
    (
        "pooling-empty",
        {"pooling": ()},
        X,
        Y,
        {},
        ValueError,
        "pooling=() must hold at least one of 'max', 'mean', 'last', 'attention', and "
        "nothing else.",
    ),
    (
        "head-units-zero",
        {"head_units": (8, 0)},
        X,
        Y,
        {},
        ValueError,
        "head_units=(8, 0) must be a list of which each item is an integer from 1 to "
        "2147483647.",
    ),
    (
        "device-unknown",
        {"device": "abacus"},
        X,
        Y,
        {},
        ValueError,
        f"device='abacus' is not available here; torch sees {SEEN}. Use device='auto' "
        "for the best one.",
    ),
    (
        "net-params-clash",
        {"net_params": {"batch_size": 3}},
        X,
        Y,
        {},
        ValueError,
        "net_params has 'batch_size', but use the parameter batch_size of the "
        "estimator.",
    ),
    (
        "net-params-unknown",
        {"net_params": {"warp_speed": 9}},
        X,
        Y,
        {},
        ValueError,
        "net_params has 'warp_speed', but what it can set are module, criterion, "
        "optimizer and their parameters, as optimizer__momentum, train_split, "
        "distributed, callbacks__NAME__PARAMETER, iterator_valid__batch_size, compile, "
        "max_steps and torch_load_kwargs.",
    ),
    (
        "beyond-float32",
        {"standardize": False},
        [x * 1e39 for x in X],
        Y,
        {},
        ValueError,
        "X has numbers in channel 0 whose scale is beyond float32 (about 3e38); divide "
        "them by a constant first.",
    ),
]


@pytest.mark.parametrize(
    ("params", "X", "y", "arguments", "error", "message"),
    [row[1:] for row in BAD_FITS],
    ids=[row[0] for row in BAD_FITS],
)
def test_bad_fits_are_refused_before_training(
    params, X, y, arguments, error, message, monkeypatch
):
    monkeypatch.setattr("skorch.NeuralNet.fit_loop", _never)
    classifier = AttentionLSTMClassifier(**params)
    with pytest.raises(error) as caught:
        classifier.fit(X, y, **arguments)
    # Other tests register parts of their own.
    assert re.sub(r", 'test_\w+'", "", str(caught.value)) == message
    assert not [name for name in vars(classifier) if name.endswith("_")]


def test_bad_regression_targets():
    regressor = AttentionLSTMRegressor(max_epochs=1)
    with pytest.raises(ValueError, match="Input y contains infinity"):
        regressor.fit(X, [0, 1, np.inf, 2])
    with pytest.raises(ValueError, match=r"y has shape \(4, 1, 1\)"):
        regressor.fit(X, np.ones((4, 1, 1)))
    regressor.set_params(warm_start=True).fit(X, Y)
    message = r"y has the shape \(4, 2\), but the regressor was fitted on \('n',\)\."
    with pytest.raises(ValueError, match=message):
        regressor.fit(X, np.ones((4, 2)))


@pytest.mark.parametrize(
    ("X_new", "message"),
    [
        (
            [np.ones((3, 2))],
            "X has 2 channels a step, but AttentionLSTMClassifier was fitted on 1; "
            "pass the same channels.",
        ),
        (
            ["a b"],
            "X holds texts, but AttentionLSTMClassifier was fitted on numbers; pass "
            "the same kind of sequences.",
        ),
    ],
)
def test_bad_sequences_at_prediction(X_new, message):
    classifier = AttentionLSTMClassifier(max_epochs=1).fit(X, Y)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        classifier.predict(X_new)


def test_a_warm_start_keeps_its_network():
    classifier = AttentionLSTMClassifier(max_epochs=1, warm_start=True).fit(X, Y)
    classifier.set_params(num_layers=3)
    message = (
        "num_layers is now 3, but the fitted network has 2, and training would go on "
        "with that. Set it back, or call fit (with warm_start=False where there is "
        "one)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        classifier.fit(X, Y)


def test_attention_weights_need_an_attention():
    classifier = AttentionLSTMClassifier(attention=None, max_epochs=1).fit(X, Y)
    with pytest.raises(ValueError, match="fitted with attention=None"):
        classifier.attention_weights(X)


def test_labels_and_classes_do_not_mix():
    labels = [[0, 1], [1, 1], [1, 0], [0, 0]]
    classifier = AttentionLSTMClassifier(max_epochs=1, warm_start=True)
    classifier.fit(X, Y)
    with pytest.raises(ValueError, match="several label columns, but the classifier"):
        classifier.fit(X, labels)
    classifier = AttentionLSTMClassifier(max_epochs=1, warm_start=True)
    classifier.fit(X, labels)
    with pytest.raises(ValueError, match="one class a sequence, but the classifier"):
        classifier.fit(X, Y)
    with pytest.raises(ValueError, match="y has 3 label columns, but the classifier"):
        classifier.fit(X, [[0, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 1]])
