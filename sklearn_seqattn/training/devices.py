"""Where a network runs."""

from contextlib import nullcontext

import torch


def resolve_device(device):
    """Turn "auto" into the best device there is.

    Parameters
    ----------
    device : str
        "auto" or the name of a torch device.

    Returns
    -------
    device : str

    Raises
    ------
    ValueError
        If torch does not have the device.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if device == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    kind = device.partition(":")[0]
    if not {"cpu": True, "cuda": cuda, "mps": mps}.get(kind, False):
        raise ValueError(
            f"device={device!r} is not available to torch here; use device='auto' "
            "for the best one there is."
        )
    return device


def move(tensors, device):
    """Bring the tensors of a batch to a device.

    To a GPU they go through pinned memory, while the computer goes on.

    Parameters
    ----------
    tensors : Tensor, dict or tuple
        Tensors in main memory, in nested dicts and tuples.
    device : str
        Where to.

    Returns
    -------
    tensors : Tensor, dict or tuple
        Of the same structure.
    """
    if isinstance(tensors, dict):
        return {name: move(value, device) for name, value in tensors.items()}
    if isinstance(tensors, tuple):
        return tuple(move(value, device) for value in tensors)
    if torch.device(device).type == "cuda":
        return tensors.pin_memory().to(device, non_blocking=True)
    return tensors.to(device)


PRECISIONS = ("float32", "bfloat16", "auto")


def resolve_precision(precision, device):
    """Turn "auto" into the format that a device computes best in.

    Parameters
    ----------
    precision : {"float32", "bfloat16", "auto"}
        "auto" is "bfloat16" where the hardware multiplies matrices of it, and
        "float32" elsewhere.
    device : str
        A torch device.

    Returns
    -------
    precision : {"float32", "bfloat16"}
    """
    if precision != "auto":
        return precision
    return "bfloat16" if _has_bfloat16(torch.device(device).type) else "float32"


def _has_bfloat16(kind):
    """Tell whether a kind of device has instructions for bfloat16."""
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if kind == "cpu":
        # torch has no public name for it in all of its versions.
        checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, name, bool)() for name in checks)
    return False


def bounded_steps(max_steps, precision):
    """Give how many steps go through a network at once in a format.

    Numbers of bfloat16 take half the memory: twice as many of them are as much, and
    there is more to multiply at once.

    Parameters
    ----------
    max_steps : int
        The bound for float32.
    precision : {"float32", "bfloat16"}
        The format.

    Returns
    -------
    max_steps : int
    """
    return 2 * max_steps if precision == "bfloat16" else max_steps


def computing_in(precision, device):
    """Make the context in which a network computes in a format.

    Weights, sums over steps, normalisations and losses stay in float32.

    Parameters
    ----------
    precision : {"float32", "bfloat16"}
        The format.
    device : str or torch.device
        Where the network is.

    Returns
    -------
    context : context manager
    """
    if precision == "float32":
        return nullcontext()
    return torch.autocast(torch.device(device).type, torch.bfloat16)
