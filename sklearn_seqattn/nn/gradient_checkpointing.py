"""Gradient checkpointing: compute inner values again in the backward pass.

`torch.utils.checkpoint` does the same, but its first call loads torch's compiler, which
takes more than a second.
"""

import torch


def checkpointed(function, parameters, *inputs):
    """Call a function without keeping its inner values for the backward pass.

    Parameters
    ----------
    function : callable
        Deterministic; from tensors to a tensor or a tuple of them.
    parameters : iterable of Parameter
        Parameters that the function uses besides its inputs.
    *inputs : Tensor
        Its arguments.

    Returns
    -------
    outputs : Tensor or tuple of Tensor
        What the function returns.

    References
    ----------
    T. Chen, B. Xu, C. Zhang and C. Guestrin, "Training deep nets with sublinear memory
    cost", 2016.
    """
    if not torch.is_grad_enabled():
        return function(*inputs)
    device = inputs[0].device.type
    autocast = {
        "device_type": device,
        "dtype": torch.get_autocast_dtype(device),
        "enabled": torch.is_autocast_enabled(device),
    }
    return _Checkpointed.apply(function, autocast, len(inputs), *inputs, *parameters)


class _Checkpointed(torch.autograd.Function):
    """One node of the graph in place of those of the function."""

    @staticmethod
    def forward(ctx, function, autocast, n_inputs, *tensors):
        ctx.function, ctx.autocast, ctx.n_inputs = function, autocast, n_inputs
        ctx.save_for_backward(*tensors)
        return function(*tensors[:n_inputs])

    @staticmethod
    def backward(ctx, *gradients):
        tensors = ctx.saved_tensors
        inputs = [
            x.detach().requires_grad_(x.requires_grad) for x in tensors[: ctx.n_inputs]
        ]
        with torch.enable_grad(), torch.autocast(**ctx.autocast):
            outputs = ctx.function(*inputs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        sources = [*inputs, *tensors[ctx.n_inputs :]]
        wanted = [x for x in sources if x.requires_grad]
        found = iter(torch.autograd.grad(outputs, wanted, gradients, allow_unused=True))
        return (
            *(None, None, None),
            *(next(found) if x.requires_grad else None for x in sources),
        )
