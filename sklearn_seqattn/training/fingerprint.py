"""Describe what the result of a fit depends on, by short texts and digests."""

import re
from hashlib import blake2b
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from torch import nn

from sklearn_seqattn.nn.own_modules import attributes_of
from sklearn_seqattn.sequences import Sequences
from sklearn_seqattn.sequences.array_list import blocks_of

_ROWS_AT_ONCE = 2**16  # converted to float64 at a time

#: Parameters that change nothing in the epochs so far, or cannot be compared.
_NOT_COMPARED = {
    "callbacks",
    "checkpoint",
    "device",
    "max_epochs",
    "max_time",
    "verbose",
}


def describe_params(params):
    """Return a short text for each parameter of an estimator.

    Parameters
    ----------
    params : dict
        As `get_params` gives them.

    Returns
    -------
    described : dict of str to str
        Without parameters that do not change the result, and without a `random_state`
        that is no integer.

    Examples
    --------
    >>> from sklearn_seqattn.training.fingerprint import describe_params
    >>> describe_params({"lr": 0.1, "verbose": 1, "random_state": None})
    {'lr': '0.1'}
    """
    return {
        name: _describe(value)
        for name, value in params.items()
        if name.partition("__")[0] not in _NOT_COMPARED
        and name.rpartition("__")[2] != "memory"
        and (name != "random_state" or isinstance(value, Integral))
    }


def digest(*parts):
    """Return a short text that differs where the values of arrays differ.

    Parameters
    ----------
    *parts : ndarray, DataFrame, Sequences or None
        The arrays; of sequences, their steps end to end.

    Returns
    -------
    text : str

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.training.fingerprint import digest
    >>> digest(np.arange(3)) == digest(np.arange(3))
    True
    >>> digest(np.arange(3)) == digest(np.arange(4))
    False
    """
    state = blake2b(digest_size=8)
    for part in parts:
        if isinstance(part, Sequences):
            if part.kind == "numeric":
                _update_by_blocks(state, part)
                continue
            part = part.joined().values
        if isinstance(part, pd.DataFrame):
            part = pd.util.hash_pandas_object(part, index=False).to_numpy()
        elif part is not None and part.dtype == object:
            part = pd.util.hash_array(part)
        if part is not None:
            _update(state, part)
    return state.hexdigest()


def _update(state, array):
    """Add an array to a hash; the same numbers in another dtype are the same."""
    state.update(f"{array.dtype.kind in 'biuf'} {array.shape}".encode())
    if array.dtype.kind not in "biuf" or array.dtype == np.uint64:  # text, hashes
        state.update(np.ascontiguousarray(array))
        return
    array = np.atleast_1d(array)
    for start in range(0, len(array), _ROWS_AT_ONCE):
        state.update(_bytes_of(array[start : start + _ROWS_AT_ONCE]))


def _update_by_blocks(state, sequences):
    """Add the steps of sequences of numbers, as `_update` adds an array of them."""
    shape = int(sequences.lengths.sum()), *sequences.values.shape[1:]
    state.update(f"True {shape}".encode())
    starts = sequences.starts
    for steps in blocks_of(sequences.values, starts, starts + sequences.lengths):
        state.update(_bytes_of(steps))


def _bytes_of(numbers):
    """Return numbers in one dtype and memory order, without -0.0."""
    return np.ascontiguousarray(numbers, dtype="<f8") + 0.0


def _describe(value):
    """Return a text for one value: of arrays a digest, of objects no address."""
    if isinstance(value, np.ndarray | pd.DataFrame | pd.Series | pd.Index):
        return f"an array {digest(np.asarray(value))}"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, BaseEstimator) and hasattr(value, "memory"):
        # where results are kept changes none
        value = clone(value).set_params(memory=None)
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
    text += "".join(map(_describe_module, _modules_in(value)))
    return text if len(text) < 80 else f"{text[:60]}... {digest(np.array([text]))}"


def _modules_in(value):
    """Return the modules of torch in a value or in nested lists."""
    if isinstance(value, nn.Module):
        return [value]
    if not isinstance(value, list | tuple):
        return []
    return [module for one in value for module in _modules_in(one)]


def _describe_module(module):
    """Return a text for the attributes and the weights of a module."""
    weights = [x.detach().cpu().numpy() for x in module.state_dict().values()]
    return f" {attributes_of(module)} {digest(*weights)}"
