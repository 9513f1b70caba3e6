"""The numeric partner of a network: random convolution kernels and a ridge head."""

from numbers import Integral

from joblib import Memory
from sklearn.base import BaseEstimator

from sklearn_seqattn._estimator import Interval, StrOptions


class RandomKernels(BaseEstimator):
    """Random convolution features with a ridge head, for ``blend``.

    Frozen random convolutions of two kinds, thresholds [1]_ and competing groups [2]_,
    are computed once for each sequence. A ridge regression on the features of each
    kind is fitted in closed form. The network of a classifier learns what these leave;
    that of a regressor learns apart, and both are added with the shares of least loss.
    A regressor has a third kind of features, the last steps themselves. It helps most
    on small sets of shapes. :class:`RandomKernelFeatures` computes features of the
    first kind for any linear model.

    Parameters
    ----------
    n_features : "auto" or int, default="auto"
        How many features of each kind of convolutions, rounded down to whole groups.
        "auto" is 10,000, and less with more than 5,000 sequences.
    memory : str, joblib.Memory or None, default=None
        Folder in which the fitted partner and its predictions are kept, for fits to
        the same data with the same seed: the candidates of a search. The results are
        the same to the bit. It takes effect if the `random_state` of the estimator is
        an int. The folder holds pickles, so use one that you trust. Models that were
        unpickled or loaded use no memory until they are fitted again.

    References
    ----------
    .. [1] A. Dempster et al., "MiniRocket: a very fast (almost) deterministic
       transform for time series classification", KDD 2021.
    .. [2] A. Dempster et al., "HYDRA: Competing convolutional kernels for fast and
       accurate time series classification", Data Mining and Knowledge Discovery 37,
       2023.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn import AttentionLSTMClassifier, RandomKernels
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(20) % 2
    >>> X = [np.sin(np.arange(30) * (1 + k)) + rng.normal(0, 0.1, 30) for k in y]
    >>> classifier = AttentionLSTMClassifier(
    ...     blend=RandomKernels(n_features=840), max_epochs=5, random_state=0
    ... )
    >>> classifier.fit(X, y).score(X, y)
    1.0
    """

    _parameter_constraints = {
        "n_features": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "memory": [str, Memory, None],
    }

    def __init__(self, n_features="auto", memory=None):
        self.n_features = n_features
        self.memory = memory
