"""Features of the steps around a step: numbers in a window, indicators of words."""

import re

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer


class Windows:
    """The positions of the steps around each step, in flat storage.

    Parameters
    ----------
    lengths : ndarray of shape (n,)
        The steps of each sequence, which follow each other.
    """

    def __init__(self, lengths):
        stops = np.cumsum(lengths)
        self.first = np.repeat(stops - lengths, lengths)
        self.last = np.repeat(stops - 1, lengths)

    def shifted(self, rows, shift):
        """Return the steps that are `shift` after some steps, and which exist."""
        wanted = rows + shift
        found = np.clip(wanted, self.first[rows], self.last[rows])
        return found, found == wanted


class _Window:
    """How far features read before and after a step."""

    def __init__(self, size, looks_ahead=True):
        self.size, self.looks_ahead = size, looks_ahead

    @property
    def shifts(self):
        """Where the steps of a window are, from the step to label on."""
        return range(-self.size, self.size * self.looks_ahead + 1)


class NumberWindows(_Window):
    """Turn numeric steps into the values around each, and how much they vary.

    Beyond an end of the sequence, its first or last step is repeated.

    Parameters
    ----------
    size : int
        Steps before and after a step.
    looks_ahead : bool, default=True
        Whether the steps after it are read.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.windows.features import NumberWindows
    >>> steps, lengths = np.array([[1.0], [2.0], [6.0]]), np.array([3])
    >>> NumberWindows(1).transform(steps, lengths, np.arange(3)).round(1)
    array([[1. , 1. , 2. , 0.5],
           [1. , 2. , 6. , 2.2],
           [2. , 6. , 6. , 1.9]])
    """

    def fit(self, steps, lengths, rows):
        """Return the features themselves; there is nothing to learn."""
        return self

    def transform(self, steps, lengths, rows):
        """Return the features of some steps.

        Parameters
        ----------
        steps : ndarray of shape (S, D)
            The steps of all sequences.
        lengths : ndarray of shape (n,)
            Steps of each sequence.
        rows : ndarray of shape (m,), int64
            The steps whose features are wanted.

        Returns
        -------
        features : ndarray of shape (m, n_features), float64
        """
        windows = Windows(lengths)
        places = [windows.shifted(rows, shift)[0] for shift in self.shifts]
        values = np.stack([steps[place] for place in places], axis=1, dtype=np.float64)
        spread = values.std(axis=1)
        return np.hstack([values.reshape(len(rows), -1), spread])


class TokenWindows(_Window):
    """Turn tokens into indicators of the words around each.

    Indicators of fewer than two training steps are left out, unless no others remain.

    Parameters
    ----------
    size : int
        Steps before and after a step.
    looks_ahead : bool, default=True
        Whether the steps after it are read.

    Attributes
    ----------
    counter_ : CountVectorizer
        Knows the indicators of a word by itself.
    kept_ : ndarray of shape (n_features,), int64
        Which of the indicators of all words of a window are features.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.windows.features import TokenWindows
    >>> words, rows = np.array(["a", "b", "a"], dtype=object), np.arange(3)
    >>> features = TokenWindows(0).fit(words, np.array([2, 1]), rows)
    >>> features.transform(words, np.array([2, 1]), rows).toarray().sum(axis=1)
    array([4., 3., 4.])
    """

    def fit(self, steps, lengths, rows):
        """Learn the indicators of the words around some steps.

        Parameters
        ----------
        steps, lengths, rows : ndarray
            As in `transform`.

        Returns
        -------
        TokenWindows
            The features themselves.
        """
        self.counter_ = _counter().fit(np.unique(steps).tolist())
        found = self._indicators(steps, lengths, rows)
        counts = found.sum(axis=0)
        often = counts > 1
        self.kept_ = np.flatnonzero(often if often.any() else counts > 0)
        return self

    @classmethod
    def restore(cls, size, looks_ahead, terms, kept):
        """Return fitted features from what they have learned.

        Parameters
        ----------
        size, looks_ahead : int and bool
            As in the class.
        terms : ndarray of str
            The indicators of a word.
        kept : ndarray of int
            As the attribute `kept_`.

        Returns
        -------
        TokenWindows
        """
        features = cls(size, looks_ahead)
        features.counter_, features.kept_ = _counter(terms), kept
        return features

    def transform(self, steps, lengths, rows):
        """Return the features of some steps.

        Parameters
        ----------
        steps : ndarray of shape (S,)
            The tokens of all sequences.
        lengths : ndarray of shape (n,)
            Steps of each sequence.
        rows : ndarray of shape (m,), int64
            The steps whose features are wanted.

        Returns
        -------
        features : csr_array of shape (m, n_features), float64
        """
        return self._indicators(steps, lengths, rows)[:, self.kept_]

    def _indicators(self, steps, lengths, rows):
        """Return the indicators of all words of each window, side by side."""
        words, ids = np.unique(steps, return_inverse=True)
        table = self.counter_.transform(words.tolist())
        # One more column and row: a place before or after the sequence.
        table = sparse.block_diag([table, np.ones((1, 1))], format="csr")
        windows, blocks = Windows(lengths), []
        for shift in self.shifts:
            places, exists = windows.shifted(rows, shift)
            blocks.append(table[np.where(exists, ids[places], len(words))])
        return sparse.hstack(blocks, format="csr")


def _counter(terms=None):
    """Return a counter of the indicators of words."""
    return CountVectorizer(
        analyzer=describe_token, vocabulary=terms, binary=True, dtype=np.float64
    )


def describe_token(token):
    """Return the indicators of a token.

    Parameters
    ----------
    token : str or int
        The token.

    Returns
    -------
    indicators : list of str

    Examples
    --------
    >>> from sklearn_seqattn.windows.features import describe_token
    >>> describe_token("Abc2")
    ['=abc2', '^abc', '^ab', '^a', '$bc2', '$c2', '$2', '#Xx9', '@Xxx9', '+4']
    """
    if not isinstance(token, str):
        return [f"={token}"]
    lower, kinds = token.lower(), _kinds(token)
    lengths = [n for n in (4, 3, 2, 1) if n < len(token)]
    # The first kinds and the length tell more of words that were never seen than the
    # shape, in which what is repeated stands once.
    return [
        f"={lower}",
        *(f"^{lower[:n]}" for n in lengths),
        *(f"${lower[-n:]}" for n in lengths),
        "#" + re.sub(r"(.)\1+", r"\1", kinds),
        f"@{kinds[:8]}",
        f"+{min(len(token), 10)}",
    ]


def _kinds(word):
    """Return a word with X for capitals, x for other letters and 9 for digits."""
    kinds = ["X" if c.isupper() else "x" if c.isalpha() else c for c in word]
    return "".join("9" if c.isdigit() else c for c in kinds)
