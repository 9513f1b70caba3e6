"""The generators of torch: seeded inside a fit, untouched outside."""

import os
import threading
from contextlib import contextmanager

import torch

# torch draws initial weights and dropout from one generator a process: fits in
# several threads take turns, so that each gives the same result as alone.
_GENERATOR_LOCK = threading.RLock()


def _renew_lock():
    """Give a forked child a lock that no thread of its parent holds."""
    global _GENERATOR_LOCK
    _GENERATOR_LOCK = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


@contextmanager
def isolated_generator(seed, device="cpu"):
    """Seed torch inside the block, and leave its generators as they were.

    Parameters
    ----------
    seed : int
        The seed.
    device : str, default="cpu"
        Where the block computes; the generators of other devices are not touched.
    """
    device = torch.device(device)
    cuda = [device] if device.type == "cuda" else []
    with _GENERATOR_LOCK, torch.random.fork_rng(devices=cuda):
        torch.default_generator.manual_seed(seed)
        if cuda:
            torch.cuda.manual_seed(seed)
        yield
