import pytest
import torch

from sklearn_seqattn.training.memory import named_memory_errors

LENGTHS = torch.tensor([3, 500, 7])
MESSAGE = "Out of memory on a batch of 3 sequences, the longest of 500 steps"


def test_what_torch_raises_on_the_cpu():
    with pytest.raises(MemoryError, match=MESSAGE), named_memory_errors(LENGTHS):
        torch.empty(2**55, dtype=torch.uint8)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA"), MemoryError()])
def test_other_errors_of_memory(error):
    with pytest.raises(MemoryError, match=MESSAGE), named_memory_errors(LENGTHS):
        raise error


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="shape"), named_memory_errors(LENGTHS):
        raise RuntimeError("wrong shape")
