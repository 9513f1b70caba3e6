"""Importance by occlusion: how far a prediction falls without some steps."""

import warnings
from numbers import Integral

import numpy as np

from sklearn_seqattn.inspection.baselines import make_baseline
from sklearn_seqattn.inspection.explained import explain
from sklearn_seqattn.inspection.items import read_items

_CELLS = 2**22  # numbers of the changed copies that are predicted at once, about
_FEW_STEPS = 50  # sequences up to this length are occluded step by step


def occlusion_importance(
    estimator,
    X,
    *,
    target=None,
    step=None,
    window="auto",
    by_channel=False,
    baseline=None,
):
    """Measure how far the output falls when steps are replaced by a baseline.

    The output is the logit of a class, which does not saturate as its probability
    does; that of a label at one step; the log-probability of a next state; or the
    prediction of a regressor. Windows
    overlap by half, and the importance of a step is the mean fall over the windows that
    hold it. All parts of a blend take part. For a Pipeline the input of its first step
    is changed.

    Parameters
    ----------
    estimator : estimator instance
        An estimator of this library, or a Pipeline that ends in one, fitted.
    X : sequences
        As in `fit`.
    target : label, int or None, default=None
        The class or label whose logit is explained, or the number of the target of a
        regressor. None is the predicted class of each sequence, the most probable label
        of the step, or the only target.
    step : int, array-like of shape (n,) or None, default=None
        The step whose label is explained, one for all sequences or one for each;
        negative ones count from the end. `AttentionLSTMTagger` needs it, and others
        have none.
    window : int or "auto", default="auto"
        Steps that are replaced at once. "auto" is 1 up to 50 steps and for tokens,
        and a 25th of longer sequences of numbers or events.
    by_channel : bool, default=False
        Whether each channel, or each column of events, is replaced by itself.
    baseline : array-like of shape (D,) or None, default=None
        What numbers are replaced by. None takes the means of the channels: those of
        training where the estimator standardizes X itself, else those of X. Tokens and
        categories are replaced by unknown ones, columns of numbers by their means over
        X. Times and static columns are not changed.

    Returns
    -------
    list of ndarray of shape (T_i,) or (T_i, D), float64
        One array a sequence. Positive numbers speak for the class. With `by_channel`
        there is one column for each channel, or column of the events.

    Raises
    ------
    TypeError
        If the estimator is none of this library, or X holds no sequences.
    ValueError
        If there is no such target or step, `window` is not positive, `baseline` does
        not fit, or tokens have no channels.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks",
    ECCV 2014.

    Examples
    --------
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.inspection import occlusion_importance
    >>> X = ["so good a film", "a bad film", "good it is", "bad film it was"] * 5
    >>> y = [1, 0, 1, 0] * 5
    >>> model = AttentionLSTMClassifier(max_epochs=20, random_state=0).fit(X, y)
    >>> (importance,) = occlusion_importance(model, ["it is so good"])
    >>> int(importance.argmax())
    3
    """
    items = read_items(estimator, X)
    if window != "auto" and not (isinstance(window, Integral) and window > 0):
        raise ValueError(f"window={window!r} must be a positive integer or 'auto'.")
    if by_channel and items.kind == "tokens":
        raise ValueError(
            "X holds tokens, which have no channels; set by_channel=False."
        )
    baseline = make_baseline(estimator, items, baseline)
    explained = explain(estimator, X, target, step)
    channels = list(baseline.values) if by_channel else [None]
    found = [
        _fall(items, i, explained, baseline, channels, window)
        for i in range(len(items.elements))
    ]
    if not by_channel:
        return [falls[:, 0] for falls in found]
    places = [items.channels.index(channel) for channel in channels]
    return [_in_columns(falls, places, len(items.channels)) for falls in found]


def _in_columns(falls, places, n_channels):
    """Return falls (T, C) in the columns of all channels; others are zero."""
    columns = np.zeros((len(falls), n_channels))
    columns[:, places] = falls
    return columns


def _fall(items, i, explained, baseline, channels, window):
    """Return the mean fall of the output at each step of sequence i, (T, C)."""
    element = items.elements[i]
    windows = _windows(len(element), items.kind, window)
    falls = np.zeros((len(element), len(channels)))
    covered = np.zeros((len(element), 1))
    for steps in windows:
        covered[steps] += 1
    cases = [(steps, c) for steps in windows for c in range(len(channels))]
    size = max(1, _CELLS // max(1, np.size(element)))
    for start in range(0, len(cases), size):
        part = cases[start : start + size]
        copies = [baseline.replace(element, steps, channels[c]) for steps, c in part]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # unknown tokens are meant
            outputs = explained.of(items.wrap(*items.copies(copies, i)), i)
        for (steps, c), output in zip(part, outputs, strict=True):
            falls[steps, c] += explained.values[i] - output
    return falls / covered


def _windows(n_steps, kind, window):
    """Return slices that cover all steps and overlap by half."""
    if window == "auto":
        window = 1
        if n_steps > _FEW_STEPS and kind != "tokens":
            window = -(-2 * n_steps // _FEW_STEPS)
    hop = max(1, window // 2)
    starts = range(0, max(1, n_steps - window + hop), hop) if n_steps else ()
    return [slice(start, min(start + window, n_steps)) for start in starts]
