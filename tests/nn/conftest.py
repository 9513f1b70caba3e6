import pytest
import torch


@pytest.fixture(autouse=True)
def _seeded():
    """Draw the same initial weights in every run, and leave the generator alone."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
