import math

import numpy as np
import pytest
import torch

from sklearn_seqattn.nn.positions import RotaryPositions, SinusoidalPositions


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_sinusoidal_positions_by_hand():
    found = SinusoidalPositions(4)(torch.zeros(1, 3, 4))[0]
    # frequencies 1 and 10000 ** (-2 / 4) = 0.01; sines first, then cosines
    expected = [
        [math.sin(t), math.sin(0.01 * t), math.cos(t), math.cos(0.01 * t)]
        for t in range(3)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_sinusoidal_positions_are_added():
    x = draw(2, 3, 4)
    positions = SinusoidalPositions(4)
    torch.testing.assert_close(positions(x) - x, positions(torch.zeros(2, 3, 4)))


def test_rotary_positions_by_hand():
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).reshape(1, 1, 3, 2)
    expected = [
        [1.0, 0.0],
        [math.cos(1), math.sin(1)],
        [-math.sin(2), math.cos(2)],
    ]
    np.testing.assert_allclose(RotaryPositions(2)(x)[0, 0], expected, rtol=1e-6)


def test_rotary_dot_products_depend_on_the_distance_alone():
    n_steps, size = 12, 8
    query = draw(size).double().expand(1, 1, n_steps, size)
    key = draw(size, seed=1).double().expand(1, 1, n_steps, size)
    rotary = RotaryPositions(size)
    products = (rotary(query) @ rotary(key).transpose(2, 3))[0, 0]  # (T, T)
    for distance in range(-n_steps + 1, n_steps):
        same = torch.diagonal(products, distance)
        torch.testing.assert_close(same, same[:1].expand_as(same), rtol=0, atol=1e-5)
    assert products[0].std() > 0.1  # and they do depend on it


def test_rotary_positions_keep_the_length_of_a_vector():
    x = draw(2, 3, 5, 6)
    torch.testing.assert_close(RotaryPositions(6)(x).norm(dim=-1), x.norm(dim=-1))


@pytest.mark.parametrize("positions", [SinusoidalPositions(4), RotaryPositions(4)])
def test_positions_keep_the_precision(positions):
    x = (
        torch.zeros(1, 1, 3, 4)
        if isinstance(positions, RotaryPositions)
        else (torch.zeros(1, 3, 4))
    )
    assert positions(x.double()).dtype == torch.float64
    assert positions(x).dtype == torch.float32
