"""Classes of torch that a model file names: losses and optimizers."""

import sys
from importlib import import_module

#: The public modules, and what makes a class there one of the kind.
_MODULES = {
    "torch.nn": lambda kind: kind.__module__ == "torch.nn.modules.loss",
    "torch.optim": lambda kind: kind.__module__.startswith("torch.optim."),
}


def name_torch_class(value):
    """Return the full name of a loss or an optimizer of torch, or None."""
    if not isinstance(value, type) or "torch" not in sys.modules:
        return None
    names = (f"{module}.{value.__name__}" for module in _MODULES)
    return next((name for name in names if find_torch_class(name) is value), None)


def find_torch_class(name):
    """Return a loss or an optimizer of torch by its full name, or None."""
    module, _, short = name.rpartition(".")
    if module not in _MODULES:
        return None
    found = vars(import_module(module)).get(short)
    is_class = isinstance(found, type)
    return found if is_class and _MODULES[module](found) else None
