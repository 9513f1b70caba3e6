"""Use one torch thread in forked children.

A fork copies one thread. The other threads of torch do not exist in the child, and an
operation that waits for them would never end.
"""

import os

import torch

_last_pid = os.getpid()


def use_one_thread_in_forked_child():
    """Set torch to one thread where this process is a forked child.

    Every fit and prediction calls it first. The first call in a child sets one thread;
    what the user sets afterwards stays.
    """
    global _last_pid
    if os.getpid() != _last_pid:
        _last_pid = os.getpid()
        torch.set_num_threads(1)
