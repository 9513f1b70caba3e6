"""The generators of torch: seeded inside a fit, untouched outside."""

import threading
from contextlib import contextmanager

import torch

# torch draws initial weights and dropout from one generator a process: fits in
# several threads take turns, so that each gives the same result as alone.
_GENERATOR_LOCK = threading.RLock()


@contextmanager
def isolated_generator(seed):
    """Seed torch inside the block, and leave its generators as they were.

    Parameters
    ----------
    seed : int
        The seed.
    """
    with _GENERATOR_LOCK, torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
