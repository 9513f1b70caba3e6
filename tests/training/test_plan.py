"""From parameters to a plan of training."""

import pytest

from sklearn_seqattn import AttentionLSTMClassifier, NextStateLSTM
from sklearn_seqattn.training.plan import plan_training

RULES = {
    "auto_batch_size": lambda n: n // 10,
    "auto_epochs": lambda n, batch_size: n // batch_size + 7,
    "patience": None,
}


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, NextStateLSTM])
def test_the_rules_decide_what_is_auto(estimator):
    auto = {"batch_size": "auto", "max_epochs": "auto"}
    plan = plan_training(estimator(**auto), 100, **RULES)
    assert (plan.batch_size, plan.max_epochs) == (10, 17)
    plan = plan_training(estimator(**{**auto, "batch_size": 50}), 100, **RULES)
    assert (plan.batch_size, plan.max_epochs) == (50, 9)
    plan = plan_training(estimator(**{**auto, "max_epochs": 3}), 100, **RULES)
    assert (plan.batch_size, plan.max_epochs) == (10, 3)


def test_parameters_are_passed_on():
    values = {"lr": 0.5, "device": "cpu", "verbose": 1}
    model = NextStateLSTM(**values, net_params={"compile": False})
    plan = plan_training(model, 10, **{**RULES, "patience": 4})
    assert values.items() <= vars(plan).items()
    assert plan.net_params["compile"] is False
    assert plan.patience == 4
    assert plan.checkpoint is None


def test_a_partial_fit_has_a_constant_rate():
    assert not plan_training(NextStateLSTM(), 10, **RULES).constant_lr
    plan = plan_training(NextStateLSTM(), 10, **RULES, n_epochs=1)
    assert (plan.max_epochs, plan.constant_lr) == (1, True)


def test_callbacks_of_ours_come_first():
    ours, theirs = ("ours", object()), ("theirs", object())
    model = NextStateLSTM(callbacks=[theirs])
    plan = plan_training(model, 10, **RULES, callbacks=(ours,))
    assert plan.callbacks == (ours, theirs)
