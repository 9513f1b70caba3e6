"""A block, an encoder and a pooling of one's own, as docs/design.md shows them."""

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_seqattn import AttentionLSTMClassifier, load_model, save_model
from sklearn_seqattn.blocks import (
    Block,
    Encoder,
    Pooling,
    register_block,
    register_encoder,
    register_pooling,
)


class ScaleLayer(nn.Module):
    def __init__(self, size, factor):
        super().__init__()
        self.output_size, self.factor = size, factor

    def forward(self, x, mask):
        return self.factor * x, mask


class ElmanLayer(nn.Module):
    def __init__(self, input_size, size):
        super().__init__()
        self.rnn = nn.RNN(input_size, size, batch_first=True)
        self.output_size = size

    def forward(self, x, mask):
        return self.rnn(x)[0]


@pytest.fixture
def scale():
    """Register the three parts for one test, and return the block."""

    @register_block("scale")
    class Scale(Block):
        factor: float = 2.0

        def build(self, input_size, config):
            return ScaleLayer(input_size, self.factor)

    @register_encoder("elman")
    class Elman(Encoder):
        def build(self, input_size, config):
            return ElmanLayer(input_size, config.hidden_size)

    @register_pooling("first")
    class FirstPooling(Pooling):
        def forward(self, x, mask):
            return x[:, 0]

    return Scale


@pytest.mark.parametrize("part", ["block", "encoder", "pooling"])
def test_parts_of_ones_own_train_and_are_saved(part, scale, tmp_path):
    options = {
        "block": {"front_end": [scale(factor=3), "scale", {"scale": {"factor": 0.5}}]},
        "encoder": {"encoder": "elman", "front_end": None},
        "pooling": {"pooling": ["first", "max"], "front_end": None},
    }[part]
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    X = [rng.normal(3 * k, 1, (rng.integers(4, 9), 2)) for k in y]
    model = AttentionLSTMClassifier(max_epochs=20, random_state=0, **options).fit(X, y)
    assert model.score(X, y) > 0.9
    save_model(model, tmp_path / "model.seqattn")
    loaded = load_model(tmp_path / "model.seqattn")
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.get_params().keys() == model.get_params().keys()


def test_the_block_does_what_it_says(scale):
    y, _ = scale(factor=3).build(2, None)(torch.ones(1, 2, 2), None)
    assert y.tolist() == [[[3.0, 3.0], [3.0, 3.0]]]
