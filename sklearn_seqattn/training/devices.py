"""Where a network runs."""

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
