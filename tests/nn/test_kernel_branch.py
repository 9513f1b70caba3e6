import pytest
import torch
from tiny_networks import sequence_config
from torch.nn.functional import softmax

from sklearn_seqattn.nn.config import KernelConfig
from sklearn_seqattn.nn.kernel_branch import build_kernel_branch, mean_prediction


def build(ridge_head="softmax", **params):
    kernels = KernelConfig(
        max_length=20, n_features=84, ridge_head=ridge_head, **params
    )
    config = sequence_config(input_size=2, n_outputs=3, kernels=kernels)
    return build_kernel_branch(config, "cpu")


def test_mean_prediction_averages_what_the_outputs_predict():
    torch.manual_seed(0)
    a, b = torch.randn(2, 5, 3)
    mean = mean_prediction(a, b, "softmax")
    expected = (softmax(a, 1) + softmax(b, 1)) / 2
    torch.testing.assert_close(softmax(mean, 1), expected)
    mean = mean_prediction(a, b, "sigmoid")
    torch.testing.assert_close(mean.sigmoid(), (a.sigmoid() + b.sigmoid()) / 2)
    torch.testing.assert_close(mean_prediction(a, b, "identity"), (a + b) / 2)


@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
def test_mean_prediction_is_finite_at_extreme_outputs(kind):
    a = torch.tensor([[1e4, -1e4, 0.0]])
    assert torch.isfinite(mean_prediction(a, -a, kind)).all()


def test_branch_starts_without_effect_and_learns_only_the_linear_head():
    branch = build()
    outputs, features = (
        torch.randn(4, 3),
        torch.randn(4, branch.linear_head.in_features),
    )
    assert torch.equal(branch.train()(outputs, features), outputs)
    trained = {name for name, _ in branch.named_parameters()}
    assert trained == {"linear_head.weight", "linear_head.bias"}


def test_ridge_head_counts_in_evaluation_alone():
    branch = build("identity")
    branch.intercept.fill_(4.0)
    outputs, features = (
        torch.zeros(4, 3),
        torch.zeros(4, branch.linear_head.in_features),
    )
    assert torch.equal(branch.train()(outputs, features), outputs)
    assert torch.equal(branch.eval()(outputs, features), outputs + 2.0)
    assert torch.equal(build(None).eval()(outputs, features), outputs)


def test_temperature_divides_the_outputs_of_the_network_alone():
    branch = build("softmax", temperature=0.5).eval()
    branch.intercept.copy_(torch.tensor([1.0, 0.0, 0.0]))
    outputs, features = (
        torch.randn(4, 3),
        torch.zeros(4, branch.linear_head.in_features),
    )
    expected = (softmax(2 * outputs, 1) + softmax(branch.intercept, 0)) / 2
    torch.testing.assert_close(softmax(branch(outputs, features), 1), expected)
    without = build(None, temperature=0.5).eval()
    assert torch.equal(without(outputs, features), outputs)
