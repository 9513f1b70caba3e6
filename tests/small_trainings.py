"""Small data, networks and plans for the tests of training."""

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import nn

from sklearn_seqattn.training import (
    TrainingPlan,
    WeightedLoss,
    isolated_torch,
    train,
)
from sklearn_seqattn.training.batching import SequenceDataset

SMALL = {
    "blend": None,  # the training of the network alone
    "front_end": None,
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "head_units": (4,),
    "max_epochs": 3,
    "batch_size": 4,
    "random_state": 0,
    "device": "cpu",
}


def draw_sequences(n=14, n_channels=2, seed=0):
    rng = np.random.RandomState(seed)
    lengths = rng.randint(1, 8, size=n)
    return [rng.standard_normal((length, n_channels)) for length in lengths]


X = draw_sequences()


Y = np.arange(len(X)) % 3


class FirstValue(nn.Module):
    """Predict ``a x + b`` from the first value x of a sequence, K times."""

    stride = 1

    def __init__(self, n_outputs=1):
        super().__init__()
        self.linear = nn.Linear(1, n_outputs)

    def forward(self, values, lengths):
        return self.linear(values[:, 0])


def make_plan(**options):
    plan = {
        "lr": 0.1,
        "batch_size": 4,
        "max_epochs": 3,
        "patience": None,
        "precision": "float32",
        "device": "cpu",
        "verbose": 0,
        "callbacks": (),
        "constant_lr": True,
    }
    plain = {"optimizer__weight_decay": 0.0, "callbacks__gradient_clip": None}
    net_params = {**plain, **options.pop("net_params", {})}
    return TrainingPlan(**{**plan, **options}, net_params=net_params)


def line_data(n=10, seed=0, noise=0.0):
    """Make sequences of one step x with the targets 2 x - 1."""
    rng = np.random.RandomState(seed)
    x = rng.standard_normal((n, 1)).astype(np.float32)
    y = 2 * x - 1 + noise * rng.standard_normal((n, 1)).astype(np.float32)
    return SequenceDataset(x, np.ones(n, dtype=np.int64), y)


def train_line(data=None, *, plan=None, valid_set=None, module=None, scores=None):
    with isolated_torch(0):
        module = FirstValue() if module is None else module
        loss = WeightedLoss(nn.MSELoss(reduction="none"))
        return train(
            module,
            loss,
            line_data() if data is None else data,
            make_plan() if plan is None else plan,
            seed=0,
            valid_set=valid_set,
            scores=scores,
        )


class Recorder(Callback):
    """Note what happens at each step of a training."""

    def on_train_begin(self, net, **kwargs):
        self.lrs, self.norms, self.epochs, self.ended = [], [], 0, False

    def on_batch_end(self, net, training=False, **kwargs):
        if training:
            self.lrs.append(net.optimizer_.param_groups[0]["lr"])
            grads = [p.grad for p in net.module_.parameters()]
            self.norms.append(torch.cat([g.flatten() for g in grads]).norm().item())

    def on_epoch_end(self, net, **kwargs):
        self.epochs += 1

    def on_train_end(self, net, **kwargs):
        self.ended = True
