"""Sequences as elements that can be changed, and put back into their container."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklearn_seqattn.inspection.explained import steps_of
from sklearn_seqattn.next_state.base import NextStateMixin
from sklearn_seqattn.next_state.event_features import as_frames
from sklearn_seqattn.preprocessing.output import to_padded
from sklearn_seqattn.sequences import check_sequences
from sklearn_seqattn.sequences.containers import Container, open_container
from sklearn_seqattn.sequences.fitted_input import reads_tokens
from sklearn_seqattn.sequences.frames import is_frame, read_each
from sklearn_seqattn.sequences.nested import nest


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Items:
    """Sequences, one element each, as the user passed them.

    Parameters
    ----------
    elements : list
        Arrays (T_i, D) of numbers, arrays (T_i,) of tokens, or DataFrames of events.
    container : Container
        What they came in.
    channels_first : bool
        Whether arrays of the container have the channels before the steps.
    states : str or None, default=None
        The column of events that holds states, for a next-state model.
    times : str or None, default=None
        The column of events that holds times, for a next-state model.
    static : DataFrame or None, default=None
        The static columns beside the elements, as the user passed them.
    """

    elements: list
    container: Container
    channels_first: bool
    states: str | None = None
    times: str | None = None
    static: pd.DataFrame | None = None

    @property
    def kind(self):
        """What a step is: "numbers", "tokens" or "events"."""
        first = self.elements[0]
        if isinstance(first, pd.DataFrame):
            return "events"
        return "numbers" if first.ndim == 2 else "tokens"

    @property
    def channels(self):
        """The names of the columns of events, or the numbers of channels."""
        if self.kind == "tokens":
            return []
        if self.kind == "events":
            return list(self.elements[0].columns)
        return list(range(self.elements[0].shape[1]))

    @property
    def names(self):
        """What the user calls the channels: the names of columns, where there are."""
        if self.kind == "numbers" and self.container.has_named_channels:
            return self.container.nested.tolist()
        return self.channels

    @property
    def static_columns(self):
        """The names of the static columns."""
        return [] if self.static is None else list(self.static.columns)

    def wrap(self, elements, static=None):
        """Return other elements in a container of the same kind.

        Parameters
        ----------
        elements : list
            Arrays or DataFrames.
        static : DataFrame or None, default=None
            The static columns of each; None takes those of all elements of X.

        Returns
        -------
        X : sequences
        """
        container = self.container
        if self.static is not None:
            return nest(elements, container, static=static)
        if self.kind == "events":
            return elements
        if container.ndim == 2:
            return self._table(np.stack(elements).reshape(len(elements), -1))
        if container.ndim == 3:
            sequences = check_sequences(elements)
            padded = to_padded(sequences, int(sequences.lengths.max()))
            return padded.swapaxes(1, 2) if self.channels_first else padded
        if container.is_texts:
            return [" ".join(tokens) for tokens in elements]
        if self.channels_first and self.kind == "numbers":
            return [x.T for x in elements]
        return elements

    def pick(self, index):
        """Return one sequence in a container of the same kind.

        Parameters
        ----------
        index : int
            Which one.

        Returns
        -------
        X : sequences

        Raises
        ------
        IndexError
            If there is no such sequence.
        """
        n = len(self.elements)
        if not -n <= index < n:
            raise IndexError(f"index={index} is no sequence of X, which has {n}.")
        return self.wrap(*self.copies([self.elements[index]], index))

    def copies(self, elements, index):
        """Return changed copies of one sequence, and its static columns for each."""
        if self.static is None:
            return elements, None
        return elements, self.static.iloc[[index] * len(elements)]

    def _table(self, rows):
        """Return rows as a frame with the columns of X, if X is one."""
        table = self.container.table
        if isinstance(table, pd.DataFrame):
            return pd.DataFrame(rows, columns=table.columns)
        return rows


def read_items(estimator, X):
    """Read sequences in any container that an estimator takes.

    Parameters
    ----------
    estimator : estimator instance
        Fitted; the first step of a Pipeline says whether integers are tokens.
    X : sequences
        As in `fit`.

    Returns
    -------
    items : Items
    """
    steps = steps_of(estimator)
    first, last = steps[0], steps[-1]
    channels_first = getattr(first, "channels_first", False)
    container = open_container(X, channels_first=channels_first)
    frames = _frames(container, last)
    if frames is not None:
        columns = (getattr(last, name, None) for name in ("target", "timestamp"))
        return Items(
            frames, container, channels_first, *columns, static=container.static
        )
    sequences = check_sequences(
        X if container.static is None else container.items,
        tokens=reads_tokens(first) or None,
        channels_first=channels_first,
        allow_empty=True,
    )
    return Items(
        sequences.to_list(), container, channels_first, static=container.static
    )


def _frames(container, last):
    """Return the events of a container as pandas DataFrames, or None."""
    if container.ndim != 1:
        return None
    if isinstance(last, NextStateMixin):
        return as_frames(container.items, last.columns)
    if not is_frame(container.items[0]):
        return None
    return read_each(container.items, "X")
