"""What the caller gives to a model, and what its network reads of that."""

from dataclasses import dataclass, field

import numpy as np

from sklearn_seqattn._ids import FIRST_ID, PADDING_ID, UNKNOWN_ID
from sklearn_seqattn.export.columns import add_static, describe_columns
from sklearn_seqattn.export.inputs import (
    add_events,
    add_scaling,
    add_transformers,
    checked_lengths,
    step_mask,
)
from sklearn_seqattn.export.ngrams import reads_characters, words_of_ngrams
from sklearn_seqattn.export.windows import MOST_INDICATORS, indicators_of
from sklearn_seqattn.ngrams.model import LinearNGrams
from sklearn_seqattn.preprocessing import EventEncoder
from sklearn_seqattn.windows.model import LinearWindows


@dataclass
class NetworkInputs:
    """The inputs of a graph, and the names of what follows from them.

    Parameters
    ----------
    values, mask : str
        Names of what the network reads, (B, T, D) float32 or (B, T) int64, and of the
        mask (B, T).
    described : dict
        Dtype and shape of each input of the graph by its name.
    metadata : dict
        What the caller must know of them.
    static : str or None
        Name of the encoded static columns, (B, P) float32.
    ids : str or None
        Name of the ids of tokens, -1 where padded; the partner knows more of them than
        the network.
    tokens : dict of int
        The id of each token, by the token as a string.
    characters : str or None
        Name of the code points (B, C), int64.
    indicators : str or None
        Name of the indicators of each token, (B, T, J) int64.
    """

    values: str
    mask: str
    described: dict
    metadata: dict = field(default_factory=dict)
    static: str | None = None
    ids: str | None = None
    tokens: dict = field(default_factory=dict)
    characters: str | None = None
    indicators: str | None = None


def add_inputs(last, transformers, graph):
    """Add what encodes X.

    Parameters
    ----------
    last : estimator
        A fitted classifier, regressor or tagger.
    transformers : list of estimators
        Those before it in a Pipeline.
    graph : Graph
        Where their operators go.

    Returns
    -------
    inputs : NetworkInputs
    """
    encoder = last.input_encoder_
    mask = step_mask(graph, "values", checked_lengths(graph, "values", "lengths"))
    if encoder.n_ids_ is not None:
        inputs = _add_tokens(last, transformers, graph, mask)
    else:
        inputs = _add_numbers(last, transformers, graph, mask)
    inputs.described["lengths"] = (np.int64, ["batch"])
    if encoder.static_ is not None:
        columns = describe_columns(last._static_columns, encoder.static_.categories_)
        inputs.static = add_static(encoder.static_, graph, "static", columns)
        inputs.described["static"] = (np.float64, ["batch", len(columns)])
        inputs.metadata["static"] = columns
    return inputs


def _add_numbers(last, transformers, graph, mask):
    """Add numbers or events of numbers and categories."""
    encoder, shape = last.input_encoder_, ["batch", "steps"]
    values, metadata = add_transformers(transformers, graph, "values", mask), {}
    one_hot = (encoder.steps_ or [None])[0]
    if isinstance(one_hot, EventEncoder):
        is_number, names = one_hot._is_number, last._input_columns
        known = zip(names[~is_number], one_hot.encoder_.categories_, strict=True)
        columns = metadata["columns"] = describe_columns(names, dict(known))
        values = add_events(encoder, graph, values, mask, columns)
        n_channels = len(columns)
    else:
        n_channels = (transformers[:1] or [last])[0].input_size_
        values = add_scaling(encoder, graph, values, mask)
    described = {"values": (np.float64, [*shape, n_channels])}
    return NetworkInputs(values, mask, described, metadata)


def _add_tokens(last, transformers, graph, mask):
    """Add tokens: their ids, and what a partner beside the network reads of them."""
    add_transformers(transformers, graph, "values", mask)  # refuses every one
    encoder, partner = last.input_encoder_, last.partner_
    vocabulary = encoder.steps_[0].vocabulary_
    tokens = vocabulary.tolist()
    if partner is not None:
        tokens += _WORDS[type(partner)](partner, vocabulary)
    is_known = graph.And(mask, graph.Less("values", np.int64(encoder.n_ids_)))
    values = graph.Where(is_known, "values", np.int64(UNKNOWN_ID))
    described = {"values": (np.int64, ["batch", "steps"])}
    inputs = NetworkInputs(values, mask, described, describe_vocabulary(tokens))
    inputs.ids = graph.Where(mask, "values", np.int64(-1))
    inputs.tokens = {str(token): k for k, token in enumerate(tokens, FIRST_ID)}
    if isinstance(partner, LinearNGrams) and reads_characters(partner):
        described["characters"] = (np.int64, ["batch", "characters"])
        inputs.characters = "characters"
    if isinstance(partner, LinearWindows):
        _add_indicators(inputs, partner, graph, is_text=vocabulary.dtype == object)
    return inputs


def _add_indicators(inputs, partner, graph, *, is_text):
    """Add the indicators of tokens: those of text are given, others follow from ids."""
    names = indicators_of(partner)
    if is_text:
        shape = ["batch", "steps", MOST_INDICATORS]
        inputs.described["indicators"] = (np.int64, shape)
        inputs.metadata["indicators"] = names
        inputs.indicators = "indicators"
        return
    places = np.zeros((FIRST_ID + len(inputs.tokens), 1), np.int64)
    for place, name in enumerate(names, 1):
        places[inputs.tokens[name.removeprefix("=")]] = place
    ids = graph.Where(inputs.mask, "values", np.int64(PADDING_ID))
    inputs.indicators = graph.Gather(places, ids)


def _words_of_windows(partner, vocabulary):
    """Return the tokens of a model of windows that a vocabulary lacks."""
    if vocabulary.dtype == object:  # given as indicators
        return []
    known = set(vocabulary.tolist())
    found = (int(name.removeprefix("=")) for name in indicators_of(partner))
    return sorted(set(found) - known)


_WORDS = {LinearNGrams: words_of_ngrams, LinearWindows: _words_of_windows}


def describe_vocabulary(tokens):
    """Return how tokens become ids.

    Parameters
    ----------
    tokens : list
        The tokens in the order of their ids.

    Returns
    -------
    metadata : dict
    """
    return {
        "vocabulary": tokens,
        "first_id": FIRST_ID,
        "unknown_id": UNKNOWN_ID,
        "padding_id": PADDING_ID,
    }
