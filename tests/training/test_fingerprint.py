import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn import AttentionLSTMClassifier, RandomKernels, Tokens
from sklearn_seqattn.training.fingerprint import describe_params, digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(4), np.arange(1, 5)),
        (np.arange(200_000.0), np.arange(200_000.0) // 2),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.array(["a", "b"], dtype=object), np.array(["a", "c"], dtype=object)),
        (pd.DataFrame({"a": ["x"]}), pd.DataFrame({"a": ["y"]})),
        (np.zeros(2), None),
    ],
)
def test_arrays_that_differ(one, other):
    assert digest(one) == digest(one)
    assert digest(one) != digest(other)


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "int8", ">i4", "uint16"])
def test_values_count_and_not_their_storage(dtype):
    array = np.arange(6.0).reshape(2, 3)
    assert digest(array) == digest(np.asfortranarray(array.astype(dtype)))
    assert digest(-0.0 * array) == digest(0.0 * array)


def test_parameters():
    class Thing:
        pass

    def described(**options):
        return describe_params(AttentionLSTMClassifier(**options).get_params())

    first = described(
        net_params={"a": Thing()}, tokens=Tokens(vocabulary=np.array(["a"]))
    )
    assert first == described(
        net_params={"a": Thing()}, tokens=Tokens(vocabulary=np.array(["a"]))
    )
    other = described(tokens=Tokens(vocabulary=np.array(["b"])))
    assert first["tokens__vocabulary"] != other["tokens__vocabulary"]
    assert first["lr"] == "0.002"
    assert described(lr=np.float64(0.002))["lr"] == "0.002"
    assert "random_state" not in described(random_state=np.random.RandomState(0))
    assert described(random_state=3)["random_state"] == "3"
    name = "tokens__vocabulary"
    long = [
        described(tokens=Tokens(vocabulary=["x" * 99, last]))[name] for last in "ab"
    ]
    assert long[0] != long[1]
    assert len(long[0]) < 90


def test_where_results_are_kept_is_not_compared():
    def described(**options):
        model = AttentionLSTMClassifier(blend=RandomKernels(**options))
        return describe_params(model.get_params())

    assert described(memory="here") == described(memory="there") == described()
    assert described(n_features=84) != described()
