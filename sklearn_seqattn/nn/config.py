"""Networks that know the plain numbers they were built from."""

from functools import wraps

from torch import nn


def remembers_numbers(build):
    """Make a builder keep its arguments on the network, as the attribute `numbers`.

    Parameters
    ----------
    build : callable
        Takes keyword arguments and returns a module.

    Returns
    -------
    build : callable
        The same; `numbers` of what it returns is a dict of all arguments that are
        no modules themselves.

    Examples
    --------
    >>> from torch import nn
    >>> from sklearn_seqattn.nn.config import remembers_numbers
    >>> @remembers_numbers
    ... def build_layer(*, size):
    ...     return nn.Linear(size, size)
    >>> build_layer(size=3).numbers
    {'size': 3}
    """

    @wraps(build)
    def build_and_remember(**numbers):
        network = build(**numbers)
        network.numbers = {
            name: value
            for name, value in numbers.items()
            if not isinstance(value, nn.Module)
        }
        return network

    return build_and_remember
