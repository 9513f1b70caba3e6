"""What next-state estimators read: empty sequences, events, prefixes of states."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone

from sklearn_seqattn import NextStateLSTM, NextStateMarkov

TINY = {
    "hidden_size": 8,
    "num_layers": 1,
    "num_heads": 2,
    "max_epochs": 1,
    "random_state": 0,
}
ESTIMATORS = [NextStateMarkov(order=2), NextStateLSTM(**TINY)]
X = ["a b c", "b c a b", "c a"] * 5


def objects(sequences):
    """Put sequences into an array of dtype object."""
    array = np.empty(len(sequences), dtype=object)
    array[:] = sequences
    return array


CONTAINERS = {
    "list": lambda lists: lists,
    "tuple": tuple,
    "tuple of tuples": lambda lists: tuple(map(tuple, lists)),
    "Series": pd.Series,
    "Series of another index": lambda lists: pd.Series(lists, index=[7] * len(lists)),
    "object array": objects,
    "list of arrays": lambda lists: [np.array(x, dtype=object) for x in lists],
    "list of float arrays": lambda lists: [np.array(x) for x in lists],
    "list of Series": lambda lists: [pd.Series(x, dtype=object) for x in lists],
    "strings": lambda lists: [" ".join(x) for x in lists],
    "Series of strings": lambda lists: pd.Series([" ".join(x) for x in lists]),
    "blank strings": lambda lists: [" ".join(x) or " \t" for x in lists],
    "object array of strings": lambda lists: objects([" ".join(x) for x in lists]),
    "array of strings": lambda lists: np.array([" ".join(x) for x in lists]),
}


@pytest.fixture(params=ESTIMATORS, ids=lambda e: type(e).__name__)
def estimator(request):
    return clone(request.param)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    "prefixes", [[["a"], []], [[], ["a", "b"], []], [[], []]], ids=["b", "ac", "all"]
)
def test_empty_prefixes_are_legal_in_every_container(estimator, container, prefixes):
    estimator.fit(X)
    expected = [
        estimator.predict_proba([x])[0] if x else estimator.predict_proba([[]])[0]
        for x in prefixes
    ]
    found = estimator.predict_proba(CONTAINERS[container](prefixes))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert [len(p) for p in estimator.predict_positions(prefixes)] == [
        len(x) for x in prefixes
    ]


def test_integers_and_empty_prefixes(estimator):
    estimator.fit([[1, 2, 3], [2, 3, 1]] * 5)
    for prefixes in ([[], [1]], pd.Series([[], [1]]), [np.array([], int), [1]]):
        assert estimator.predict(prefixes).shape == (2,)


@pytest.mark.parametrize("container", ["list", "Series", "strings"])
def test_empty_sequences_at_fit(estimator, container):
    sequences = CONTAINERS[container]([["a", "b"], [], ["a", "c"], []] * 5)
    with_empty = clone(estimator).set_params(end_state=True).fit(sequences)
    ends = with_empty.predict_proba([[]])[0, with_empty.classes_ == "<end>"]
    assert ends > 0.2  # half of the sequences end at once
    if isinstance(estimator, NextStateMarkov):  # without an end they count nothing
        found = estimator.fit(sequences).predict_proba([["a"], []])
        full = clone(estimator).fit([["a", "b"], ["a", "c"]] * 5)
        np.testing.assert_allclose(found, full.predict_proba([["a"], []]))


def test_empty_sequences_need_a_start_symbol(estimator):
    estimator.set_params(start_state=False)
    with pytest.raises(ValueError, match=r"X\[1\] is empty; without a start symbol"):
        estimator.fit([["a", "b"], []])
    with pytest.raises(ValueError, match=r"X\[0\] is empty; without a start symbol"):
        estimator.fit(X).predict(pd.Series(["", "a"]))


ONE_SEQUENCE = {
    "a text": ("a b c", r"X is one text .* pass \[X\]"),
    "a generator": ((x for x in X), "X is of type generator"),
    "a flat array of integers": (
        np.array([1, 2, 3]),
        r"X is one sequence of numbers.* pass \[X\]",
    ),
}


@pytest.mark.parametrize("case", ONE_SEQUENCE)
@pytest.mark.parametrize("when", ["fit", "predict"])
def test_one_sequence_is_not_a_list_of_sequences(estimator, case, when):
    one, message = ONE_SEQUENCE[case]
    with pytest.raises((TypeError, ValueError), match=message):
        estimator.fit(one) if when == "fit" else estimator.fit(X).predict(one)


def events(n=20):
    """Return events with a state, a resource and a number."""
    rng = np.random.RandomState(0)
    return [
        pd.DataFrame(
            {
                "who": rng.choice(["p", "q"], size),
                "state": rng.choice(list("abc"), size),
                "n": rng.normal(size=size),
            }
        )
        for size in rng.randint(2, 7, n)
    ]


EVENTS = {
    "frames": lambda frames: frames,
    "Series of frames": lambda frames: pd.Series(frames),
    "object array of frames": objects,
    "dicts": lambda frames: [f.to_dict("records") for f in frames],
    "named tuples": lambda frames: [list(f.itertuples(index=False)) for f in frames],
    "rows of two levels": lambda frames: pd.concat(frames, keys=range(len(frames))),
    "polars": lambda frames: [pl.from_pandas(f) for f in frames],
    "pyarrow": lambda frames: [pa.Table.from_pandas(f) for f in frames],
}


@pytest.mark.parametrize("container", EVENTS)
def test_counting_ignores_the_other_features(container):
    frames = events()
    states = [f["state"].tolist() for f in frames]
    expected = NextStateMarkov().fit(states)
    found = NextStateMarkov(target="state").fit(EVENTS[container](frames))
    np.testing.assert_array_equal(
        found.predict_proba(EVENTS[container](frames)), expected.predict_proba(states)
    )
    assert found.score(frames) == expected.score(states)
    holes = [f.assign(n=np.nan, who=None) for f in frames]
    np.testing.assert_array_equal(
        found.predict_proba(holes), expected.predict_proba(states)
    )


def test_counting_plain_tuples():
    plain = [list(f.itertuples(index=False, name=None)) for f in events()]
    model = NextStateMarkov(target="state", columns=["who", "state", "n"]).fit(plain)
    assert model.classes_.tolist() == ["a", "b", "c"]


@pytest.fixture(params=ESTIMATORS, ids=lambda e: type(e).__name__)
def of_events(request):
    return clone(request.param).set_params(target="state").fit(events())


def test_models_of_events_continue_states(of_events):
    for prefix in (["a", "b"], "a b", np.array(["a", "b"])):
        drawn = of_events.sample(3, prefix, max_length=5, random_state=0)
        assert [x[:2] for x in drawn] == [["a", "b"]] * 3
        assert [len(x) for x in drawn] == [5] * 3
    prefixes = [["a"], [], ["b", "c"]]
    states, proba = of_events.rollout(prefixes, 3)
    assert states.shape == proba.shape == (3, 3)
    one_more, more = of_events.rollout([["a", states[0, 0]]], 2)
    np.testing.assert_array_equal(one_more[0], states[0, 1:])
    np.testing.assert_allclose(more[0], proba[0, 1:], rtol=1e-4)


def test_models_of_events_continue_events(of_events):
    frames = events()[:2]
    assert of_events.rollout(frames, 2)[0].shape == (2, 2)
    given = frames[0]["state"].tolist()
    drawn = of_events.sample(2, frames[0], max_length=9, random_state=0)
    assert [x[: len(given)] for x in drawn] == [given] * 2


@pytest.mark.parametrize("prefixes", [[[], []], pd.Series([[], []]), objects([[], []])])
def test_models_of_events_take_empty_prefixes(of_events, prefixes):
    assert of_events.predict(prefixes).shape == (2,)
    frames = events()[:1]
    assert of_events.predict([*frames, []]).shape == (2,)


def test_wrong_events(of_events):
    frames = events()
    plain = clone(of_events).set_params(target=None)
    with pytest.raises(ValueError, match="set target= to the one to predict"):
        plain.fit(frames)
    with pytest.raises(ValueError, match="but X holds no DataFrames"):
        clone(of_events).fit(X)
    with pytest.raises(ValueError, match="target='job' is no column of X"):
        clone(of_events).set_params(target="job").fit(frames)
    with pytest.raises(TypeError, match="X holds no events, but the model was fitted"):
        of_events.predict(X)
    for read in (clone(of_events).fit, of_events.predict, of_events.score):
        with pytest.raises(TypeError, match=r"for one sequence pass \[X\]"):
            read(frames[0])
    swapped = [f[["state", "n", "who"]] for f in frames]
    if isinstance(of_events, NextStateMarkov):  # it reads the column of states alone
        assert of_events.score(swapped) == of_events.score(frames)
    else:
        with pytest.raises(ValueError, match=r"X has the columns \['state', 'n', 'who"):
            of_events.predict(swapped)
    with pytest.raises(ValueError, match=r"y\[0\] is 1, but the states of X are"):
        clone(of_events).fit(frames, [1] * len(frames))


def test_long_states_widen_nothing(estimator):
    log = [["x" * 50_000, "open"]] + [[str(i), str(i + 1)] for i in range(30)]
    estimator.fit(log)
    assert estimator.classes_.dtype == estimator.predict(log).dtype == object
    assert estimator.predict_topk(log, 2)[0].dtype == object
    assert estimator.rollout(log[:2], 2)[0].dtype == object
    assert max(map(len, estimator.classes_)) == 50_000
    with pytest.warns(UserWarning, match="1 state is unknown") as caught:
        estimator.predict([["y" * 50_000]])
    assert len(str(caught[0].message)) < 200
