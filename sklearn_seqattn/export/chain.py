"""The chain of labels beside a tagger as operators."""

import numpy as np

from sklearn_seqattn.export.graph import Graph


def add_chain(chain, graph, logits, mask):
    """Add the probability of each label at each step.

    Parameters
    ----------
    chain : LabelChain
        The transition weights.
    graph : Graph
        Where its operators go.
    logits, mask : str
        Names of the logits (B, T, K), float64, and of their mask (B, T).

    Returns
    -------
    logs : str
        Name of the logarithms of the probabilities, (B, T, K) float64.
    """
    logits = graph.Transpose(logits, perm=[1, 0, 2])
    largest = graph.ReduceMax(logits, [2], keepdims=1)
    emissions = graph.Exp(graph.Sub(logits, largest))  # (T, B, K)
    shape = graph.Concat(graph.size(emissions, 1), graph.size(emissions, 2), axis=0)
    ones = graph.Expand(np.float64(1), shape)
    is_later = graph.Unsqueeze(graph.cast(graph.steps(mask, 1), bool), [1, 2])
    found = _scan(graph, _forward(chain), ones, emissions, is_later)
    if chain.looks_ahead:
        is_real = graph.Unsqueeze(graph.Transpose(mask, perm=[1, 0]), [2])
        later = _scan(graph, _backward(chain), ones, emissions, is_real, reverse=1)
        found = _normalized(graph, graph.Mul(found, later))
    found = graph.Max(found, np.float64(np.finfo(np.float32).tiny))
    return graph.Transpose(graph.Log(found), perm=[1, 0, 2])


def _forward(chain):
    """Return one step from what is known of the label before to what is known now."""
    body, factors = Graph("forward_"), chain.factors
    before, emissions, is_later = _inputs(body)
    if not chain.looks_ahead:
        before = body.Div(before, body.MatMul(emissions, factors.T.copy()))
    now = body.Mul(body.MatMul(before, factors), emissions)
    now = _normalized(body, body.Where(is_later, now, emissions))
    return body, now, now


def _backward(chain):
    """Return one step back from what later steps say; ones where nothing follows."""
    body = Graph("backward_")
    later, emissions, is_real = _inputs(body)
    before = body.MatMul(body.Mul(later, emissions), chain.factors.T.copy())
    before = body.Where(is_real, _normalized(body, before), np.float64(1))
    return body, before, later


def _inputs(body):
    """Return the names of the state, the emissions and the condition of a step."""
    return [f"{body.prefix}{name}" for name in ("state", "emissions", "condition")]


def _scan(graph, step, start, emissions, condition, *, reverse=0):
    """Add a loop over the steps; return its outputs (T, B, K)."""
    body, state, output = step
    outputs = [f"{body.prefix}next", f"{body.prefix}output"]
    for found, name in zip((state, output), outputs, strict=True):
        body.name(found, name)
    kinds, info = body.onnx.TensorProto, body.onnx.helper.make_tensor_value_info
    rows = ["batch", "classes"]
    types = [(kinds.DOUBLE, rows), (kinds.DOUBLE, rows), (kinds.BOOL, [None, 1])]
    described = [
        info(name, *one) for name, one in zip(_inputs(body), types, strict=True)
    ]
    found = body.onnx.helper.make_graph(
        body.nodes,
        body.prefix,
        described,
        [info(name, kinds.DOUBLE, rows) for name in outputs],
        body.constants,
    )
    _, outputs = graph.Scan(
        start,
        emissions,
        condition,
        n_outputs=2,
        body=found,
        num_scan_inputs=2,
        scan_input_directions=[reverse] * 2,
        scan_output_directions=[reverse],
    )
    return outputs


def _normalized(graph, weights):
    """Return positive weights whose rows sum to one."""
    return graph.Div(weights, graph.ReduceSum(weights, [-1], keepdims=1))
