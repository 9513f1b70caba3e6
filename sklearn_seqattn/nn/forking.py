"""What keeps a forked child from waiting for threads that it does not have.

A fork copies one thread. Torch's others are gone in the child, and the first
operation that wants them would wait for ever. A child therefore computes with one.
"""

import os

import torch


def _use_one_thread():
    """Make torch compute in the thread that there is."""
    if torch.get_num_threads() > 1:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_use_one_thread)
