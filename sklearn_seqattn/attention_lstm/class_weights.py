"""The weight of each class."""

from numbers import Real

import numpy as np
from sklearn.utils.class_weight import compute_class_weight


def weigh_classes(class_weight, classes, codes, sample_weight):
    """Return the weight of each class.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        As the classifier takes it. "balanced" gives every class of the training data
        the same total weight.
    classes : ndarray of shape (n_classes,)
        The classes.
    codes : ndarray of shape (n,), int64
        The position of each training sequence's class in `classes`.
    sample_weight : ndarray of shape (n,), float64
        The weight of each training sequence.

    Returns
    -------
    weights : ndarray of shape (n_classes,), float64

    Raises
    ------
    ValueError
        If a dict names a class that y does not have, or a weight is no finite number
        from 0, or all weights are 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.class_weights import weigh_classes
    >>> classes, codes = np.array(["a", "b"]), np.array([0, 0, 0, 1])
    >>> weigh_classes("balanced", classes, codes, np.ones(4)).round(3)
    array([0.667, 2.   ])
    """
    weights = np.ones(len(classes))
    if class_weight is None:
        return weights
    if isinstance(class_weight, str):  # only classes that occur
        found = np.unique(codes)
        weights[found] = compute_class_weight(
            "balanced", classes=found, y=codes, sample_weight=sample_weight
        )
        return weights
    known = classes.tolist()
    unknown = [name for name in class_weight if name not in known]
    if unknown:
        raise ValueError(
            f"class_weight has a weight for {unknown[0]!r}, but the classes are "
            f"{known}."
        )
    for name, weight in class_weight.items():
        if not isinstance(weight, Real) or not 0 <= weight < np.inf:
            raise ValueError(
                f"class_weight gives the class {name!r} the weight {weight!r}; "
                "weights are finite numbers from 0."
            )
        weights[known.index(name)] = weight
    if not weights[codes].any():
        raise ValueError(
            "class_weight is 0 for the class of every sequence; at least one must "
            "count."
        )
    return weights
