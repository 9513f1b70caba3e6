"""The rules behind "auto", and the plan of one fit."""

from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_seqattn import AttentionLSTMClassifier, NextStateLSTM
from sklearn_seqattn.training.plan import TrainingRules, plan_training

RULES = TrainingRules(
    batch_size=lambda data: len(data) // 10,
    max_epochs=lambda data, size: len(data) // size + int(data.lengths.mean()),
    early_stopping_from=50,
)


class Data(SimpleNamespace):
    """As many sequences of seven steps as are asked for."""

    def __len__(self):
        return len(self.lengths)


def plan(estimator, n, **options):
    data, given = Data(lengths=np.full(n, 7)), {"compile": False}
    return plan_training(estimator, data, RULES, net_params=given, **options)


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, NextStateLSTM])
def test_the_rules_decide_what_is_auto(estimator):
    found = plan(estimator(), 100)
    assert (found.batch_size, found.max_epochs) == (10, 17)
    found = plan(estimator(batch_size=50), 100)
    assert (found.batch_size, found.max_epochs) == (50, 9)
    found = plan(estimator(max_epochs=3), 100)
    assert (found.batch_size, found.max_epochs) == (10, 3)


def test_parameters_are_passed_on():
    values = {"lr": 0.5, "device": "cpu"}
    estimator = NextStateLSTM(**values, callbacks=["one"])
    found = plan(estimator, 10, patience=4, verbose=1)
    assert values.items() <= vars(found).items()
    assert found.net_params == {"compile": False}
    assert (found.verbose, found.callbacks, found.patience) == (1, ("one",), 4)
    assert found.checkpoint is None


def test_a_partial_fit_has_a_constant_rate():
    found = plan(NextStateLSTM(batch_size=2), 10, n_epochs=1)
    assert (found.max_epochs, found.constant_lr) == (1, True)


@pytest.mark.parametrize(
    ("early_stopping", "n", "validates", "patience"),
    [
        ("auto", 49, False, None),
        ("auto", 50, False, 10),
        ("auto", 3, True, 10),
        (True, 3, False, 10),
        (False, 99, True, None),
    ],
)
def test_who_waits_for_an_improvement(early_stopping, n, validates, patience):
    estimator = AttentionLSTMClassifier(early_stopping=early_stopping)
    assert RULES.patience(estimator, n, validates=validates) == patience


def test_what_is_held_out():
    calibrating = TrainingRules(
        batch_size=len, max_epochs=len, calibrates=True, fewest_to_split=10
    )
    assert calibrating.holds_out(None, 10)
    assert not calibrating.holds_out(5, 9)
    assert RULES.holds_out(5, 1)
    assert not RULES.holds_out(None, 10**6)
