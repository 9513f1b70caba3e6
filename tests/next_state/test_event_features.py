"""Events with several features."""

import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn.next_state.event_features import EventFeatures, as_frames

FRAMES = [
    pd.DataFrame({"task": ["a", "b"], "who": ["x", "y"], "cost": [1.0, 3.0]}),
    pd.DataFrame({"task": ["c"], "who": ["x"], "cost": [5.0]}),
]
LENGTHS = np.array([2, 1])
HOLE = FRAMES[0].assign(cost=[1, None])


def test_split_and_encode():
    features = EventFeatures("task", None)
    states, events = features.split(FRAMES)
    assert [s.tolist() for s in states] == [["a", "b"], ["c"]]
    encoded = features.fit(events, LENGTHS).transform(events, LENGTHS)
    assert encoded["categories"].tolist() == [[2], [3], [2]]
    z = np.array([-2, 0, 2]) / np.sqrt(8 / 3)
    np.testing.assert_allclose(encoded["numbers"][:, 0], z, rtol=1e-6)
    assert features.n_ids == [4]


def test_unseen_categories_are_unknown():
    features = EventFeatures("task", None)
    features.fit(features.split(FRAMES)[1], LENGTHS)
    _, events = features.split([FRAMES[1].assign(who="z")])
    assert features.transform(events, LENGTHS[1:])["categories"].tolist() == [[1]]


@pytest.mark.parametrize("dates", [False, True])
def test_times_follow_the_numbers(dates):
    hours = [[0.0, 10.0, 30.0], [0.0, 40.0]]
    start = pd.Timestamp("2024-01-01")
    frames = [
        pd.DataFrame(
            {
                "time": start + pd.to_timedelta(t, unit="h") if dates else t,
                "task": "a",
                "cost": np.arange(len(t)),
            }
        )
        for t in hours
    ]
    features = EventFeatures("task", None if dates else "time")
    _, events = features.split(frames)
    lengths = np.array([3, 2])
    numbers = features.fit(events, lengths).transform(events, lengths)["numbers"]
    names = ["time_since_previous", "time_since_first"]
    if dates:
        names += ["time_hour_sin", "time_hour_cos"]
    assert features.times_[0].names == names
    assert numbers.shape == (5, 1 + len(names)) == (5, features.n_numbers)
    np.testing.assert_array_equal(numbers[:, 0] > 0, [False, True, True, False, True])
    z = np.log1p([0, 0.5, 1, 0, 2])
    np.testing.assert_allclose(numbers[:, 1], (z - z.mean()) / z.std(), rtol=1e-5)


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
    features = EventFeatures("task", "cost")
    _, events = features.split(backwards)
    with pytest.raises(ValueError, match=r"X\[1\]: the time .* goes back at step 1"):
        features.fit(events, LENGTHS[::-1])
    with pytest.raises(TypeError, match="'who' are neither dates nor numbers"):
        EventFeatures("task", "who").split(FRAMES)


def fit_costs(*costs):
    frames = [pd.DataFrame({"task": ["a", "b"], "cost": list(c)}) for c in costs]
    features = EventFeatures("task", None)
    return features.fit(features.split(frames)[1], np.full(len(costs), 2))


BEYOND = "X has numbers in column 'cost' whose scale is beyond float32"


def test_columns_of_huge_variance_are_refused():
    frames = [pd.DataFrame({"task": ["a", "b"], "cost": [1e200, 0.0]})]
    features = EventFeatures("task", None)
    _, events = features.split(frames)
    with pytest.raises(ValueError, match=BEYOND):
        features.fit(events, LENGTHS[:1]).transform(events, LENGTHS[:1])


@pytest.mark.parametrize("costs", [([1.0, 3.0],), ([1e300, 1e300],)])
def test_numbers_beyond_float32_are_refused_later(costs):
    features = fit_costs(*costs)
    _, events = features.split([pd.DataFrame({"task": ["a"], "cost": [1e39]})])
    with pytest.raises(ValueError, match=BEYOND):
        features.transform(events, LENGTHS[1:])


def test_large_numbers_are_scaled():
    features = fit_costs([1e100, -1e100])
    _, events = features.split([pd.DataFrame({"task": ["a"], "cost": [1e100]})])
    assert features.transform(events, LENGTHS[1:])["numbers"].tolist() == [[1.0]]


def test_constant_columns_are_zero():
    features = fit_costs([1e300, 1e300])
    _, events = features.split([pd.DataFrame({"task": ["a"], "cost": [1e300]})])
    assert features.transform(events, LENGTHS[1:])["numbers"].tolist() == [[0.0]]


def test_empty_sequences_among_events():
    X = [FRAMES[0], [], FRAMES[1]]
    states, _ = EventFeatures("task", None).split(as_frames(X, None))
    assert [s.tolist() for s in states] == [["a", "b"], [], ["c"]]
    tuples = [[("a", "x")], [], [("b", "y")]]
    assert [len(f) for f in as_frames(tuples, ["task", "who"])] == [1, 0, 1]
