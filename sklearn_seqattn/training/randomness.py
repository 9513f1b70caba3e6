"""The state of torch in this process: set inside a fit, restored afterwards."""

import os
import threading
from contextlib import ExitStack, contextmanager

import torch

# Torch draws initial weights and dropout from one generator a process, and has one
# default dtype: fits in several threads take turns, so that each gives the same
# result as alone. A forked child makes a lock of its own, because the thread that
# holds its parent's lock does not exist there.
_LOCKS = {}

_last_pid = os.getpid()


def use_one_thread_in_forked_child():
    """Set torch to one thread where this process is a forked child.

    A fork copies one thread. The other threads of torch do not exist in the child, and
    an operation that waits for them would never end. Every fit and prediction calls
    this first. The first call in a child sets one thread; what the user sets afterwards
    stays.
    """
    global _last_pid
    if os.getpid() != _last_pid:
        _last_pid = os.getpid()
        torch.set_num_threads(1)


@contextmanager
def isolated_torch(seed, device="cpu"):
    """Fix all settings of torch that a fit depends on, and restore them afterwards.

    Inside the block torch is seeded, new tensors are float32 on the CPU by default,
    gradients are recorded, and autocast is off. The generators of devices other than
    the CPU and `device` are not touched. One thread at a time is inside.

    Parameters
    ----------
    seed : int
        The seed.
    device : str or torch.device, default="cpu"
        The device on which the block computes.
    """
    use_one_thread_in_forked_child()
    device = torch.device(device)
    accelerators = [] if device.type == "cpu" else [device]
    with ExitStack() as stack:
        stack.enter_context(_LOCKS.setdefault(os.getpid(), threading.RLock()))
        stack.enter_context(_default_dtype(torch.float32))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(_default_settings(device))
        kind = "cuda" if device.type == "cpu" else device.type
        stack.enter_context(torch.random.fork_rng(accelerators, device_type=kind))
        torch.default_generator.manual_seed(seed)
        if accelerators:
            stack.enter_context(torch.accelerator.device_index(device.index))
            torch.get_device_module(device).manual_seed(seed)
        yield


@contextmanager
def predicting(device="cpu"):
    """Record no gradients in the block, and compute as a fit does.

    New tensors are on the CPU by default, and autocast is off. All of this is state
    of the thread, so that several threads predict at the same time.

    Parameters
    ----------
    device : str or torch.device, default="cpu"
        The device on which the block computes.
    """
    use_one_thread_in_forked_child()
    with torch.inference_mode(), _default_settings(torch.device(device)):
        yield


@contextmanager
def _default_dtype(dtype):
    """Set the dtype of new tensors inside the block."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _default_settings(device):
    """Make the CPU the default device, and switch autocast off, where needed.

    An active default device slows every call of torch down, also that of the CPU.
    """
    with ExitStack() as stack:
        if torch.empty(0).device.type != "cpu":
            stack.enter_context(torch.device("cpu"))
        for kind in {"cpu", device.type}:
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        return stack.pop_all()
