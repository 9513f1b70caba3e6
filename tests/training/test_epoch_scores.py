"""The names of scores, and the columns of the history."""

import pytest
from small_trainings import line_data, make_plan, train_line

from sklearn_seqattn.training.epoch_scores import scorer_names, without_loss


@pytest.mark.parametrize(
    ("scoring", "names", "left"),
    [
        (None, ["loss"], None),
        ("loss", ["loss"], None),
        ("accuracy", ["accuracy"], "accuracy"),
        (len, ["score"], len),
        (["loss"], ["loss"], None),
        (("loss", "accuracy"), ["loss", "accuracy"], ["accuracy"]),
        ({"a": len}, ["a"], {"a": len}),
    ],
)
def test_names(scoring, names, left):
    assert scorer_names(scoring) == names
    assert without_loss(scoring) == left


@pytest.mark.parametrize("scoring", [[], (), {}])
def test_no_names(scoring):
    with pytest.raises(ValueError, match="is empty"):
        scorer_names(scoring)


@pytest.mark.parametrize(("monitor", "best"), [("valid_one", 2), ("valid_loss", 4)])
def test_the_best_epoch_is_that_of_the_highest_score(monitor, best):
    found = iter([0.1, 0.7, 0.3, 0.7])
    plan = make_plan(max_epochs=4, patience=9, monitor=monitor)
    weights = []

    def score(net):
        weights.append(net.module_.linear.weight.item())
        return {"one": next(found)}

    net, history = train_line(plan=plan, valid_set=line_data(seed=1), scores=score)
    assert history["valid_one"].tolist() == [0.1, 0.7, 0.3, 0.7]
    assert net.module_.linear.weight.item() == weights[best - 1]


def test_training_stops_by_the_score():
    plan = make_plan(max_epochs=9, patience=2, monitor="valid_one")
    data, falling = line_data(seed=1), iter(range(9, 0, -1))

    def scores(net):
        return {"one": float(next(falling))}

    _, history = train_line(plan=plan, valid_set=data, scores=scores)
    assert len(history) == 3
