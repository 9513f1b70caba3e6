"""From sequences of states to streams of symbols, at fit and at prediction."""

from numbers import Integral

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
)

from sklearn_seqattn._estimator import Interval, check_sample_weight
from sklearn_seqattn.next_state.streams import (
    NOTHING,
    Vocabulary,
    columns_of,
    make_streams,
    rows_of,
    warn_unknown,
)
from sklearn_seqattn.sequences import validate_sequences


class StateEncodingMixin:
    """Vocabulary of the states, learnt at fit and applied at prediction.

    Uses the parameters `start_state`, `end_state` and `min_count`; sets
    `classes_`, `end_state_`, `max_length_`, `unknown_mass_` and `vocabulary_`.
    """

    _state_constraints = {
        "start_state": ["boolean"],
        "end_state": ["boolean"],
        "min_count": [Interval(Integral, 1, None, closed="left")],
    }

    def __sklearn_tags__(self):
        """Say that X is sequences of states and that y may be left out."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    @property
    def _end_column(self):
        """Column of the end, or None where it is not learnt."""
        return None if self.end_state_ is None else len(self.classes_) - 1

    def _learn_states(self, X, y, sample_weight, *, first):
        """Learn the vocabulary; return streams, weights and moved columns.

        Sequences of weight zero are left out. The columns say where the classes of
        an earlier fit stand now; None at the first.
        """
        states, lengths, features = self._read_states(X, reset=first)
        if not len(states):
            raise ValueError(
                "X holds empty sequences alone; give some with states to learn from."
            )
        weights = check_sample_weight(sample_weight, lengths, dtype=np.float64)
        if (weights < 0).any() or not weights.any():
            raise ValueError(
                "sample_weight must not be negative, and positive for some sequence."
            )
        last = None if y is None else _check_following(y, len(lengths), states[0])
        kept = np.flatnonzero(weights)
        if len(kept) < len(lengths):
            rows = rows_of((np.cumsum(lengths) - lengths)[kept], lengths[kept])
            states = states[rows]
            features = {name: values[rows] for name, values in features.items()}
            lengths, weights = lengths[kept], weights[kept]
            last = None if last is None else last[kept]
        known = [] if first else self.vocabulary_.states.tolist()
        self._learn_vocabulary(states, lengths, weights, last, first)
        if first:
            self.max_length_ = 0
        self.max_length_ = int(max(self.max_length_, lengths.max()))
        streams = make_streams(
            self.vocabulary_.symbols_of(states),
            lengths,
            self._last_columns(last, len(lengths)),
            has_start=self.start_state,
            features=features,
        )
        if not (streams.following >= 0).any():
            raise ValueError(
                "X has nothing to learn from: no known state follows another. Give "
                "sequences of two states or more, or y, the state that follows each."
            )
        moved = None
        if not first:
            moved = columns_of(self.vocabulary_.symbols_of(known))
            if self.end_state:
                moved = np.append(moved, self._end_column)
        return streams, weights, moved

    def _learn_vocabulary(self, states, lengths, weights, last, first):
        """Count the states of X and y; set the vocabulary and the classes."""
        occurrences = np.repeat(weights, lengths)
        if last is not None:
            goes_on = last != (self._end_label(states) if self.end_state else None)
            states = np.append(states.astype(object), last[goes_on])
            occurrences = np.append(occurrences, weights[goes_on])
        before = None if first else self.vocabulary_
        self.vocabulary_ = Vocabulary.learn(states, occurrences, self.min_count, before)
        self.classes_ = self.vocabulary_.states
        self.unknown_mass_ = self.vocabulary_.unknown_mass
        self.end_state_ = self._end_label(states) if self.end_state else None
        if self.end_state:
            if self.end_state_ in self.vocabulary_.counts.index:
                raise ValueError(
                    f"end_state=True names the end {self.end_state_!r}, but X holds "
                    "such a state; rename it."
                )
            self.classes_ = np.append(self.classes_, self.end_state_)

    @staticmethod
    def _end_label(states):
        """Return the class that stands for the end among such states."""
        return "<end>" if isinstance(states[0], str) else -1

    def _last_columns(self, last, n):
        """Return the column of what follows each of n whole sequences."""
        if last is None:
            end = self._end_column
            return np.full(n, NOTHING if end is None else end)
        columns = columns_of(self.vocabulary_.symbols_of(last))
        if self._end_column is not None:
            columns[last == self.end_state_] = self._end_column
        return columns

    def _encode(self, X, y=None):
        """Return the streams of sequences, and of what follows, at prediction."""
        check_is_fitted(self)
        states, lengths, features = self._read_states(X, reset=False)
        symbols = self.vocabulary_.symbols_of(states)
        warn_unknown(states, symbols)
        following = np.full(len(lengths), NOTHING)
        if y is not None:
            like = self.vocabulary_.states.tolist()[0]
            following = self._last_columns(_check_following(y, len(lengths), like), 0)
        return make_streams(
            symbols, lengths, following, has_start=self.start_state, features=features
        )

    def _read_states(self, X, *, reset):
        """Return the states of X end to end, the lengths, and no further features."""
        empty = [] if reset else _empty_sequences(X)
        if empty and not self.start_state:
            raise ValueError(
                f"X[{empty[0]}] is empty; without a start symbol (start_state=False) "
                "there is nothing to predict from."
            )
        if not empty:
            sequences = validate_sequences(self, X, tokens=True, reset=reset)
            return sequences.values, sequences.lengths, {}
        lengths = np.zeros(len(X), dtype=np.int64)
        if len(empty) == len(X):
            return np.empty(0, dtype=object), lengths, {}
        full = np.setdiff1d(np.arange(len(X)), empty)
        sequences = validate_sequences(
            self, [X[i] for i in full], tokens=True, reset=False
        )
        lengths[full] = sequences.lengths
        return sequences.values, lengths, {}


def _empty_sequences(X):
    """Return the indices of the empty sequences of a list."""
    if not isinstance(X, (list, tuple)):
        return []
    return [i for i, x in enumerate(X) if hasattr(x, "__len__") and len(x) == 0]


def _check_following(y, n, like):
    """Return the n states that follow, as strings or integers like a state of X."""
    y = column_or_1d(y, dtype=object, warn=True)  # object: NaN is to stay NaN
    check_consistent_length(y, np.empty(n))
    following = np.empty(n, dtype=object)
    following[:] = [s.item() if isinstance(s, np.generic) else s for s in y]
    wanted, name = (str, "string") if isinstance(like, str) else (int, "integer")
    for i, state in enumerate(following):
        if not isinstance(state, wanted) or isinstance(state, bool):
            raise ValueError(
                f"y[{i}] is {state!r}, but the states of X are of the kind {name}; y "
                "holds the state that follows each sequence."
            )
    return following
