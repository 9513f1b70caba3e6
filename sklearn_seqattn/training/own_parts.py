"""Own parts in `net_params`: their names, beside those that skorch gets."""

_PARTS = ("module", "criterion", "train_split", "distributed")


def split_net_params(net_params):
    """Return the own parts in `net_params`, and the rest, which skorch gets.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.

    Returns
    -------
    parts : dict
        "module", "criterion", "train_split" and "distributed" with what starts with
        their names.
    engine : dict
        All others.
    """
    parts, engine = {}, {}
    for name, value in (net_params or {}).items():
        is_part = isinstance(name, str) and name.partition("__")[0] in _PARTS
        (parts if is_part else engine)[name] = value
    return parts, engine


def read_part(net_params, part):
    """Return one part, and its parameters.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.
    part : {"module", "criterion", "train_split", "distributed"}
        Its name.

    Returns
    -------
    value : object
        None if there is none.
    params : dict
        By name, from "part__name".

    Raises
    ------
    ValueError
        If the part is None by itself.
    """
    parts, _ = split_net_params(net_params)
    if part in parts and parts[part] is None:
        raise ValueError(
            f"net_params has {part}=None; leave {part!r} out for what the library does."
        )
    start = f"{part}__"
    params = {
        name.removeprefix(start): value
        for name, value in parts.items()
        if name.startswith(start)
    }
    return parts.get(part), params
