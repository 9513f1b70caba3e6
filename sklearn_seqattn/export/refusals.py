"""Parts of estimators that have no form in ONNX, and what to do instead."""

from sklearn_seqattn.next_state.lstm import NextStateLSTM
from sklearn_seqattn.preprocessing import EventEncoder


def check_parts(last):
    """Refuse parts of an estimator that have no form in ONNX.

    Parameters
    ----------
    last : estimator
        Fitted.

    Raises
    ------
    ValueError
        If there is one, with what to do instead.
    """
    if last.network_.config is None:
        raise ValueError(
            "net_params has a network of your own, which to_onnx does not know; export "
            "network_.network by torch.onnx.export."
        )
    times = _times(last)
    if times:
        raise ValueError(
            f"The column {times[0].column!r} of X holds times, whose features have no "
            "form in ONNX. Leave it out, or make a number of each time before fit, "
            "such as the hours since the event before."
        )
    if isinstance(last, NextStateLSTM) and not _is_network_alone(last):
        raise ValueError(
            "The counts and the cache beside the network have no form in ONNX; fit "
            "with blend=None, and export the network alone."
        )


def _times(last):
    """Return the features of times that an estimator learned."""
    if isinstance(last, NextStateLSTM):
        return [] if last.events_ is None else last.events_.times_
    steps = last.input_encoder_.steps_
    return steps[0].times_ if steps and isinstance(steps[0], EventEncoder) else []


def _is_network_alone(last):
    """Return whether counts and cache have no part in predictions."""
    has_counts = last.counts_ is not None and last.network_weight_ < 1
    return not has_counts and last.cache_weights_ is None
