"""Targets with the index of the sequences in another order are refused."""

import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    events_to_sequences,
)
from sklearn_seqattn.metrics import StepScorer
from sklearn_seqattn.sequences.target_order import (
    check_same_order,
    check_same_steps,
)

TABLE = pd.DataFrame(
    {
        "id": np.repeat(list("cadb"), [2, 3, 1, 2]),
        "step": [0, 1, 0, 1, 2, 0, 0, 1],
        "value": np.arange(8.0),
    }
)
LONG = TABLE.set_index(["id", "step"])
SERIES = events_to_sequences(TABLE, id="id", order="step", columns="value")
IDS = pd.DataFrame({"id": list("cadb"), "age": [4, 5, 6, 7]})
NESTED = events_to_sequences(TABLE, id="id", order="step", static=IDS)
SORTED = pd.Series([0, 1, 0, 1], index=list("abcd"))
FITS = {"classifier": AttentionLSTMClassifier, "regressor": AttentionLSTMRegressor}


@pytest.mark.parametrize("X", [LONG, SERIES, NESTED], ids=["long", "series", "nested"])
@pytest.mark.parametrize("y", [SORTED, SORTED.to_frame()], ids=["series", "frame"])
@pytest.mark.parametrize("name", FITS)
def test_another_order_is_refused_before_any_work(X, y, name):
    estimator = FITS[name](max_epochs=1)
    with pytest.raises(ValueError, match="sequence 0 of X is 'c', but y has 'a' there"):
        estimator.fit(X, y)
    assert not hasattr(estimator, "network_")


@pytest.mark.parametrize("X", [LONG, SERIES, NESTED], ids=["long", "series", "nested"])
def test_the_remedy_of_the_message_is_one(X):
    with pytest.raises(ValueError, match="in another order") as caught:
        check_same_order(X, SORTED)
    remedy = str(caught.value).partition("pass ")[2].rstrip(".")
    check_same_order(X, eval(remedy, {"X": X, "y": SORTED}))


def test_labels_of_steps_and_validation_data_too():
    labels = (LONG["value"] > 3).rename("label")
    tagger = AttentionLSTMTagger(max_epochs=1)
    with pytest.raises(ValueError, match="in another order"):
        tagger.fit(LONG, labels.sort_index())
    check_same_order(LONG, labels)
    classifier = AttentionLSTMClassifier(max_epochs=1)
    with pytest.raises(ValueError, match="in another order"):
        classifier.fit(SERIES, SORTED.loc[SERIES.index], X_val=SERIES, y_val=SORTED)


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (SERIES, SORTED.loc[SERIES.index]),
        (SERIES, SORTED.to_numpy()),
        (list(SERIES), SORTED),
        (SERIES.reset_index(drop=True), SORTED),  # numbers of rows name nothing
        (SERIES, SORTED.reset_index(drop=True)),
        (SERIES, SORTED.set_axis(list("wxyz"))),  # other names
        (SERIES, SORTED[:3]),  # another check counts
        (SERIES.iloc[[0, 0, 1, 2]], SORTED.loc[list("ccad")]),  # drawn with repeats
        (SERIES.iloc[[0, 0, 1, 2]], SORTED.loc[list("accd")]),
    ],
)
def test_what_says_nothing_of_the_order_is_read_by_position(X, y):
    check_same_order(X, y)


def test_whole_numbers_are_ids_if_they_have_a_name():
    X = SERIES.set_axis(pd.RangeIndex(4, name="id"))
    check_same_order(X, pd.Series(range(4)))
    with pytest.raises(ValueError, match="sequence 0 of X is 0, but y has 3 there"):
        check_same_order(X, pd.Series(range(4), index=[3, 1, 2, 0]))


def test_ids_of_several_columns_are_ids_of_sequences():
    table = TABLE.assign(site="n")
    X = events_to_sequences(table, id=["site", "id"], order="step", columns="value")
    check_same_order(X, SORTED.loc[list("cadb")].set_axis(X.index))
    with pytest.raises(ValueError, match=r"is \('n', 'c'\), but y has \('n', 'b'\)"):
        check_same_order(X, pd.Series(range(4), index=X.index[::-1]))


STEPS = (LONG["value"] > 3).rename("label")
#: The steps of each sequence in another order, by the index alone.
BACKWARD = pd.concat([STEPS.loc[[name]].iloc[::-1] for name in "cadb"])
FRAMES = [LONG.loc[name] for name in "cadb"]


@pytest.mark.parametrize(
    ("X", "y", "right"),
    [
        (LONG, BACKWARD, STEPS),
        (LONG, BACKWARD.to_frame(), STEPS.to_frame()),
        (
            FRAMES,
            [BACKWARD.loc[name] for name in "cadb"],
            [STEPS.loc[name] for name in "cadb"],
        ),
    ],
    ids=["long", "frame", "lists"],
)
def test_another_order_of_steps_is_refused(X, y, right):
    check_same_steps(X, right)
    for refuses in (
        lambda: check_same_steps(X, y),
        lambda: AttentionLSTMTagger(max_epochs=1).fit(X, y),
        lambda: AttentionLSTMTagger(max_epochs=1).fit(X, right, X_val=X, y_val=y),
        lambda: StepScorer("accuracy")(None, X, y),
        lambda: AttentionLSTMTagger().score(X, y),
    ):
        with pytest.raises(ValueError, match="in another order: row 0 of X is") as e:
            refuses()
    remedy = str(e.value).partition("pass ")[2].rstrip(".").replace("[0]", "")
    if isinstance(X, list):
        X, y = X[0], y[0]
    check_same_steps(X, eval(remedy, {"X": X, "y": y}))
