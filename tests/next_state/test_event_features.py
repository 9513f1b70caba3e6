"""Events with several features."""

import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn.next_state.event_features import (
    ELAPSED,
    GAP,
    EventFeatures,
    as_frames,
)

FRAMES = [
    pd.DataFrame({"task": ["a", "b"], "who": ["x", "y"], "cost": [1.0, 3.0]}),
    pd.DataFrame({"task": ["c"], "who": ["x"], "cost": [5.0]}),
]
HOLE = FRAMES[0].assign(cost=[1, None])


def test_split_and_encode():
    features = EventFeatures("task", None)
    states, events = features.split(FRAMES)
    assert [s.tolist() for s in states] == [["a", "b"], ["c"]]
    encoded = features.fit(events).transform(events)
    assert encoded["categories"].tolist() == [[2], [3], [2]]
    z = np.array([-2, 0, 2]) / np.sqrt(8 / 3)
    np.testing.assert_allclose(encoded["numbers"][:, 0], z, rtol=1e-6)
    assert features.n_ids == [4]


def test_unseen_categories_are_unknown():
    features = EventFeatures("task", None)
    features.fit(features.split(FRAMES)[1])
    _, events = features.split([FRAMES[1].assign(who="z")])
    assert features.transform(events)["categories"].tolist() == [[1]]


@pytest.mark.parametrize("unit", ["dates", "seconds"])
def test_time_gaps(unit):
    seconds = pd.Series([100.0, 101.0, 107.0, 5.0, 5.0])
    times = pd.to_datetime(seconds, unit="s") if unit == "dates" else seconds
    long = pd.DataFrame({"task": list("abcde"), "time": times})
    frames = [long[:3], long[3:]]
    _, events = EventFeatures("task", "time").split(frames)
    np.testing.assert_allclose(events[GAP], [0, 1, 6, 0, 0])
    np.testing.assert_allclose(events[ELAPSED], [0, 1, 7, 0, 0])


def test_times_are_scaled_by_the_median_gap():
    seconds = [[0.0, 10.0, 30.0], [0.0, 40.0]]
    encoded = []
    for unit in (1, 3600):
        times = [np.array(t) * unit for t in seconds]
        frames = [pd.DataFrame({"task": "a", "time": t}) for t in times]
        features = EventFeatures("task", "time")
        _, events = features.split(frames)
        encoded.append(features.fit(events).transform(events)["numbers"])
        assert features.gap_ == 20 * unit
    np.testing.assert_allclose(encoded[0], encoded[1], rtol=1e-6)
    z = np.log1p([0, 0.5, 1, 0, 2])
    np.testing.assert_allclose(encoded[0][:, 0], (z - z.mean()) / z.std(), rtol=1e-5)


def test_tuples_and_dicts_are_events():
    tuples = [[("a", "x"), ("b", "y")], [("c", "x")]]
    frames = as_frames(tuples, ["task", "who"])
    assert frames[0]["who"].tolist() == ["x", "y"]
    dicts = [[{"task": "a", "who": "x"}]]
    assert as_frames(dicts, None)[0].to_dict("list") == {"task": ["a"], "who": ["x"]}


@pytest.mark.parametrize(
    "X", [["a b", "c"], [["a"], ["b"]], [("a", "b")], [[1, 2]], np.ones((2, 2)), [[]]]
)
def test_plain_sequences_are_no_events(X):
    assert as_frames(X, None) is None


@pytest.mark.parametrize(
    ("frames", "error", "message"),
    [
        ([FRAMES[0], [1]], TypeError, r"X\[1\] is of type list, but other elements"),
        ([FRAMES[0], FRAMES[1][["task"]]], ValueError, r"X\[1\] has the columns \['ta"),
        ([FRAMES[0].drop(columns="task")], ValueError, "target='task' is no column"),
        (
            [FRAMES[1], HOLE],
            ValueError,
            r"X\[1\] contains NaN at step 1, column 'cost'",
        ),
        (
            [FRAMES[0].assign(cost=np.inf)],
            ValueError,
            r"X\[0\] contains infinity \(inf\) at step 0, column 'cost'",
        ),
        ([FRAMES[0].assign(who=["x", None])], ValueError, "at step 1, column 'who'"),
    ],
)
def test_bad_events(frames, error, message):
    with pytest.raises(error, match=message):
        EventFeatures("task", None).split(as_frames(frames, None))


def test_bad_times():
    with pytest.raises(ValueError, match="timestamp='when' is no column"):
        EventFeatures("task", "when").split(FRAMES)
    backwards = [FRAMES[1], FRAMES[0].assign(cost=[2, 1])]
    with pytest.raises(ValueError, match=r"X\[1\]: the time .* goes back at step 1"):
        EventFeatures("task", "cost").split(backwards)
    with pytest.raises(TypeError, match="'who' are neither dates nor numbers"):
        EventFeatures("task", "who").split(FRAMES)


def fit_costs(*costs):
    frames = [pd.DataFrame({"task": ["a", "b"], "cost": list(c)}) for c in costs]
    features = EventFeatures("task", None)
    return features.fit(features.split(frames)[1])


BEYOND = "X has numbers in column 'cost' whose scale is beyond float32"


def test_columns_of_huge_variance_are_refused():
    frames = [pd.DataFrame({"task": ["a", "b"], "cost": [1e200, 0.0]})]
    features = EventFeatures("task", None)
    _, events = features.split(frames)
    with pytest.raises(ValueError, match=BEYOND):
        features.fit(events).transform(events)


@pytest.mark.parametrize("costs", [([1.0, 3.0],), ([1e300, 1e300],)])
def test_numbers_beyond_float32_are_refused_later(costs):
    features = fit_costs(*costs)
    _, events = features.split([pd.DataFrame({"task": ["a"], "cost": [1e39]})])
    with pytest.raises(ValueError, match=BEYOND):
        features.transform(events)


def test_large_numbers_are_scaled():
    features = fit_costs([1e100, -1e100])
    _, events = features.split([pd.DataFrame({"task": ["a"], "cost": [1e100]})])
    assert features.transform(events)["numbers"].tolist() == [[1.0]]


def test_constant_columns_are_zero():
    features = fit_costs([1e300, 1e300])
    _, events = features.split([pd.DataFrame({"task": ["a"], "cost": [1e300]})])
    assert features.transform(events)["numbers"].tolist() == [[0.0]]


def test_empty_sequences_among_events():
    X = [FRAMES[0], [], FRAMES[1]]
    states, _ = EventFeatures("task", None).split(as_frames(X, None))
    assert [s.tolist() for s in states] == [["a", "b"], [], ["c"]]
    tuples = [[("a", "x")], [], [("b", "y")]]
    assert [len(f) for f in as_frames(tuples, ["task", "who"])] == [1, 0, 1]
