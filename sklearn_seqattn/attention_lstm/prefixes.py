"""Answers before the end: after each step of whole sequences, and step by step."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn.nn.streaming import looks_ahead, uncausal_layers
from sklearn_seqattn.sequences.prefixes import prefixes_of
from sklearn_seqattn.sequences.steps import StepReader
from sklearn_seqattn.training.devices import resolve_precision
from sklearn_seqattn.training.prediction import forward
from sklearn_seqattn.training.streaming import NetworkStream, forward_prefixes

_TOKENS_AT_ONCE = 2**18  # of prefixes that n-grams read at once, about


class PrefixMixin:
    """What an estimator says about prefixes.

    An estimator has `net_`, `network_`, `input_encoder_` and `target_encoder_`, and the
    methods of the base that read, encode and blend.
    """

    def predict_prefixes(self, X):
        """Predict after each step of sequences what `predict` says so far.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (T_i,) or (T_i, n_outputs)
            Row t is the prediction for the first t + 1 steps of the sequence.

        See Also
        --------
        stream : Predict step by step while a sequence goes on.

        Notes
        -----
        A causal network reads each sequence once, if it has no convolutions over time.
        Other models read every prefix by itself, which takes the square of the length.
        """
        check_is_fitted(self)
        return self._of_prefixes(X, self.target_encoder_.predict)

    def stream(self):
        """Return a stream, which is told one step at a time and answers after each.

        After a step it says what the estimator says about the sequence so far, in a
        time that does not grow with the sequence (with a Transformer, the part of its
        attention does).

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
        needed = _needed_to_be_causal(self)
        if self.partner_ is not None:
            needed.insert(0, "blend=None")
        if needed:
            raise ValueError(
                "stream() needs a model whose earlier results do not change with later "
                f"steps; fit it with {', '.join(needed)}. predict_prefixes works with "
                "every model."
            )
        return PredictionStream(self)

    def _of_prefixes(self, X, decode):
        """Return what `decode` makes of the outputs for each prefix, an array each."""
        check_is_fitted(self)
        sequences = self._read_again(X)
        bounds = np.cumsum(sequences.lengths)[:-1]
        sequences = sequences.take(np.flatnonzero(sequences.lengths))
        outputs = np.zeros((0, self.target_encoder_.n_outputs), np.float32)
        if len(sequences):
            outputs = self._prefix_outputs(self._encoded(sequences))
            outputs = self._blended_prefixes(outputs, prefixes_of(sequences))
        return np.split(decode(outputs), bounds)

    def _prefix_outputs(self, encoded):
        """Return the outputs of the network for each prefix, (S, K)."""
        precision = resolve_precision(self.precision, self.net_.device)
        if _needed_to_be_causal(self) or looks_ahead(self.network_.front_end):
            prefixes = self._batched(prefixes_of(encoded))
            return forward(self.net_, prefixes, precision=precision)
        return forward_prefixes(self.net_, self._batched(encoded), precision=precision)

    def _blended_prefixes(self, outputs, prefixes):
        """Average outputs with those of n-grams, for some prefixes at a time."""
        if self.partner_ is None:
            return outputs
        portion = np.cumsum(prefixes.lengths) // _TOKENS_AT_ONCE
        parts = np.split(np.arange(len(prefixes)), np.flatnonzero(np.diff(portion)) + 1)
        blended = [self._blended(outputs[rows], prefixes.take(rows)) for rows in parts]
        return np.concatenate(blended)


class PredictionStream:
    """One sequence that is told step by step.

    `AttentionLSTMClassifier.stream` and `AttentionLSTMRegressor.stream` return it. It
    keeps the state of the network instead of the steps, so that a step costs the same
    however long the sequence is.

    Parameters
    ----------
    estimator : AttentionLSTMClassifier or AttentionLSTMRegressor
        Fitted and causal.
    """

    def __init__(self, estimator):
        self._estimator = estimator
        precision = resolve_precision(estimator.precision, estimator.net_.device)
        self._network = NetworkStream(estimator.net_, precision)
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
            returns for all steps so far.

        Raises
        ------
        ValueError, TypeError
            If it is no step of such a sequence. The stream stays as it was then.
        """
        estimator, sequence = self._estimator, self._steps.read(step)
        dataset = estimator._read_dataset([sequence])
        encoded = dataset.steps(np.zeros(1, dtype=np.int64))[-1:]
        answer = estimator._answers(self._network.push(encoded))[0]
        self._steps.keep(sequence)
        return answer


def _needed_to_be_causal(estimator):
    """Return the parameters, as text, that would make a network causal."""
    network, needed = estimator.network_, []
    if network.kernel_partner is not None:
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
        layers = {type(x).__name__ for x in uncausal_layers(getattr(network, part))}
        if layers:
            needed.append(f"{part} without {' and '.join(sorted(layers))}")
    return needed
