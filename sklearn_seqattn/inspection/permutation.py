"""Importance by permutation: how far a score falls without a channel or column."""

import numpy as np
import pandas as pd
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_consistent_length

from sklearn_seqattn.inspection.explained import steps_of
from sklearn_seqattn.inspection.items import read_items


def permutation_importance(
    estimator, X, y, *, scoring=None, n_repeats=5, random_state=None, n_jobs=None
):
    """Measure how far a score falls when a channel is exchanged among sequences.

    In each sequence the channel is replaced by that of another sequence, drawn at
    random: a longer one is cut, a shorter one repeated from its start. So the channel
    keeps its course over time, and no longer belongs to its sequence. The other
    channels and the lengths stay as they are. Of a static column the values are
    exchanged.

    `sklearn.inspection.permutation_importance` exchanges the columns of a table. It
    refuses lists of sequences and arrays (n, T, D); of a table (n, T) it exchanges
    single steps.

    Parameters
    ----------
    estimator : estimator instance
        An estimator of this library, or a Pipeline that ends in one, fitted.
    X : sequences
        As in `fit`; sequences of numbers or of events.
    y : array-like of shape (n,) or (n, n_targets), or list of arrays of shape (T_i,)
        What to predict; of a tagger the labels of the steps.
    scoring : str, callable or None, default=None
        The score, as in scikit-learn; None is ``estimator.score``.
    n_repeats : int, default=5
        How often each channel is exchanged.
    random_state : int, RandomState instance or None, default=None
        Draws the exchanges.
    n_jobs : int or None, default=None
        Channels that are worked on in parallel.

    Returns
    -------
    Bunch
        "importances_mean" and "importances_std", ndarrays of shape (n_channels,);
        "importances" of shape (n_channels, n_repeats), the score of X minus that of
        the exchanged X; "channels", the names of the columns or the numbers of the
        channels, and after them the names of the static columns.

    Raises
    ------
    TypeError
        If the estimator is none of this library.
    ValueError
        If X holds tokens and no static columns, X and y differ in length, or
        `n_repeats` is not positive.

    See Also
    --------
    occlusion_importance : Importance of the steps of each sequence, of tokens, too.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 45(1), 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.inspection import permutation_importance
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(rng.integers(5, 10), 3)) for _ in range(60)]
    >>> y = [x[:, 1].mean() > 0 for x in X]
    >>> model = AttentionLSTMClassifier(max_epochs=20, random_state=0).fit(X, y)
    >>> result = permutation_importance(model, X, y, random_state=0)
    >>> int(result.importances_mean.argmax())
    1
    """
    steps_of(estimator)  # refuses other estimators
    items = read_items(estimator, X)
    channels = items.names + items.static_columns
    if not channels:
        raise ValueError(
            "X holds tokens, which have no channels to exchange; use "
            "occlusion_importance."
        )
    if n_repeats < 1:
        raise ValueError(f"n_repeats={n_repeats} must be at least 1.")
    check_consistent_length(items.elements, y)
    scorer = check_scoring(estimator, scoring=scoring)
    baseline = scorer(estimator, X, y)
    seeds = check_random_state(random_state).randint(2**31 - 1, size=len(channels))
    scores = Parallel(n_jobs=n_jobs)(
        delayed(_scores)(estimator, items, y, scorer, place, n_repeats, seed)
        for place, seed in enumerate(seeds)
    )
    importances = baseline - np.array(scores)
    return Bunch(
        importances_mean=importances.mean(axis=1),
        importances_std=importances.std(axis=1),
        importances=importances,
        channels=channels,
    )


def _scores(estimator, items, y, scorer, place, n_repeats, seed):
    """Return the scores with one channel or static column exchanged, one a repeat."""
    rng = np.random.RandomState(seed)
    found = []
    for _ in range(n_repeats):
        donors = rng.permutation(len(items.elements))
        found.append(scorer(estimator, _exchanged(items, donors, place), y))
    return found


def _exchanged(items, donors, place):
    """Return X with one channel or static column of the donors."""
    if place >= len(items.channels):
        static, column = items.static, place - len(items.channels)
        values = {
            k: values.iloc[donors].array if k == column else values.array
            for k, (_, values) in enumerate(static.items())
        }
        changed = pd.DataFrame(values, index=static.index)
        return items.wrap(items.elements, changed.set_axis(static.columns, axis=1))
    exchanged = [
        _exchange(element, items.elements[donor], items.channels[place])
        for element, donor in zip(items.elements, donors, strict=True)
    ]
    return items.wrap(exchanged)


def _exchange(element, donor, channel):
    """Return a sequence with one channel of another one."""
    steps = np.resize(np.arange(len(donor)), len(element))
    if not isinstance(element, pd.DataFrame):
        changed = element.copy()
        changed[:, channel] = donor[steps, channel]
        return changed
    column = donor[channel].iloc[steps].set_axis(element.index)
    columns = {name: element[name] for name in element.columns} | {channel: column}
    return pd.DataFrame(columns, columns=element.columns)
