"""Data sets from files, and from the packages aeon and tslearn.

Every reader gives X and y of the train and of the test part; X is a list of arrays
(T_i, D), or of lists of words.
"""

import numpy as np


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


def package_sets(aeon, tslearn):
    """List classification sets of two packages by name, as `find_sets` does.

    What does not come with a package, it fetches from its archive.
    """
    readers = [(read_aeon, aeon), (read_tslearn, tslearn)]
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
