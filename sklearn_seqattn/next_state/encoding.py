"""Sequences of states, or of events, to streams of ids: at fit and at prediction."""

from numbers import Integral

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
)

from sklearn_seqattn._estimator import Interval, check_sample_weight
from sklearn_seqattn.next_state.event_features import EventFeatures, as_frames
from sklearn_seqattn.next_state.streams import (
    NOTHING,
    columns_of,
    make_streams,
    rows_of,
)
from sklearn_seqattn.preprocessing.state_encoder import warn_unknown
from sklearn_seqattn.preprocessing.vocabulary import UNKNOWN_ID, Vocabulary
from sklearn_seqattn.sequences import validate_sequences
from sklearn_seqattn.sequences.containers import open_container
from sklearn_seqattn.sequences.frames import is_frame


class StateEncodingMixin:
    """Vocabulary of the states, learned at fit and applied at prediction.

    Reads the parameters `start_state`, `end_state`, `min_count`, `target` and
    `columns`; sets `classes_`, `end_state_`, `max_length_`, `unknown_mass_`,
    `vocabulary_` and `events_`.

    An empty sequence is legal if a start symbol is put before each sequence
    (``start_state=True``), at fit and at prediction.
    """

    _state_constraints = {
        "start_state": ["boolean"],
        "end_state": ["boolean"],
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "target": [str, None],
        "columns": ["array-like", None],
    }

    @property
    def _min_count(self):
        """How often a state must be seen to be known."""
        return self.min_count

    #: Whether the features of events besides the state are used.
    _uses_features = False
    #: Whether only what follows last in each sequence is learned.
    _last_only = False

    def __sklearn_tags__(self):
        """Return the tags: X is sequences of states, and y is optional."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    @property
    def _end_column(self):
        """Column of the end, or None where it is not learned."""
        return None if self.end_state_ is None else len(self.classes_) - 1

    def _learn_states(self, X, y, sample_weight, *, first):
        """Learn the vocabulary; return streams, weights and moved columns.

        Sequences of weight zero are left out. The moved columns are the present ones
        of the classes of an earlier fit; None at the first.
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
        known = None if first else self.vocabulary_.states
        self._learn_vocabulary(states, lengths, weights, last, first)
        longest = 0 if first else self.max_length_
        self.max_length_ = int(max(longest, lengths.max()))
        streams = make_streams(
            self.vocabulary_.ids_of(states),
            lengths,
            self._last_columns(last, len(lengths)),
            has_start=self.start_state,
            features=features,
        )
        if not (streams.targets(last_only=self._last_only) >= 0).any():
            raise ValueError(
                "X has nothing to learn from: no known state follows another. Give "
                "sequences of two states or more, or y, the state that follows each."
            )
        return streams, weights, None if first else self._moved_columns(known)

    def _moved_columns(self, known):
        """Return the present columns of the classes of an earlier fit."""
        moved = columns_of(self.vocabulary_.ids_of(known))
        return np.append(moved, self._end_column) if self.end_state else moved

    def _learn_vocabulary(self, states, lengths, weights, last, first):
        """Count the states of X and y; set the vocabulary and the classes."""
        occurrences = np.repeat(weights, lengths)
        if last is not None:
            goes_on = last != (_end_label(states) if self.end_state else None)
            states = np.append(states.astype(object), last[goes_on])
            occurrences = np.append(occurrences, weights[goes_on])
        before = None if first else self.vocabulary_
        self.vocabulary_ = Vocabulary.learn(
            states, occurrences, self._min_count, before
        )
        self.classes_ = self.vocabulary_.states
        self.unknown_mass_ = self.vocabulary_.unknown_mass
        self.end_state_ = _end_label(states) if self.end_state else None
        if self.end_state:
            if self.end_state_ in self.vocabulary_.counts.index:
                raise ValueError(
                    f"end_state=True names the end {self.end_state_!r}, but X holds "
                    "such a state; rename it."
                )
            self.classes_ = np.append(self.classes_, self.end_state_)

    def _last_columns(self, last, n):
        """Return the column of what follows each of n whole sequences."""
        if last is None:
            end = self._end_column
            return np.full(n, NOTHING if end is None else end)
        columns = columns_of(self.vocabulary_.ids_of(last))
        if self._end_column is not None:
            columns[last == self.end_state_] = self._end_column
        return columns

    def _encode(self, X, y=None, *, states_alone=False, warns=True):
        """Return the streams of sequences, and of what follows, at prediction.

        With `states_alone` sequences of states are read although the model was fitted
        on events; their other features are those of unknown events. `warns` says
        whether unknown states give a warning.
        """
        check_is_fitted(self)
        states, lengths, features = self._read_states(
            X, reset=False, states_alone=states_alone
        )
        ids = self.vocabulary_.ids_of(states)
        if warns:
            warn_unknown(states[ids == UNKNOWN_ID], stacklevel=3)
        following = np.full(len(lengths), NOTHING)
        if y is not None:
            like = self.vocabulary_.states.tolist()[0]
            following = self._last_columns(_check_following(y, len(lengths), like), 0)
        return make_streams(
            ids, lengths, following, has_start=self.start_state, features=features
        )

    def _read_states(self, X, *, reset, states_alone=False):
        """Return the states (S,), the lengths (n,) and the encoded other features."""
        container = open_container(X)
        frames = None
        if container.is_list:
            frames = as_frames(container.items, self.columns)
        if reset:
            self._check_target(X, frames)
            self.events_ = None
            if frames is not None:
                timestamp = self.timestamp if self._uses_features else None
                self.events_ = EventFeatures(self.target, timestamp)
        if self.events_ is None:
            return *self._validate_states(container, reset=reset), {}
        if frames is None and states_alone:
            states, lengths = self._validate_states(container, reset=False)
            return states, lengths, self._unknown_features(len(states))
        if frames is None:
            _refuse_one_frame(X)
            frames = self.events_.empty(container.items)
        elif not self._uses_features:
            frames = [_only(frame, self.target) for frame in frames]
        states, events = self.events_.split(frames)
        states, lengths = self._validate_states(states, reset=reset)
        if reset:
            self.events_.fit(events, lengths)
        return states, lengths, self.events_.transform(events, lengths)

    def _validate_states(self, X, *, reset):
        """Return the states of plain sequences (S,) and the lengths (n,)."""
        sequences = validate_sequences(
            self, X, tokens=True, allow_empty=True, reset=reset
        )
        is_empty = sequences.lengths == 0
        if is_empty.any() and not self.start_state:
            raise ValueError(
                f"X[{is_empty.argmax()}] is empty; without a start symbol "
                "(start_state=False) there is nothing to predict from."
            )
        return sequences.values, sequences.lengths

    def _check_target(self, X, frames):
        """Raise unless a target is named exactly where X is events."""
        if frames is not None and self.target is None:
            raise ValueError(
                "X holds events with the columns "
                f"{list(frames[0].columns)}; set target= to the one to predict."
            )
        if frames is None and self.target is not None:
            _refuse_one_frame(X)
            raise ValueError(
                f"target={self.target!r} names a column, but X holds no DataFrames "
                "or lists of tuples; pass events, or set target=None."
            )

    def _unknown_features(self, n):
        """Return the encoded features of n unknown events: zeros."""
        _, no_events = self.events_.split(self.events_.empty([[]]))
        encoded = self.events_.transform(no_events, np.zeros(1, dtype=np.int64))
        return {
            name: np.zeros((n, *values.shape[1:]), values.dtype)
            for name, values in encoded.items()
        }


def _end_label(states):
    """Return the class of the end among such states."""
    return "<end>" if isinstance(states[0], str) else -1


def _only(frame, column):
    """Return the frame with one of its columns alone, if it has it."""
    return frame[[column]] if column in frame.columns else frame


def _refuse_one_frame(X):
    """Raise for one sequence of events that is not in a list."""
    if is_frame(X):
        raise TypeError(
            "X is one table, but a list of tables is expected, one a sequence of "
            "events: split a long table by events_to_sequences(X, id=...); for one "
            "sequence pass [X]."
        )


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
