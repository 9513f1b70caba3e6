"""The n-grams beside a network, with their linear model, as operators.

N-grams of tokens are looked up by the ids of the tokens. N-grams of characters are
looked up by code points, so that those of tokens without an id count, too.
"""

import numpy as np

_SPACE = ord(" ")
_WHITE = [code for code in range(0x3001) if chr(code).isspace()]


def words_of_ngrams(partner, vocabulary):
    """Return the tokens of n-grams that a vocabulary lacks.

    Parameters
    ----------
    partner : LinearNGrams
        Fitted.
    vocabulary : ndarray of shape (n,)
        Tokens: strings or integers.

    Returns
    -------
    words : list of str or int
        Sorted.

    Raises
    ------
    ValueError
        If tokens hold spaces, so that n-grams can be read in several ways.
    """
    known = set(map(str, vocabulary.tolist()))
    spaced = [token for token in sorted(known) if " " in token]
    longest = partner.features.ngram_range[1]
    if spaced and longest > 1:
        raise ValueError(
            f"The token {spaced[0]!r} holds a space, so that n-grams of several tokens "
            "can be read in several ways, which has no form in ONNX. Write such tokens "
            "with another character, or fit with blend=NGrams(ngram_range=(1, 1))."
        )
    terms = partner.features.counters_[0].get_feature_names_out()
    found = {word for term in terms for word in _split(term, longest)} - known
    is_text = vocabulary.dtype.kind not in "iu"
    return sorted(found) if is_text else sorted(map(int, found))


def _split(term, longest):
    """Return the tokens of an n-gram."""
    return term.split(" ") if longest > 1 else [term]


def reads_characters(partner):
    """Return whether n-grams of characters are counted."""
    return len(partner.features.counters_) > 1


def add_ngrams(partner, graph, ids, tokens, characters, static):
    """Add n-grams and their linear model.

    Parameters
    ----------
    partner : LinearNGrams
        Fitted.
    graph : Graph
        Where its operators go.
    ids : str
        Name of the ids of the tokens, (B, T) int64; negative where padded.
    tokens : dict of int
        The id of each token, by the token as a string.
    characters, static : str or None
        Names of the code points (B, C), int64, and of the static numbers (B, P).

    Returns
    -------
    outputs : str
        Name of the outputs, (B, K) float64.
    """
    features, longest = partner.features, partner.features.ngram_range[1]
    terms = [counter.get_feature_names_out() for counter in features.counters_]
    grams = [[tokens[word] for word in _split(term, longest)] for term in terms[0]]
    parts = [_normalized(graph, _counted(graph, ids, grams), features.idf_[0])]
    if characters is not None:
        grams = [list(map(ord, term)) for term in terms[1]]
        counts = _count_characters(graph, characters, grams)
        parts.append(_normalized(graph, counts, features.idf_[1]))
    if static is not None:
        parts.append(graph.cast(static, np.float64))
    coef = np.asarray(partner.coef, np.float64).T.copy()
    intercept = np.asarray(partner.intercept, np.float64)
    return graph.Add(graph.MatMul(graph.Concat(*parts, axis=1), coef), intercept)


def _counted(graph, codes, grams):
    """Return how often each n-gram of integers is in each row, (B, n) float32."""
    lengths = np.array(list(map(len, grams)))
    order = np.argsort(lengths, kind="stable")  # pools are sorted by length
    sizes = np.arange(1, lengths.max() + 1)
    starts = [int(lengths[lengths < size].sum()) for size in sizes]
    return graph.TfIdfVectorizer(
        codes,
        mode="TF",
        max_skip_count=0,
        min_gram_length=int(lengths.min()),
        max_gram_length=int(lengths.max()),
        ngram_counts=starts,
        ngram_indexes=order.tolist(),
        pool_int64s=[code for k in order for code in grams[k]],
    )


def _count_characters(graph, characters, grams):
    """Return how often n-grams of code points are inside words with a space around.

    Words that follow each other share a space here, which matters to a single space
    alone: there are two for each word.
    """
    white = np.array(_WHITE)
    is_white = graph.Equal(graph.Unsqueeze(characters, [2]), white)
    is_white = graph.ReduceMax(graph.cast(is_white, np.int32), [2], keepdims=0)
    is_white = graph.cast(is_white, np.bool_)  # (B, C)
    codes = graph.Where(is_white, np.int64(_SPACE), characters)
    codes = graph.Pad(codes, [0, 1, 0, 1], np.int64(_SPACE))
    counts = _counted(graph, codes, grams)
    if [_SPACE] not in grams:
        return counts
    is_space = graph.Equal(codes, np.int64(_SPACE))
    before = graph.slice(is_space, 0, graph.size(characters, 1), axis=1)
    starts = graph.And(before, graph.Not(is_white))
    n_spaces = graph.Mul(
        graph.ReduceSum(graph.cast(starts, np.float32), [1], keepdims=1), np.float32(2)
    )
    place = np.arange(len(grams)) == grams.index([_SPACE])
    return graph.Where(place, n_spaces, counts)


def _normalized(graph, counts, idf):
    """Return counts as tf-idf vectors of length one, (B, n) float64."""
    weights = graph.Mul(graph.cast(counts, np.float64), np.asarray(idf, np.float64))
    squares = graph.ReduceSum(graph.Mul(weights, weights), [1], keepdims=1)
    length = graph.Sqrt(squares)
    has_length = graph.Greater(length, np.float64(0))
    return graph.Div(weights, graph.Where(has_length, length, np.float64(1)))
