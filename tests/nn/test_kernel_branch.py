import pytest
import torch
from torch.nn.functional import softmax

from sklearn_seqattn.nn.kernel_branch import build_kernel_branch, mean_prediction


def build(readout="softmax", n_outputs=3):
    return build_kernel_branch(
        input_size=2,
        max_length=20,
        n_features=84,
        n_outputs=n_outputs,
        readout=readout,
    )


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


def test_branch_starts_without_effect_and_learns_only_the_joint():
    branch = build()
    outputs, features = torch.randn(4, 3), torch.randn(4, branch.joint.in_features)
    assert torch.equal(branch.train()(outputs, features), outputs)
    trained = {name for name, _ in branch.named_parameters()}
    assert trained == {"joint.weight", "joint.bias"}


def test_readout_counts_in_evaluation_alone():
    branch = build("identity")
    branch.intercept.fill_(4.0)
    outputs, features = torch.zeros(4, 3), torch.zeros(4, branch.joint.in_features)
    assert torch.equal(branch.train()(outputs, features), outputs)
    assert torch.equal(branch.eval()(outputs, features), outputs + 2.0)
    assert torch.equal(build(None).eval()(outputs, features), outputs)
