from torch import nn

from sklearn_seqattn.nn.config import remembers_numbers


@remembers_numbers
def build(*, size, bias=True, inner=None):
    return nn.Linear(size, size, bias=bias)


def test_arguments_are_kept_but_not_modules():
    network = build(size=2, bias=False, inner=nn.ReLU())
    assert network.numbers == {"size": 2, "bias": False}


def test_the_builder_keeps_its_name():
    assert build.__name__ == "build"
