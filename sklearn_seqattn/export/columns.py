"""Columns of numbers and categories as one input of float64: codes for categories."""

import numpy as np


def describe_columns(names, categories):
    """Return what the caller must know of columns.

    Parameters
    ----------
    names : sequence
        The names of the columns, in their order.
    categories : dict of array-like
        The categories of the columns that hold them, by name.

    Returns
    -------
    columns : list of dict
        For each column its name, "column", and of categories "categories": the
        category of code 0, that of code 1, and so on.

    Raises
    ------
    TypeError
        If a category is neither a string, a number nor a boolean.
    """
    columns = []
    for name in names:
        columns.append({"column": getattr(name, "item", lambda one=name: one)()})
        if name in categories:
            values = np.asarray(categories[name], dtype=object).tolist()
            odd = [one for one in values if not isinstance(one, str | int | float)]
            if odd:
                raise TypeError(
                    f"The column {name!r} has the category {odd[0]!r} of type "
                    f"{type(odd[0]).__name__}, which JSON cannot hold; make strings of "
                    "such categories before fit."
                )
            columns[-1]["categories"] = values
    return columns


def split_columns(graph, x, columns):
    """Return the columns of numbers, and the codes of each column of categories.

    Parameters
    ----------
    graph : Graph
        Where the operators go.
    x : str
        Name of the columns, (..., F) float64.
    columns : list of dict
        As `describe_columns` returns them.

    Returns
    -------
    numbers : str or None
        Name of the numbers, (..., D); None without any.
    codes : list of pairs (name, n)
        Names of the codes, (..., 1), and the number of categories of the column.
    """
    is_number = ["categories" not in one for one in columns]
    places = np.flatnonzero(is_number).tolist()
    numbers = graph.Gather(x, places, axis=-1) if places else None
    return numbers, [
        (graph.Gather(x, [k], axis=-1), len(one["categories"]))
        for k, one in enumerate(columns)
        if "categories" in one
    ]


def one_hot(graph, codes, n):
    """Return codes (..., 1) as one-hot vectors (..., n) float64; zero if unknown."""
    return graph.cast(graph.Equal(codes, np.arange(n, dtype=np.float64)), np.float64)


def standardized(graph, x, center, scale):
    """Return numbers with the center subtracted, divided by the scale, in float64."""
    center, scale = np.asarray(center, np.float64), np.asarray(scale, np.float64)
    return graph.Div(graph.Sub(x, center), scale)


def add_static(encoder, graph, x, columns):
    """Add the encoding of static columns.

    Parameters
    ----------
    encoder : StaticEncoder
        Fitted.
    graph : Graph
        Where its operators go.
    x : str
        Name of the columns, (B, F) float64.
    columns : list of dict
        As `describe_columns` returns them.

    Returns
    -------
    static : str
        Name of the vectors that the network reads, (B, P) float32.
    """
    numbers, codes = split_columns(graph, x, columns)
    parts = [one_hot(graph, *one) for one in codes]
    if numbers is not None:
        parts.insert(0, standardized(graph, numbers, encoder.center_, encoder.scale_))
    return graph.cast(graph.Concat(*parts, axis=1), np.float32)
