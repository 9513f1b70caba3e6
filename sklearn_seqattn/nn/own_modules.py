"""Modules of the user in a front end or as a pooling, without a name of their own."""

import inspect
import re
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn

from sklearn_seqattn.nn.blocks import Block
from sklearn_seqattn.nn.components import Component
from sklearn_seqattn.nn.masking import length_mask

#: Attributes that every module has.
_OF_TORCH = vars(nn.Module()).keys()
_TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}


def is_module(value):
    """Return whether a value is a module of torch, or a class of such modules."""
    is_class = isinstance(value, type) and issubclass(value, nn.Module)
    return is_class or isinstance(value, nn.Module)


@dataclass(frozen=True, repr=False, eq=False)
class OwnModule(Component):
    """A module of the user, or its class.

    Parameters
    ----------
    module : nn.Module or type
        An instance, of which each network gets a copy, or a class that is called with
        the number of channels C. It maps ``(x, mask)``, of shapes (B, T, C) and (B, T).
    """

    module: object

    def __eq__(self, other):
        return isinstance(other, OwnModule) and _equal(self.module, other.module)

    def __hash__(self):
        return hash(type(self.module))

    def checked(self):
        """Return the component itself; `build` checks the module."""
        return self

    def to_json(self):
        """Raise: a module is code."""
        raise TypeError(f"The module {self!r} is code, which JSON cannot hold.")

    def __repr__(self):
        if isinstance(self.module, type):
            return self.module.__name__
        return " ".join(repr(self.module).split())

    def _built(self, input_size, where):
        """Return a module that belongs to one network."""
        module = self.module
        if isinstance(module, type):
            try:
                return module(input_size)
            except Exception as error:  # modules of users fail anywhere
                raise ValueError(
                    f"{where}: {module.__name__} is a class, but the call "
                    f"{module.__name__}({input_size}), with the number of channels, "
                    f"fails: {error}. Pass an instance, or let it take that number."
                ) from error
        return deepcopy(module).to(device="cpu", dtype=torch.float32)


def _equal(first, second):
    """Return whether two modules have equal weights and attributes, as after a copy."""
    if first is second or isinstance(first, type) or isinstance(second, type):
        return first is second
    if type(first) is not type(second) or attributes_of(first) != attributes_of(second):
        return False
    weights, others = first.state_dict(), second.state_dict()
    return weights.keys() == others.keys() and all(
        torch.equal(weight, others[name]) for name, weight in weights.items()
    )


def attributes_of(module):
    """Return what a module and those inside it hold beside weights, as texts.

    Parameters
    ----------
    module : nn.Module
        The module.

    Returns
    -------
    attributes : list
        For each module its name, its class and its attributes.

    Examples
    --------
    >>> from torch import nn
    >>> from sklearn_seqattn.nn.own_modules import attributes_of
    >>> attributes_of(nn.Softmax(dim=1))
    [('', 'Softmax', {'dim': '1'})]
    """
    found = []
    for name, one in module.named_modules():
        others = {
            key: value for key, value in vars(one).items() if key not in _OF_TORCH
        }
        texts = {k: re.sub(r" at 0x[0-9a-f]+", "", repr(v)) for k, v in others.items()}
        found.append((name, type(one).__name__, texts))
    return found


class OwnBlock(OwnModule, Block):
    """A module of the user as a block of a front end."""

    name = "own"

    @property
    def stride(self):
        """Steps of the input for one of the output."""
        return getattr(self.module, "stride", 1)

    def build(self, input_size, config):
        """Build the module, and the layer around it."""
        own = self._built(input_size, "front_end")
        return OwnLayer(own, check_module(own, input_size, "front_end", of_steps=True))


class OwnPooling(OwnModule):
    """A module of the user as a pooling."""

    name = "own"

    def build(self, input_size, config=None):
        """Build the module, and the pooling around it."""
        own = self._built(input_size, "pooling")
        return OwnPool(own, check_module(own, input_size, "pooling", of_steps=False))


class OwnLayer(nn.Module):
    """A layer around a module that may return its output without a mask.

    Parameters
    ----------
    own : nn.Module
        The module of the user.
    output_size : int
        Channels of its output.
    """

    def __init__(self, own, output_size):
        super().__init__()
        self.own, self.output_size = own, output_size
        self.stride = getattr(own, "stride", 1)

    def forward(self, x, mask):
        """Return the output and its mask."""
        found = self.own(x, mask)
        return found if isinstance(found, tuple) else (found, mask)


class OwnPool(nn.Module):
    """A pooling around a module; parameters as of `OwnLayer`."""

    def __init__(self, own, output_size):
        super().__init__()
        self.own, self.output_size = own, output_size

    def forward(self, x, mask):
        """Return one vector a sequence."""
        return self.own(x, mask)


@torch.no_grad()
def check_module(own, input_size, where, *, of_steps):
    """Return the channels of the output of a module, or refuse the module.

    Parameters
    ----------
    own : nn.Module
        The module of the user.
    input_size : int
        Channels of its input.
    where : str
        The parameter that holds it.
    of_steps : bool
        Whether the output has steps.

    Returns
    -------
    output_size : int

    Raises
    ------
    TypeError, ValueError
        If it does not take a mask, returns another shape, or reads the padding.
    """
    name = f"{where}: {type(own).__name__}"
    try:
        inspect.signature(own.forward).bind(None, None)
    except TypeError:
        raise TypeError(
            f"{name} does not take the mask; its forward must take (x, mask), of "
            "shapes (B, T, C) and (B, T). Write a module around it that does."
        ) from None
    was_training = own.training
    own.eval()
    lengths, generator = torch.tensor([6, 4]), torch.Generator().manual_seed(0)
    # Padded further with other numbers: nothing of it may reach a real step.
    steps = torch.randn(2, 6, input_size, generator=generator)
    nonsense = torch.randn(2, 9, input_size, generator=generator)
    real = length_mask(lengths, 9)
    further = torch.where(
        real[..., None], nn.functional.pad(steps, (0, 0, 0, 3)), nonsense
    )
    pairs = (steps, real[:, :6]), (further, real)
    first, second = (_real_outputs(own, name, *pair, of_steps) for pair in pairs)
    own.train(was_training)
    if first.shape != second.shape or not torch.allclose(first, second, **_TOLERANCE):
        raise ValueError(
            f"{name} changes its output with the padding: the same sequences, padded "
            "with three more steps, get another. Read the steps alone at which the "
            "mask is True."
        )
    return first.shape[-1]


def _real_outputs(own, name, x, mask, of_steps):
    """Return the outputs of the real steps, (S, C'), or of all sequences, (B, C')."""
    given = f"x of the shape {tuple(x.shape)}"
    try:
        found = own(x, mask)
    except Exception as error:  # modules of users fail anywhere
        raise ValueError(f"{name} fails for {given}: {error}") from error
    n_steps = -(-x.shape[1] // getattr(own, "stride", 1))
    wanted = (len(x), n_steps) if of_steps else (len(x),)
    if of_steps and isinstance(found, tuple) and len(found) == 2:
        found, mask = found
    shape = tuple(getattr(found, "shape", ()))
    is_mask = getattr(mask, "dtype", None) == torch.bool
    has_mask = not of_steps or (is_mask and tuple(mask.shape) == wanted)
    if len(shape) != len(wanted) + 1 or shape[:-1] != wanted or not has_mask:
        size = f" of {len(found)}" if isinstance(found, tuple) else ""
        pair = ", or that and its mask," if of_steps else ""
        raise ValueError(
            f"{name} returns {shape or type(found).__name__}{size} for {given}, but "
            f"{(*wanted, 'C')}{pair} is needed."
        )
    if not found.is_floating_point():
        raise ValueError(
            f"{name} returns {found.dtype} for {given} of {x.dtype}, but floating "
            "numbers are needed, which can be trained; return them in x.dtype."
        )
    return found[mask] if of_steps else found
