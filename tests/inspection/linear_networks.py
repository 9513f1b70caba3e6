"""A network without a nonlinearity, of which every importance is known."""

import numpy as np
from torch import nn

from sklearn_seqattn import AttentionLSTMRegressor
from sklearn_seqattn.blocks import Encoder, register_encoder


class SameLayer(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.output_size = size
        self.scale = nn.Parameter(nn.init.ones_(nn.Parameter(nn.Linear(1, 1).bias)))

    def forward(self, x, mask):
        return x


def linear_regressor(X, y, **options):
    """Fit the mean over time of a weighted sum of the channels."""

    @register_encoder("same")
    class Same(Encoder):
        def build(self, input_size, config):
            return SameLayer(input_size)

    return AttentionLSTMRegressor(
        **{
            "blend": None,
            "front_end": None,
            "encoder": "same",
            "attention": None,
            "pooling": "mean",
            "head_units": (),
            "max_epochs": 5,
            "early_stopping": False,  # or predictions are shrunk towards the mean
            "random_state": 0,
            **options,
        }
    ).fit(X, y)


def known_importance(model, X):
    """Return what each step and channel adds to the prediction, (T_i, D)."""
    weight = model.network_.head[-1].weight[0].detach().double().numpy()
    assert (weight != 0).all()
    targets, scaler = model.target_encoder_, model.input_encoder_.steps_[-1]
    return [
        targets.scale_ * weight * (x - scaler.center_) / scaler.scale_ / len(x)
        for x in X
    ]


def numbers(n=20, n_channels=3, seed=0):
    """Return sequences of numbers, and a sum of their channels."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(2, 3, size=(rng.integers(3, 12), n_channels)) for _ in range(n)]
    return X, np.array([x.mean(axis=0) @ np.arange(n_channels) for x in X])
