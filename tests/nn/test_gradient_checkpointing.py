"""Values computed anew give the gradients of those that are kept."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from sklearn_seqattn.nn.gradient_checkpointing import checkpointed


@pytest.fixture
def layers():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def gradients(layers, call, *inputs):
    layers.zero_grad()
    inputs = [x.clone().requires_grad_() for x in inputs]
    call(*inputs).square().sum().backward()
    return [x.grad for x in (*inputs, *layers.parameters())]


def test_gradients_are_those_of_a_plain_call(layers):
    x = torch.randn(4, 3)
    plain = gradients(layers, layers, x)
    anew = gradients(layers, lambda x: checkpointed(layers, layers.parameters(), x), x)
    for found, expected in zip(anew, plain, strict=True):
        assert torch.equal(found, expected)


def test_parameters_get_gradients_where_no_input_has_one(layers):
    checkpointed(layers, layers.parameters(), torch.randn(4, 3)).sum().backward()
    assert all(one.grad is not None for one in layers.parameters())


def test_inputs_of_any_kind_and_several_outputs(layers):
    chosen, state = torch.tensor([True, False, True, True]), torch.ones(4, 2)

    def function(x, chosen, state):
        y = layers(x) * state
        return y * chosen[:, None], y.sum()

    def only_first(x):
        return checkpointed(function, layers.parameters(), x, chosen, state)[0]

    x = torch.randn(4, 3)
    plain = gradients(layers, lambda x: function(x, chosen, state)[0], x)
    for found, expected in zip(gradients(layers, only_first, x), plain, strict=True):
        assert torch.equal(found, expected)


def test_only_inputs_are_kept_until_the_backward_pass(layers):
    kept = []

    def pack(x):
        kept.append(tuple(x.shape))
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        y = checkpointed(layers, layers.parameters(), torch.randn(4, 3))
    assert (4, 5) not in kept  # the hidden layer
    assert y.requires_grad


def test_the_precision_of_the_call_is_that_of_the_gradient(layers):
    dtypes = []

    def function(x):
        y = layers(x)
        dtypes.append(y.dtype)
        return y.float()

    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = checkpointed(function, layers.parameters(), torch.randn(4, 3))
    y.sum().backward()
    assert dtypes == [torch.bfloat16, torch.bfloat16]


def test_without_gradients_the_function_is_called_as_it_is(layers):
    with torch.no_grad():
        y = checkpointed(layers, layers.parameters(), torch.randn(4, 3))
    assert y.grad_fn is None


def test_torch_s_compiler_is_not_loaded():
    code = """
import sys, torch
from sklearn_seqattn.nn.gradient_checkpointing import checkpointed
layer = torch.nn.Linear(2, 2)
checkpointed(layer, layer.parameters(), torch.ones(1, 2)).sum().backward()
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
