"""Answers step by step, while a sequence goes on."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn.nn.streaming import uncausal_layers
from sklearn_seqattn.sequences.steps import StepReader
from sklearn_seqattn.training.devices import resolve_precision
from sklearn_seqattn.training.streaming import NetworkStream


class StreamMixin:
    """Read a sequence step by step by a causal network.

    An estimator supplies `net_`, `network_`, `input_encoder_`, `partner_`, the methods
    of the base that read, and `_answers`, which turns outputs into answers.
    """

    def _partner_stream(self):
        """Return what blends outputs with the partner step by step, or None."""
        return None

    def _partner_needs_all_steps(self):
        """Return whether there is a partner that no stream can hold."""
        return self.partner_ is not None

    def stream(self):
        """Return a stream, which is told one step at a time and answers after each.

        After a step it says what the estimator says about the sequence so far, and a
        tagger what it says about its last step. The time of a step does not grow with
        the sequence (with a Transformer, the part of its attention does).

        Returns
        -------
        PredictionStream
            A new sequence. `push` adds a step to it.

        Raises
        ------
        ValueError
            If the model is not causal: if earlier results change when a step is added.
            The message names the parameters to set.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_seqattn import AttentionLSTMRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 8))
        >>> model = AttentionLSTMRegressor(
        ...     blend=None, attention=None, max_epochs=2, random_state=0
        ... ).fit(X, X.mean(axis=1))
        >>> stream = model.stream()
        >>> for step in X[0]:
        ...     value = stream.push(step)
        >>> bool(np.isclose(value, model.predict(X[:1])[0]))
        True
        """
        check_is_fitted(self)
        needed = needed_to_be_causal(self)
        if self._partner_needs_all_steps():
            needed.insert(0, "blend=None")
        if needed:
            has_prefixes = hasattr(self, "predict_prefixes")
            instead = " predict_prefixes works with every model." * has_prefixes
            raise ValueError(
                "stream() needs a model whose earlier results do not change with later "
                f"steps; fit it with {', '.join(needed)}.{instead}"
            )
        return PredictionStream(self)


class PredictionStream:
    """One sequence that is told step by step.

    The `stream` of a classifier, a regressor or a tagger returns it. It keeps the state
    of the network instead of the steps, so that a step costs the same however long the
    sequence is.

    Parameters
    ----------
    estimator : classifier, regressor or tagger
        Fitted and causal.
    """

    def __init__(self, estimator):
        self._estimator = estimator
        precision = resolve_precision(estimator.precision, estimator.net_.device)
        self._network = NetworkStream(estimator.net_, precision)
        self._partner = estimator._partner_stream()
        self._steps = StepReader(estimator.channels_first)

    @property
    def n_steps(self):
        """Steps pushed so far."""
        return self._steps.n_steps

    def push(self, step):
        """Add a step, and return what is known now.

        Parameters
        ----------
        step : float, array-like of shape (n_channels,), str, int, dict or DataFrame
            The next step of the sequence: a number or the channels of a step; a token;
            or an event, as a dict, a Series or a table of one row.

        Returns
        -------
        ndarray of shape (n_classes,), or float or ndarray of shape (n_targets,)
            The row that `predict_proba` of a classifier, or `predict` of a regressor,
            returns for all steps so far. Of a tagger it is the last row of
            `predict_proba`, for the last step.

        Raises
        ------
        ValueError, TypeError
            If it is no step of such a sequence. The stream stays as it was then.
        """
        sequence = self._steps.read(step)
        sequences, dataset = self._encode(sequence)
        encoded = dataset.steps(np.zeros(1, dtype=np.int64))[-1:]
        outputs = self._network.push(encoded)
        if self._partner is not None:
            outputs = self._partner.push(outputs, sequences, dataset)
        self._steps.keep(sequence)
        return self._estimator._answers(outputs)[0]

    def _encode(self, sequence):
        """Return the sequences of what was read, and as the network reads them."""
        estimator = self._estimator
        sequences = estimator._read_again([sequence])
        # A sequence without any known token gives a warning, as the first token is one.
        encoded = estimator._encoded(sequences, warns=self.n_steps == 0)
        return sequences, estimator._batched(encoded)


def needed_to_be_causal(estimator):
    """Return what would make a model causal.

    Parameters
    ----------
    estimator : classifier, regressor or tagger
        Fitted.

    Returns
    -------
    needed : list of str
        Parameters with their values.
    """
    network, needed = estimator.network_, []
    if network.config is None:  # nothing is known of a network of the user
        return ["net_params without 'module'"]
    if getattr(network, "kernel_partner", None) is not None:
        needed.append("blend=None")
    if network.config.bidirectional:
        needed.append("bidirectional=False")
    if network.attention is not None:
        needed.append("attention=None")
    if estimator.input_encoder_.controls_gain:
        needed.append(
            "standardize=False (it amplifies whole sequences; use SequenceScaler)"
        )
    if estimator.input_encoder_.static_size:
        needed.append("no static columns")
    for part in ("front_end", "encoder", "pooling"):
        layers = uncausal_layers(getattr(network, part, None))
        layers = {type(getattr(one, "own", one)).__name__ for one in layers}
        if layers:
            needed.append(f"{part} without {' and '.join(sorted(layers))}")
    return needed
