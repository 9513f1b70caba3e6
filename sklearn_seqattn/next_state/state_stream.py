"""One sequence of states that is told state by state."""

import numpy as np
import pandas as pd

from sklearn_seqattn.next_state.streams import NOTHING, StateStreams
from sklearn_seqattn.preprocessing.vocabulary import UNKNOWN_ID
from sklearn_seqattn.sequences.steps import StepReader


class StateStream:
    """One sequence that is told state by state.

    `NextStateLSTM.stream` returns it. It keeps the states of the network, so that each
    state is read once.

    Parameters
    ----------
    model : NextStateLSTM
        Fitted.
    """

    def __init__(self, model):
        self._model = model
        self._steps = StepReader()
        self._ahead = None  # continuations of the sequence so far
        self._has_warned = False  # of an unknown state, once a stream

    @property
    def n_steps(self):
        """States pushed so far."""
        return self._steps.n_steps

    def push(self, state):
        """Add a state, and return what may follow now.

        Parameters
        ----------
        state : str, int, dict, tuple, Series or DataFrame
            The next state; or the next event, as a dict, a tuple in the order of
            `columns`, a Series or a table of one row.

        Returns
        -------
        ndarray of shape (n_classes,)
            The row that `predict_proba` returns for all states so far. The first
            unknown state of a stream gives a warning.

        Raises
        ------
        ValueError, TypeError
            If it is no such state or event. The stream stays as it was then.
        """
        model = self._model
        if model.events_ is not None and isinstance(state, tuple):
            state = pd.DataFrame([state], columns=model.columns)
        sequence = self._steps.read(state)
        encoded = model._encode([sequence], warns=not self._has_warned)
        if self._ahead is None:
            ahead = model._continuations(encoded)
        else:
            ahead = self._ahead.followed_by(self._longer(encoded))
        log_proba = ahead.log_proba()
        self._ahead = ahead
        self._has_warned |= bool((encoded.ids == UNKNOWN_ID).any())
        self._steps.keep(sequence)
        return np.exp(log_proba[0])

    def _longer(self, encoded):
        """Return the sequence with one more state; no more of it than is needed."""
        before, n = self._ahead.streams, self._model._states_to_mix
        kept = slice(0 if n is None else max(0, len(before.ids) - n + 1), None)
        ids = np.append(before.ids[kept], encoded.ids[-1:])
        features = {
            name: np.concatenate([values[kept], encoded.features[name][-1:]])
            for name, values in before.features.items()
        }
        lengths, following = np.array([len(ids)]), np.full(len(ids), NOTHING)
        return StateStreams(ids, lengths, following, before.has_start, features)
