"""One small fitted model of each kind, for what must hold for all of them."""

from functools import cache

import numpy as np
import pandas as pd
from sequence_data import faint_labels, sentences, walks
from sklearn.pipeline import Pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    EventEncoder,
    NextStateLSTM,
    NextStateMarkov,
    NGrams,
    RandomKernelFeatures,
    RandomKernels,
    SequenceImputer,
    SequencePadder,
    SequenceResampler,
    SequenceScaler,
    StateEncoder,
    Tokens,
    WindowModel,
)
from sklearn_seqattn.blocks import Conv, Dense

SMALL = {
    "front_end": Dense(3),
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "head_units": (3,),
    "max_epochs": 1,
    "random_state": 0,
    "device": "cpu",
}
TOKENS = {**SMALL, "front_end": "embedding", "tokens": Tokens(3)}
STATES = {
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "tokens": Tokens(4, dropout=0.05),
    "max_epochs": 1,
    "random_state": 0,
    "device": "cpu",
}
WALKS, UP_OR_DOWN = walks(24)
SENTENCES, YES = sentences(24)
TEXTS = [" ".join(sentence) for sentence in SENTENCES]
LENGTHS = np.array([len(x) for x in WALKS])
EVENTS = [
    pd.DataFrame({"act": list("xyz"[: 1 + i % 3]), "h": np.arange(1.0 + i % 3)})
    for i in range(24)
]
GAPS = [np.where(np.arange(len(x))[:, None] % 3 == 1, np.nan, x) for x in WALKS]
DATED_EVENTS = [
    x.assign(
        at=pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(30 * x["h"], "h")
    )
    for x in EVENTS
]
STATE_EVENTS = [
    pd.DataFrame({"act": list("xyzx"), "who": list("abab"), "t": [0.0, 1, 3, 4 + i]})
    for i in range(12)
]
RISES = [np.diff(x[:, 0], prepend=0) > 0 for x in WALKS]
IS_YES = [[word == "yes" for word in sentence] for sentence in SENTENCES]
LABELS = np.random.default_rng(0).integers(0, 2, (24, 3))
CELLS = pd.DataFrame({f"x{k}": [x[:, k] for x in WALKS] for k in range(2)})
STATIC = pd.DataFrame(
    {
        "age": np.linspace(20, 80, 24),
        "kind": list("abc") * 8,
        "is_new": LABELS[:, 0] > 0,
    }
)
STATIC_WALKS = pd.concat([CELLS, STATIC], axis=1)
STATIC_WORDS = STATIC.assign(words=SENTENCES)
STATIC_EVENTS = pd.DataFrame(
    {"act": [x["act"].tolist() for x in EVENTS], "h": [x["h"].array for x in EVENTS]}
).assign(kind=STATIC["kind"])


def _classifier(**options):
    return AttentionLSTMClassifier(**{"blend": None, **SMALL, **options})


def _regressor(**options):
    return AttentionLSTMRegressor(**{"blend": None, **SMALL, **options})


def _tagger(**options):
    return AttentionLSTMTagger(**{"blend": None, **SMALL, **options})


#: Name: estimator, X, y, method whose result is compared.
MODELS = {
    "padder": (SequencePadder(), WALKS, None, "transform"),
    "scaler": (SequenceScaler(method="robust"), WALKS, None, "transform"),
    "imputer": (SequenceImputer("linear", add_indicator=True), GAPS, None, "transform"),
    "resampler": (SequenceResampler(2), WALKS, None, "transform"),
    "states": (StateEncoder(), SENTENCES, None, "transform"),
    "integer states": (StateEncoder(), [[3, 1], [7]], None, "transform"),
    "events": (EventEncoder(), EVENTS, None, "transform"),
    "dated events": (EventEncoder(), DATED_EVENTS, None, "transform"),
    "timed events": (
        EventEncoder(timestamp="h"),
        [x[["h"]] for x in EVENTS],
        None,
        "transform",
    ),
    "numeric events": (
        EventEncoder(),
        [x[["h"]] for x in EVENTS],
        None,
        "transform",
    ),
    "kernels": (
        RandomKernelFeatures(n_features=168, random_state=0),
        WALKS,
        None,
        "transform",
    ),
    "markov": (NextStateMarkov(end_state=True), SENTENCES, None, "predict_proba"),
    "backoff": (
        NextStateMarkov(order=1, smoothing="backoff"),
        [[1, 2, 3, 1, 2], [2, 1, 2, 9]],
        None,
        "predict_proba",
    ),
    "markov of events": (
        NextStateMarkov(target="act"),
        STATE_EVENTS,
        None,
        "predict_proba",
    ),
    "next state": (NextStateLSTM(**STATES), SENTENCES, None, "predict_proba"),
    "dated next event": (
        NextStateLSTM(**STATES, target="act"),
        DATED_EVENTS,
        None,
        "predict_proba",
    ),
    "next event": (
        NextStateLSTM(
            **STATES,
            target="act",
            timestamp="t",
            net_params={"module__tie_weights": False},
        ),
        STATE_EVENTS,
        None,
        "predict_proba",
    ),
    "classifier of dated events": (
        _classifier(),
        DATED_EVENTS,
        UP_OR_DOWN,
        "predict_proba",
    ),
    "classifier": (_classifier(), WALKS, UP_OR_DOWN, "predict_proba"),
    "default": (
        AttentionLSTMClassifier(max_epochs=1, random_state=0),
        WALKS,
        UP_OR_DOWN,
        "predict_proba",
    ),
    "transformer": (
        _classifier(
            encoder="transformer", front_end=(Dense(3), ("layer_norm", "attention"))
        ),
        WALKS,
        UP_OR_DOWN,
        "predict_proba",
    ),
    "labels": (_classifier(attention=None), WALKS, LABELS, "predict_proba"),
    "tokens": (
        AttentionLSTMClassifier(**TOKENS, blend=None),
        SENTENCES,
        YES,
        "predict_proba",
    ),
    "vectors": (
        AttentionLSTMClassifier(
            **{
                **TOKENS,
                "blend": None,
                "tokens": Tokens(
                    vocabulary=["ba", "bu", "di", "yes"], vectors=np.ones((4, 5))
                ),
            }
        ),
        SENTENCES,
        YES,
        "predict_proba",
    ),
    "ngram classes": (
        AttentionLSTMClassifier(**TOKENS, blend=NGrams((1, 3))),
        SENTENCES,
        YES,
        "predict_proba",
    ),
    "ngram labels": (
        AttentionLSTMClassifier(**TOKENS, blend="ngrams"),
        SENTENCES,
        LABELS,
        "predict_proba",
    ),
    "ngram numbers": (
        AttentionLSTMRegressor(**TOKENS, blend="auto"),
        [[len(x), i % 3] for i, x in enumerate(SENTENCES)],
        np.c_[YES, LABELS[:, 0]],
        "predict",
    ),
    "event classes": (
        _classifier(front_end="auto"),
        EVENTS,
        UP_OR_DOWN,
        "predict_proba",
    ),
    "kernel classes": (
        _classifier(blend=RandomKernels(168)),
        WALKS,
        UP_OR_DOWN,
        "predict_proba",
    ),
    "regressor": (
        _regressor(encoder="gru", early_stopping=False),
        WALKS,
        LENGTHS,
        "predict",
    ),
    "quantiles": (
        _regressor(loss="quantile", quantile=0.9, blend=RandomKernels(84)),
        WALKS,
        LENGTHS,
        "predict",
    ),
    "counts": (
        _regressor(loss="poisson"),
        WALKS,
        np.c_[LENGTHS, LENGTHS**2],
        "predict",
    ),
    "kernel numbers": (
        _regressor(blend=RandomKernels(168)),
        WALKS,
        np.c_[LENGTHS, LENGTHS**2],
        "predict",
    ),
    "tags": (_tagger(front_end=Conv(3, stride=2)), WALKS, RISES, "predict_proba"),
    "window tags": (
        _tagger(blend=WindowModel(1)),
        WALKS,
        [np.where(rises, "up", "down") for rises in RISES],
        "predict_proba",
    ),
    "chain tags": (
        _tagger(blend=WindowModel(0)),
        *faint_labels(),
        "predict_proba",
    ),
    "causal tags": (
        _tagger(
            blend=WindowModel(1),
            front_end=None,
            attention=None,
            bidirectional=False,
        ),
        *faint_labels(),
        "predict_proba",
    ),
    "word tags": (
        AttentionLSTMTagger(**TOKENS),
        SENTENCES,
        IS_YES,
        "predict_proba",
    ),
    "texts": (
        AttentionLSTMClassifier(**TOKENS, blend=NGrams((1, 2))),
        TEXTS,
        YES,
        "predict_proba",
    ),
    "text numbers": (
        AttentionLSTMRegressor(**TOKENS, blend="ngrams"),
        TEXTS,
        np.arange(24.0),
        "predict",
    ),
    "text tags": (AttentionLSTMTagger(**TOKENS), TEXTS, IS_YES, "predict_proba"),
    "text states": (NextStateLSTM(**STATES), TEXTS, None, "predict_proba"),
    "integer tags": (
        AttentionLSTMTagger(**TOKENS),
        [[i % 3, 7, i % 2] for i in range(24)],
        [[i % 2, -1, 3] for i in range(24)],
        "predict_proba",
    ),
    "event tags": (
        _tagger(front_end="auto", blend="window"),
        EVENTS,
        [x["act"].to_numpy() for x in EVENTS],
        "predict_proba",
    ),
    "static classes": (
        _classifier(blend=RandomKernels(168)),
        STATIC_WALKS,
        UP_OR_DOWN,
        "predict_proba",
    ),
    "static tokens": (
        AttentionLSTMClassifier(**TOKENS, blend=NGrams((1, 2))),
        STATIC_WORDS,
        YES,
        "predict_proba",
    ),
    "static events": (
        _regressor(standardize=False),
        STATIC_EVENTS,
        LENGTHS,
        "predict",
    ),
    "pipeline": (
        Pipeline(
            [
                ("pass", "passthrough"),
                ("inner", Pipeline([("scale", SequenceScaler())])),
                ("classify", _classifier()),
            ]
        ),
        WALKS,
        UP_OR_DOWN,
        "predict_proba",
    ),
}

#: Those that hold a network.
NETWORKS = [n for n, model in MODELS.items() if hasattr(model[0], "hidden_size")]


@cache
def fitted(name):
    """Fit one of `MODELS`, once; do not change what comes back."""
    estimator, X, y, _ = MODELS[name]
    return estimator.fit(X, y)


def outputs(name, model):
    """Give what a model says about its training sequences, as bytes and dtypes."""
    _, X, _, method = MODELS[name]
    found = getattr(model, method)(X)
    arrays = found if isinstance(found, list) else [found]
    return [(np.asarray(a).dtype.str, np.asarray(a).tobytes()) for a in arrays]
