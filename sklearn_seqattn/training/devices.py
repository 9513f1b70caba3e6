"""Devices, and the number format in which a network computes."""

from contextlib import nullcontext

import torch


def resolve_device(device):
    """Check a device, and turn "auto" into the best one that torch sees.

    Parameters
    ----------
    device : str or torch.device
        "auto", or a torch device such as "cpu", "cuda" or "cuda:1".

    Returns
    -------
    device : str
        The name of the device, as torch takes it.

    Raises
    ------
    ValueError
        If torch does not see the device.

    Examples
    --------
    >>> import torch
    >>> from sklearn_seqattn.training import resolve_device
    >>> resolve_device(torch.device("cpu"))
    'cpu'
    """
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    best = "cpu" if accelerator is None else accelerator.type
    if isinstance(device, str) and device == "auto":
        return best
    try:
        found = torch.device(device)
    except RuntimeError:  # torch knows no device of that name
        found = None
    if found is None or found.type not in ("cpu", best):
        raise ValueError(
            f"device={str(device)!r} is not available here; torch sees "
            f"{' and '.join(sorted({'cpu', best}))}. Use device='auto' for the best "
            "one."
        )
    n_devices = 1 if found.type == "cpu" else torch.accelerator.device_count()
    if found.index is not None and found.index >= n_devices:
        raise ValueError(
            f"device={str(device)!r} is not available here; the number of devices "
            f"of type {found.type!r} is {n_devices}, and their indices start at 0."
        )
    return str(found)


def move(tensors, device):
    """Move the tensors of a batch to a device.

    Copies to a CUDA device go through pinned memory and do not block.

    Parameters
    ----------
    tensors : Tensor, dict or tuple
        Tensors in main memory, in nested dicts and tuples.
    device : str or torch.device
        The device.

    Returns
    -------
    tensors : Tensor, dict or tuple
        The same structure.
    """
    if isinstance(tensors, dict):
        return {name: move(value, device) for name, value in tensors.items()}
    if isinstance(tensors, tuple):
        return tuple(move(value, device) for value in tensors)
    if torch.device(device).type == "cuda":
        return tensors.pin_memory().to(device, non_blocking=True)
    return tensors.to(device)


def resolve_precision(precision, device):
    """Turn "auto" into the number format that a device computes fastest in.

    Parameters
    ----------
    precision : {"float32", "bfloat16", "auto"}
        "auto" is "bfloat16" where the hardware multiplies matrices of bfloat16, and
        "float32" elsewhere.
    device : str or torch.device
        The device.

    Returns
    -------
    precision : {"float32", "bfloat16"}
    """
    if precision != "auto":
        return precision
    return "bfloat16" if _has_bfloat16(torch.device(device).type) else "float32"


def _has_bfloat16(device_type):
    """Return whether a type of device has instructions for bfloat16."""
    if device_type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device_type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(n, False) for n in ("avx512_bf16", "amx_bf16"))
    return False


def bounded_steps(max_steps, precision):
    """Return how many padded steps pass through a network at once in a format.

    Numbers of bfloat16 take half the memory, so that twice as many steps fit.

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
    """Return the context in which a network computes in a number format.

    Weights, sums over steps, normalizations and losses stay in float32.

    Parameters
    ----------
    precision : {"float32", "bfloat16"}
        The format.
    device : str or torch.device
        The device of the network.

    Returns
    -------
    context : context manager
    """
    if precision == "float32":
        return nullcontext()
    return torch.autocast(torch.device(device).type, torch.bfloat16)
