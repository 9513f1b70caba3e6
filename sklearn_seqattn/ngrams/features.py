"""Weigh the n-grams of token sequences by tf-idf."""

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from sklearn_seqattn._progress import counted, ignore


class NGramFeatures:
    """Turn token sequences into tf-idf weights of their n-grams.

    The n-grams of tokens and those of characters are vectors of length one, side by
    side. N-grams of a single training sequence are left out, unless no others remain.

    Parameters
    ----------
    ngram_range : tuple (low, high)
        The numbers of tokens in a row that are counted.
    char_ngram_range : tuple (low, high) or None
        The numbers of characters in a row that are counted inside tokens, with a
        space before and after each token; None counts none.

    Attributes
    ----------
    counters_ : list of CountVectorizer
        One for tokens, and one for characters where they are counted.
    idf_ : list of ndarray
        The inverse document frequency of each n-gram, one array a counter.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.ngrams.features import NGramFeatures
    >>> from sklearn_seqattn.sequences import check_sequences
    >>> X = check_sequences([[3, 4], [4, 4, 5]], tokens=True)
    >>> features = NGramFeatures((1, 2), None)
    >>> features.fit_transform(X, np.ones(2)).toarray()
    array([[1.], [1.]])
    >>> features.counters_[0].get_feature_names_out()
    array(['4'], dtype=object)
    """

    def __init__(self, ngram_range, char_ngram_range):
        self.ngram_range = ngram_range
        self.char_ngram_range = char_ngram_range

    def fit_transform(self, sequences, weights, advance=ignore):
        """Learn the n-grams, how many sequences hold each, and return the weights.

        Parameters
        ----------
        sequences : Sequences
            n distinct sequences of tokens.
        weights : ndarray of shape (n,)
            The weight of each; their mean is 1.
        advance : callable, optional
            Called for each sequence that was read, once by each counter.

        Returns
        -------
        features : csr_array of shape (n, n_features)
            As `transform` returns them.

        Raises
        ------
        ValueError
            If all sequences are shorter than the shortest n-gram.
        """
        shortest, longest = self.ngram_range[0], int(sequences.lengths.max())
        if longest < shortest:
            raise ValueError(
                f"ngram_range={self.ngram_range} starts at {shortest} tokens, but the "
                f"longest sequence has {longest}; set a lower start."
            )
        n_counters = 1
        if self.char_ngram_range is not None and sequences.values.dtype == object:
            n_counters = 2
        documents, terms, blocks = _documents(sequences), [], []
        for counter in self._counters([None] * n_counters):
            counts = counter.fit_transform(counted(documents, advance))
            kept = _repeated(counts)
            terms.append(counter.get_feature_names_out()[kept])
            blocks.append(counts[:, kept])
        self.counters_ = self._counters(terms)
        self.idf_ = [_inverse_frequencies(counts, weights) for counts in blocks]
        return self._weighted(blocks)

    @classmethod
    def restore(cls, ngram_range, char_ngram_range, terms, idf):
        """Return fitted features from what they have learned.

        Parameters
        ----------
        ngram_range, char_ngram_range
            As in the class.
        terms : list of ndarray of str
            The n-grams of tokens, and those of characters where they are counted.
        idf : list of ndarray of float
            Their inverse document frequencies.

        Returns
        -------
        NGramFeatures
        """
        features = cls(ngram_range, char_ngram_range)
        features.counters_, features.idf_ = features._counters(terms), idf
        return features

    def _counters(self, terms):
        """Return a counter of the given n-grams of tokens, and one of characters."""
        tokens = CountVectorizer(
            tokenizer=list,
            token_pattern=None,
            lowercase=False,
            ngram_range=tuple(self.ngram_range),
            vocabulary=terms[0],
            dtype=np.float64,
        )
        if len(terms) == 1:
            return [tokens]
        characters = CountVectorizer(
            analyzer="char_wb",
            preprocessor=" ".join,
            ngram_range=tuple(self.char_ngram_range),
            vocabulary=terms[1],
            dtype=np.float64,
        )
        return [tokens, characters]

    def transform(self, sequences, advance=ignore):
        """Return the tf-idf weights of the n-grams that `fit` saw.

        Parameters
        ----------
        sequences : Sequences
            m sequences of tokens.
        advance : callable, optional
            As in `fit_transform`.

        Returns
        -------
        features : csr_array of shape (m, n_features)
            An empty sequence, or one of unknown n-grams, has none.
        """
        documents = _documents(sequences)
        return self._weighted(
            [c.transform(counted(documents, advance)) for c in self.counters_]
        )

    def _weighted(self, blocks):
        """Return counts, a matrix a counter, as vectors of length one side by side."""
        weighted = [
            normalize(counts @ sparse.diags_array(idf))
            for counts, idf in zip(blocks, self.idf_, strict=True)
        ]
        return sparse.hstack(weighted, format="csr")


def _repeated(counts):
    """Return which n-grams occur in several sequences; all if none does."""
    repeated = (counts > 0).sum(axis=0) > 1
    return np.flatnonzero(repeated if repeated.any() else np.ones_like(repeated))


def _inverse_frequencies(counts, weights):
    """Return the logarithm of how rare the sequences with each n-gram are, plus 1."""
    frequencies = weights @ (counts > 0)
    return np.log((1 + len(weights)) / (1 + frequencies)) + 1


def _documents(sequences):
    """Return each sequence as a list of strings."""
    return [list(map(str, tokens.tolist())) for tokens in sequences.to_list()]
