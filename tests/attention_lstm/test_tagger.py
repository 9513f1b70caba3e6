"""AttentionLSTMTagger: what it learns, what does not matter, what it refuses."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sequence_data import faint_labels, sentences, walks
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import (
    AttentionLSTMTagger,
    SequenceImputer,
    SequenceScaler,
    Tokens,
    WindowModel,
)
from sklearn_seqattn.blocks import Conv
from sklearn_seqattn.metrics import StepScorer

TINY = {
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "head_units": (4,),
    "max_epochs": 2,
    "lr": 0.01,
    "random_state": 0,
    "device": "cpu",
}
X, _ = walks(30)
RISES = [np.where(np.diff(x[:, 0], prepend=0) > 0, "up", "down") for x in X]
WORDS, _ = sentences(30)
IS_YES = [[word == "yes" for word in sentence] for sentence in WORDS]
EVENTS = [
    pd.DataFrame({"kind": np.where(x[:, 0] > 0, "a", "b"), "size": x[:, 1]}) for x in X
]
KINDS = {
    "numbers": (X, RISES, {}),
    "strided": (X, RISES, {"front_end": Conv(4, stride=3)}),
    "tokens": (WORDS, IS_YES, {"tokens": Tokens(4)}),
    "events": (EVENTS, RISES, {}),
}
BLENDS = [None, "auto"]
each_kind = pytest.mark.parametrize("kind", KINDS)
each_blend = pytest.mark.parametrize("blend", BLENDS)


def fitted(kind, **options):
    X, y, own = KINDS[kind]
    return AttentionLSTMTagger(**{**TINY, **own, **options}).fit(X, y)


def same(first, second, **tolerance):
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, **tolerance)


def reordered(y, rows):
    return [y[i] for i in rows]


@each_kind
@each_blend
def test_every_step_has_a_label_and_probabilities(kind, blend):
    X, y, _ = KINDS[kind]
    tagger = fitted(kind, blend=blend)
    proba, labels = tagger.predict_proba(X), tagger.predict(X)
    for x, one, label in zip(X, proba, labels, strict=True):
        assert one.shape == (len(x), 2)
        assert one.dtype == np.float32
        np.testing.assert_allclose(one.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_array_equal(label, tagger.classes_[one.argmax(axis=1)])
    right = np.concatenate(labels) == np.concatenate(y)
    assert tagger.score(X, y) == pytest.approx(right.mean())


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_network_alone_learns_labels_that_depend_on_the_past(bidirectional):
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 1)) for n in rng.integers(3, 30, 120)]
    y = [np.cumsum(x[:, 0]) > 0 for x in X]
    options = {"front_end": None, "max_epochs": 20, "blend": None, "random_state": 0}
    tagger = AttentionLSTMTagger(bidirectional=bidirectional, **options)
    tagger.fit(X[:80], y[:80])
    assert tagger.score(X[80:], y[80:]) > 0.9


def test_a_blend_is_no_worse_than_both_parts_on_what_chose_it():
    valid = X[20:], RISES[20:]
    tagger = AttentionLSTMTagger(**{**TINY, "max_epochs": 10})
    tagger.fit(X[:20], RISES[:20], validation_data=valid)
    codes = np.concatenate(valid[1]) == "up"

    def loss():
        proba = np.concatenate(tagger.predict_proba(valid[0]))
        return -np.log(proba[np.arange(len(codes)), codes.astype(int)]).mean()

    blended, chosen = loss(), tagger.blend_
    for weight in (0.0, 1.0):
        tagger.blend_ = type(chosen)("softmax", weight=weight)
        assert blended <= loss() + 1e-6


@each_kind
@each_blend
@settings(max_examples=10, deadline=None)
@given(st.data())
def test_a_label_depends_on_its_sequence_alone(kind, blend, data):
    X = KINDS[kind][0]
    tagger = cached(kind, blend)
    expected = tagger.predict_proba(X)
    rows = data.draw(
        st.lists(st.sampled_from(range(len(X))), min_size=1, max_size=9, unique=True)
    )
    found = tagger.predict_proba([X[i] for i in rows])
    same(found, [expected[i] for i in rows], rtol=1e-4, atol=1e-5)


def cached(kind, blend, models={}):  # noqa: B006
    if (kind, blend) not in models:
        models[kind, blend] = fitted(kind, blend=blend)
    return models[kind, blend]


@each_blend
@pytest.mark.parametrize("kind", ["numbers", "tokens"])
def test_a_label_may_depend_on_the_past_alone(kind, blend):
    X = KINDS[kind][0]
    tagger = fitted(kind, bidirectional=False, attention=None, blend=blend)
    found = tagger.predict_proba([x[:3] for x in X])
    same(found, [one[:3] for one in tagger.predict_proba(X)], atol=1e-6)


def test_labels_that_depend_on_each_other():
    """Labels that stay, hidden in noise, are found by their neighbors' labels."""
    X, y = faint_labels(90)
    options = {**TINY, "max_epochs": 1}
    scores = {}
    for chain in (False, True):
        tagger = AttentionLSTMTagger(**options, blend=WindowModel(0, chain=chain))
        tagger.fit(X[:60], y[:60])
        scores[chain] = tagger.score(X[60:], y[60:])
        assert (tagger.partner_.chain is not None) == chain
    assert scores[True] > scores[False] + 0.03


def test_a_later_fit_leaves_the_chain():
    X, y = faint_labels(30)
    tagger = AttentionLSTMTagger(**TINY, blend=WindowModel(0)).partial_fit(X, y)
    chain = tagger.partner_.chain
    assert chain is not None
    tagger.partial_fit(X, y)
    assert tagger.partner_.chain is chain
    tagger.set_params(blend=None).fit(X, y)
    assert tagger.partner_ is None


def bits(tagger, X):
    return [one.tobytes() for one in tagger.predict_proba(X)]


@each_kind
@each_blend
def test_a_weight_is_a_number_of_copies_and_rows_have_no_order(kind, blend):
    X, y, options = KINDS[kind]
    X, y = X[:24], y[:24]
    rng = np.random.default_rng(1)
    weights = rng.integers(0, 3, len(X))
    copies = rng.permutation(np.repeat(np.arange(len(X)), weights))
    make = {**TINY, **options, "blend": blend}
    weighted = AttentionLSTMTagger(**make).fit(X, y, weights)
    repeated = AttentionLSTMTagger(**make).fit(
        reordered(X, copies), reordered(y, copies)
    )
    of_steps = [np.full(len(x), w) for x, w in zip(X, weights, strict=True)]
    by_steps = AttentionLSTMTagger(**make).fit(X, y, of_steps)
    assert bits(weighted, X) == bits(repeated, X) == bits(by_steps, X)


@each_blend
def test_steps_without_a_label_do_not_count(blend):
    make = {**TINY, "blend": blend, "standardize": False}
    numbers = [np.where(labels == "up", 1, 0) for labels in RISES]
    kept = [np.arange(len(x)) % 3 > 0 for x in X]
    weights = [k.astype(float) for k in kept]
    expected = bits(AttentionLSTMTagger(**make).fit(X, numbers, weights), X)
    for hole, dtype in ((-1, int), (np.nan, float), (None, object), (pd.NA, object)):
        pairs = zip(kept, numbers, strict=True)
        holes = [np.where(k, y.astype(dtype), hole) for k, y in pairs]
        tagger = AttentionLSTMTagger(**make).fit(X, holes)
        assert bits(tagger, X) == expected
        assert tagger.classes_.dtype.kind == "i"
        right = np.concatenate(tagger.predict(X)) == np.concatenate(numbers)
        assert tagger.score(X, holes) == right[np.concatenate(kept)].mean()


def test_a_sequence_without_labels_is_as_if_it_were_not_there():
    expected = cached("numbers", "auto").predict_proba(X)
    unlabeled = [[None] * 5, [None]]
    tagger = AttentionLSTMTagger(**TINY)
    tagger.fit([*X, np.ones((5, 2)), X[0][:1]], [*RISES, *unlabeled])
    same(tagger.predict_proba(X), expected)


def test_class_weights_are_weights_of_steps():
    by_class = AttentionLSTMTagger(**TINY, class_weight={"up": 3.0, "down": 0.5})
    weights = [np.where(y == "up", 3.0, 0.5) for y in RISES]
    by_step = AttentionLSTMTagger(**TINY, standardize=False)
    by_class.set_params(standardize=False).fit(X, RISES)
    by_step.fit(X, RISES, weights)
    same(by_class.predict_proba(X), by_step.predict_proba(X), atol=1e-6)


def test_balanced_weights_find_rare_labels():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(20, 1)) for _ in range(40)]
    y = [x[:, 0] + rng.normal(0, 1, 20) > 2 for x in X]
    recall = StepScorer("balanced_accuracy")
    options = {**TINY, "max_epochs": 10}
    plain = AttentionLSTMTagger(**options).fit(X, y)
    balanced = AttentionLSTMTagger(**options, class_weight="balanced").fit(X, y)
    assert recall(balanced, X, y) > recall(plain, X, y) + 0.1


@pytest.mark.parametrize("scoring", ["accuracy", ["loss", "f1_macro"], {"a": "r2"}])
def test_scorers_of_rows_are_refused_before_any_work(scoring):
    tagger = AttentionLSTMTagger(**TINY, scoring=scoring, early_stopping=True)
    with pytest.raises(ValueError, match=r"^scoring has the scorer .*StepScorer\("):
        tagger.fit(object(), None)


def test_monitors_of_rows_are_refused_before_any_work():
    callback = pytest.importorskip("sklearn.callback")
    tagger = AttentionLSTMTagger(**TINY)
    tagger.set_callbacks(callback.ScoringMonitor(scoring="accuracy"))
    with pytest.raises(ValueError, match=r"^ScoringMonitor has .*'accuracy'.*StepScor"):
        tagger.fit(object(), None)
    steps = callback.ScoringMonitor(scoring={"all": StepScorer("accuracy")})
    tagger.set_callbacks(steps).fit(X, RISES)
    assert len(steps.get_logs().data_as_pandas)


@pytest.mark.parametrize(
    "make",
    [
        list,
        pd.Series,
        lambda y: pd.DataFrame({"labels": y}),
        lambda y: pd.concat(map(pd.Series, y), keys=range(len(y))),
    ],
)
def test_containers_of_labels(make):
    expected = cached("numbers", None).predict_proba(X)
    tagger = AttentionLSTMTagger(**TINY, blend=None).fit(X, make(RISES))
    same(tagger.predict_proba(X), expected)


def test_padded_arrays():
    n_steps = max(map(len, X))
    padded = np.full((len(X), n_steps, 2), np.nan)
    labels = np.full((len(X), n_steps), None, dtype=object)
    for row, to, x, y in zip(padded, labels, X, RISES, strict=True):
        row[: len(x)], to[: len(x)] = x, y
    tagger = AttentionLSTMTagger(**TINY, blend=None).fit(padded, labels)
    same(tagger.predict_proba(padded), cached("numbers", None).predict_proba(X))
    assert [len(one) for one in tagger.predict(padded)] == [len(x) for x in X]


def test_an_empty_text_has_no_labels():
    tagger = cached("tokens", "auto")
    found = tagger.predict_proba(["", "ba yes"])
    assert [one.shape for one in found] == [(0, 2), (2, 2)]
    assert [one.shape for one in tagger.predict([""])] == [(0,)]


def test_model_selection():
    tagger = AttentionLSTMTagger(**TINY)
    assert not is_classifier(tagger)  # folds cannot have equal shares of labels
    scores = cross_val_score(tagger, X, RISES, cv=2)
    assert scores.shape == (2,)
    search = GridSearchCV(
        make_pipeline(SequenceImputer(), SequenceScaler(), tagger),
        {
            "attentionlstmtagger__hidden_size": [2, 4],
            "attentionlstmtagger__blend__size": [0, 1],
        },
        scoring=StepScorer("f1_macro"),
        cv=KFold(2),
    )
    search.fit(X, RISES)
    assert 0 <= search.best_score_ <= 1
    found = search.predict(X)
    assert [len(one) for one in found] == [len(x) for x in X]
    assert search.score(X, RISES) == StepScorer("f1_macro")(search, X, RISES)


def test_nested_parameters():
    tagger = AttentionLSTMTagger().set_params(blend__size=3, tokens__size=9)
    assert tagger.blend.size == 3
    assert tagger.tokens.size == 9
    assert clone(tagger).get_params()["blend__size"] == 3


@each_kind
def test_pickles(kind):
    X, tagger = KINDS[kind][0], cached(kind, "auto")
    assert bits(pickle.loads(pickle.dumps(tagger)), X) == bits(tagger, X)


def test_warm_start_goes_on():
    tagger = AttentionLSTMTagger(**TINY, blend=None, warm_start=True).fit(X, RISES)
    before = bits(tagger, X)
    tagger.set_params(max_epochs=20).fit(X, RISES)
    assert len(tagger.history_) == 22
    assert bits(tagger, X) != before
    with pytest.raises(ValueError, match="hidden_size is now 8"):
        tagger.set_params(hidden_size=8).fit(X, RISES)


def test_partial_fit():
    tagger = AttentionLSTMTagger(**TINY)
    tagger.partial_fit(X[:10], RISES[:10], classes=["down", "level", "up"])
    tagger.partial_fit(X[10:], RISES[10:])
    assert tagger.n_iter_ == 2
    assert tagger.predict_proba(X)[0].shape[1] == 3
    with pytest.raises(ValueError, match="not the same as on the first call"):
        tagger.partial_fit(X, RISES, classes=["down", "up"])


def test_embeddings_of_steps():
    tagger = cached("numbers", None)
    steps, weights = tagger.embed_steps(X), tagger.attention_weights(X)
    assert [len(one) for one in steps] == [len(x) for x in X]
    assert [one.shape[1:] for one in weights] == [(len(x), len(x)) for x in X]
    assert not hasattr(tagger, "transform")


REFUSED = {
    "no labels": (None, None, ValueError, "requires y to be passed"),
    "one a sequence": (["up"] * 30, None, TypeError, r"y\[0\] is the text 'up'"),
    "a class a sequence": (
        np.arange(30) % 2,
        None,
        TypeError,
        r"y\[0\] is .*each step",
    ),
    "another length": (
        [*RISES[:3], RISES[3][:-1], *RISES[4:]],
        None,
        ValueError,
        f"sequence 3 has {len(X[3])} steps but {len(X[3]) - 1} labels",
    ),
    "one class": ([np.ones(len(x), int) for x in X], None, ValueError, "1 class: 1"),
    "-1 and 1": (
        [np.where(y == "up", 1, -1) for y in RISES],
        None,
        ValueError,
        "1 class: 1; missing labels .*-1 among integers",
    ),
    "weights of another length": (
        RISES,
        [np.ones(len(x) + 1) for x in X],
        ValueError,
        f"sequence 0 has {len(X[0])} steps but {len(X[0]) + 1} weights",
    ),
    "no weights": (RISES, np.zeros(30), ValueError, "sample_weight is zero"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_before_training(name, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("training began")

    monkeypatch.setattr("skorch.NeuralNet.fit_loop", never)
    y, weights, error, match = REFUSED[name]
    tagger = AttentionLSTMTagger(**TINY)
    with pytest.raises(error, match=match):
        tagger.fit(X, y, weights)
    assert not [name for name in vars(tagger) if name.endswith("_")]


def test_window_of_another_size():
    with pytest.raises(ValueError, match="'size' parameter of WindowModel"):
        AttentionLSTMTagger(blend=WindowModel(-1)).fit(X, RISES)
