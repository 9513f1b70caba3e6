import pytest
import torch


@pytest.fixture(autouse=True)
def _seeded():
    """Draw the same initial weights in every run, and leave the generator alone."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def other_defaults():
    """Let the process make tensors in double precision, on a device without memory."""
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
