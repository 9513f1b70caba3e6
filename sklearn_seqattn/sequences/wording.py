"""The wording of messages."""


def number_of(n, noun):
    """Return a number with its noun, which has an s unless the number is one.

    Parameters
    ----------
    n : int
        The number.
    noun : str
        The noun in the singular.

    Returns
    -------
    words : str

    Examples
    --------
    >>> from sklearn_seqattn.sequences.wording import number_of
    >>> number_of(1, "step"), number_of(3, "step")
    ('1 step', '3 steps')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
