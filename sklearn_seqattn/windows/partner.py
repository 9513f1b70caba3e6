"""The partner of a network that labels steps: windows of steps, a chain of labels."""

from numbers import Integral

from sklearn.base import BaseEstimator

from sklearn_seqattn._estimator import Interval, StrOptions
from sklearn_seqattn.windows.features import NumberWindows, TokenWindows

#: The sizes of "auto".
_OF_NUMBERS, _OF_TOKENS = 4, 1


class WindowModel(BaseEstimator):
    """A linear model of the steps around a step, and a chain of labels, for ``blend``.

    The model reads a window of steps before and after the one to label. Of
    numbers and events it reads the values in the window, and the standard deviation of
    each channel over it. Of tokens that are strings it reads indicators of each word in
    lower case, its first and last one to four characters, its shape (capitals, digits,
    signs), the kinds of its first eight characters and its length up to ten, as linear
    chain models of text do [1]_. So a word that was never seen is described, too. Of
    integers it reads the tokens themselves.
    A chain of transition weights, learned together with the model, says which label
    follows which: both are a conditional random field [1]_. The probability of a label
    is its sum over all sequences of labels. There is no chain where sequences that were
    left out are predicted as well without one. The strength of regularization is chosen
    on sequences that the model was not fitted to. The probabilities of network and
    windows are averaged. They help most where single words, the near steps or the near
    labels tell the label, and on small sets.

    Beside a network that reads forward only (``bidirectional=False``) the model reads
    no later steps, and a label depends on the labels before it alone [2]_.

    Parameters
    ----------
    size : "auto" or int, default="auto"
        The steps that are read before the step, and after it; 0 reads the step alone.
        "auto" is 1 for tokens, and 4 for numbers and events.
    chain : bool, default=True
        Whether labels may depend on each other.

    References
    ----------
    .. [1] J. Lafferty, A. McCallum and F. Pereira, "Conditional random fields:
       probabilistic models for segmenting and labeling sequence data", ICML 2001.
    .. [2] A. McCallum, D. Freitag and F. Pereira, "Maximum entropy Markov models for
       information extraction and segmentation", ICML 2000.

    Examples
    --------
    >>> from sklearn_seqattn import AttentionLSTMTagger, WindowModel
    >>> X = ["to be or not to be", "to go or to stay", "be quick to go"] * 4
    >>> y = [["to" if w == "to" else "other" for w in x.split()] for x in X]
    >>> tagger = AttentionLSTMTagger(
    ...     blend=WindowModel(size=1), max_epochs=2, random_state=0
    ... )
    >>> tagger.fit(X, y).predict(["not to stay"])[0].tolist()
    ['other', 'to', 'other']
    """

    _parameter_constraints = {
        "size": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "chain": ["boolean"],
    }

    def __init__(self, size="auto", *, chain=True):
        self.size = size
        self.chain = chain

    def _window_of(self, kind, *, looks_ahead):
        """Return the features of sequences of a kind, not fitted."""
        features, size = (
            (TokenWindows, _OF_TOKENS)
            if kind == "tokens"
            else (NumberWindows, _OF_NUMBERS)
        )
        size = size if self.size == "auto" else int(self.size)
        return features(size, looks_ahead)
