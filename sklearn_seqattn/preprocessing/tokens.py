"""How tokens become vectors: the parameter object of the estimators."""

from numbers import Integral, Real

from sklearn.base import BaseEstimator

from sklearn_seqattn._estimator import Interval


class Tokens(BaseEstimator):
    """Vocabulary and embedding of tokens.

    Parameters
    ----------
    size : int, default=64
        Size of the vector of a token.
    vectors : array-like of shape (n_tokens, size), default=None
        Initial vectors of the tokens in `vocabulary`, which must be given. Their
        width replaces `size`. They are trained further.
    vocabulary : array-like of shape (n_tokens,), default=None
        The tokens. None learns them from the training data. Others are unknown.
    min_count : int, default=1
        Rarer tokens are read as unknown when the vocabulary is learned.
    dropout : float, default=0.1
        In training, the share of tokens that are read as unknown. This trains the
        vector of unknown tokens.

    Examples
    --------
    >>> from sklearn_seqattn import AttentionLSTMClassifier, Tokens
    >>> X = ["good film", "bad film", "a good story", "a bad story"] * 4
    >>> y = [1, 0, 1, 0] * 4
    >>> classifier = AttentionLSTMClassifier(
    ...     tokens=Tokens(size=16), max_epochs=20, random_state=0
    ... )
    >>> classifier.fit(X, y).predict(["good plot", "bad plot"])
    array([1, 0])
    """

    _parameter_constraints = {
        "size": [Interval(Integral, 1, None, closed="left")],
        "vectors": ["array-like", None],
        "vocabulary": ["array-like", None],
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self, size=64, *, vectors=None, vocabulary=None, min_count=1, dropout=0.1
    ):
        self.size = size
        self.vectors = vectors
        self.vocabulary = vocabulary
        self.min_count = min_count
        self.dropout = dropout
