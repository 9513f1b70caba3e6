"""The partner of a network that reads tokens: n-grams and a linear model."""

from numbers import Integral

from sklearn.base import BaseEstimator


class NGrams(BaseEstimator):
    """N-grams of tokens with a linear model, for ``blend``.

    A sequence becomes a vector of its n-grams, weighted by tf-idf [1]_. A linear model
    reads it: logistic regression for classes and labels, ridge regression for numbers.
    Its strength of regularization is chosen by cross-validation. The predictions of
    network and linear model are averaged: probabilities for classes, values for
    numbers. It helps most where single words and phrases tell the answer, and on
    small sets of texts.

    Parameters
    ----------
    ngram_range : tuple (low, high), default=(1, 2)
        The numbers of tokens in a row that are counted; the default counts tokens and
        pairs of them.
    char_ngram_range : tuple (low, high) or None, default=(2, 5)
        The numbers of characters in a row that are counted inside tokens that are
        strings, with a space before and after each token. None counts none.

    References
    ----------
    .. [1] K. Sparck Jones, "A statistical interpretation of term specificity and its
       application in retrieval", Journal of Documentation 28 (1972).

    Examples
    --------
    >>> from sklearn_seqattn import AttentionLSTMClassifier, NGrams
    >>> X = ["where is it", "who was that", "where was he", "who is it"] * 3
    >>> y = ["place", "person", "place", "person"] * 3
    >>> classifier = AttentionLSTMClassifier(
    ...     blend=NGrams(ngram_range=(1, 1)), max_epochs=2, random_state=0
    ... )
    >>> classifier.fit(X, y).predict(["where was it"])
    array(['place'], dtype='<U6')
    """

    _parameter_constraints = {
        "ngram_range": [tuple, list],
        "char_ngram_range": [tuple, list, None],
    }

    def __init__(self, ngram_range=(1, 2), *, char_ngram_range=(2, 5)):
        self.ngram_range = ngram_range
        self.char_ngram_range = char_ngram_range

    def _validate_params(self):
        """Raise if a range is not two integers, the lower one first."""
        super()._validate_params()
        for name in ("ngram_range", "char_ngram_range"):
            _check_range(name, getattr(self, name))


def _check_range(name, value):
    """Raise if a range of sizes is not two integers, the lower one first."""
    if value is None:
        return
    right = len(value) == 2 and all(
        isinstance(n, Integral) and not isinstance(n, bool) for n in value
    )
    if not right or not 1 <= value[0] <= value[1]:
        raise ValueError(
            f"{name}={value!r} must be two integers from 1, the lower one first, such "
            "as (1, 2)."
        )
