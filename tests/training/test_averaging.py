"""The moving average of weights."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_seqattn.training import AverageWeights


def steps(average, net, values):
    """Train on batches that set the weight to some values."""
    for value in values:
        average.on_batch_begin(net, training=True)
        net.module_.weight.data.fill_(value)
        average.on_batch_end(net, training=True)


@pytest.fixture
def net():
    module = nn.Linear(1, 1, bias=False)
    module.weight.data.fill_(0.0)
    return SimpleNamespace(module_=module, callbacks_=[])


@pytest.mark.parametrize("validated", [True, False])
def test_the_average_is_validated_and_kept_and_training_goes_on(net, validated):
    average = AverageWeights(0.5)
    average.on_train_begin(net)
    expected, step = 0.0, 0
    for values in ([1.0, 3.0, 2.0], [5.0, 4.0]):
        average.on_epoch_begin(net)
        before = net.module_.weight.item()
        assert before == (0.0 if step == 0 else 2.0)  # the last weights, no average
        steps(average, net, values)
        for value in values:
            expected += (value - expected) / (1 + 0.5 * step)
            step += 1
        if validated:
            for _ in range(2):
                average.on_batch_begin(net, training=False)
                assert net.module_.weight.item() == pytest.approx(expected)
                average.on_batch_end(net, training=False)
        average.on_epoch_end(net)
        assert net.module_.weight.item() == pytest.approx(expected)


def test_the_share_is_that_of_the_last_steps(net):
    average = AverageWeights(0.2)
    average.on_train_begin(net)
    average.on_epoch_begin(net)
    steps(average, net, np.arange(1000.0))
    average.on_epoch_end(net)
    # Step s of n has weight (s / n) ** 5, about: the mean lies a sixth below the end
    assert net.module_.weight.item() == pytest.approx(1000 * 5 / 6, rel=0.02)


def test_the_first_step_replaces_the_initial_weights(net):
    average = AverageWeights(0.2)
    average.on_train_begin(net)
    steps(average, net, [7.0])
    average.on_epoch_end(net)
    assert torch.equal(net.module_.weight.data, torch.tensor([[7.0]]))


@pytest.mark.parametrize(
    ("best", "kept"), [("no stopping", 2.0), (None, 2.0), ("some weights", 9.0)]
)
def test_an_epoch_that_was_interrupted(net, best, kept):
    if best != "no stopping":
        stopping = SimpleNamespace(best_model_weights_=best)
        net.callbacks_ = [("early_stopping", stopping)]
    average = AverageWeights(1.0)
    average.on_train_begin(net)
    average.on_epoch_begin(net)
    steps(average, net, [1.0, 3.0])
    net.module_.weight.data.fill_(9.0)  # the best ones, if there were any
    average.on_train_end(net)
    assert net.module_.weight.item() == kept


def test_a_whole_training_ends_with_the_average(net):
    average = AverageWeights(1.0)
    average.on_train_begin(net)
    average.on_epoch_begin(net)
    steps(average, net, [1.0, 3.0])
    average.on_epoch_end(net)
    average.on_train_end(net)
    assert net.module_.weight.item() == 2.0
