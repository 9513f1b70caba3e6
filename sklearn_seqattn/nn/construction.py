"""Construction of networks, whatever the defaults of the torch process are."""

from contextlib import contextmanager

import torch


@contextmanager
def constructing(device):
    """Create parameters and buffers in float32 on a device.

    Parameters
    ----------
    device : str or torch.device
        The device, whatever `torch.set_default_device` says.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)
