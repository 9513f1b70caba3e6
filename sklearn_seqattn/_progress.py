"""How a long computation says what it has done, whoever shows it."""


def ignore(n):
    """Tell nobody; what computations call if nobody watches.

    Parameters
    ----------
    n : int
        The rows that were done since the last call.
    """


def counted(items, advance):
    """Yield items, and say so of each when the next one is asked for.

    Parameters
    ----------
    items : iterable
        The items.
    advance : callable
        Called with 1 after each.

    Yields
    ------
    item : object

    Examples
    --------
    >>> from sklearn_seqattn._progress import counted
    >>> done = []
    >>> list(counted("ab", done.append)), done
    (['a', 'b'], [1, 1])
    """
    for item in items:
        yield item
        advance(1)
