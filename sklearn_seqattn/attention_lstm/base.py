"""Base of the classifier and the regressor: read, encode, build, run."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import (
    CallbackSupportMixin,
    NestedParameters,
    VersionedPickles,
)
from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.network_config import (
    check_network_params,
    check_same_network,
    embedding_of_tokens,
    given_front_end,
    sequence_config,
)
from sklearn_seqattn.attention_lstm.parameters import find_partner
from sklearn_seqattn.attention_lstm.rules import (
    BLENDED_RULES,
    NUMBER_RULES,
    TOKEN_RULES,
)
from sklearn_seqattn.attention_lstm.target_checks import check_same_classes
from sklearn_seqattn.attention_lstm.token_partner import TokenPartnerMixin
from sklearn_seqattn.attention_lstm.training_data import (
    LabeledSequences,
    canonical_rows,
    check_weights,
    validation_pair,
)
from sklearn_seqattn.attention_lstm.validation_scores import (
    ValidationScores,
    find_scorer,
)
from sklearn_seqattn.kernels.partner import RandomKernels
from sklearn_seqattn.ngrams.partner import NGrams
from sklearn_seqattn.nn.config import KernelConfig
from sklearn_seqattn.nn.networks import build_sequence_network, rebuild
from sklearn_seqattn.preprocessing.input_encoder import InputEncoder
from sklearn_seqattn.preprocessing.state_encoder import (
    states_of_unknown_sequences,
    warn_unknown,
)
from sklearn_seqattn.preprocessing.tokens import Tokens
from sklearn_seqattn.sequences import validate_sequences
from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.training.devices import resolve_precision
from sklearn_seqattn.training.embeddings import EmbeddingMixin
from sklearn_seqattn.training.fit import TrainingSets
from sklearn_seqattn.training.network_access import NetworkAccessMixin
from sklearn_seqattn.training.optimization import WeightedLoss
from sklearn_seqattn.training.prediction import forward, pooling_weights


class BaseSequenceEstimator(
    TokenPartnerMixin,
    NetworkAccessMixin,
    EmbeddingMixin,
    NestedParameters,
    VersionedPickles,
    CallbackSupportMixin,
    BaseEstimator,
):
    """Base of the estimators that give one answer a sequence.

    It supplies the hooks of `training.fit.fit`. A subclass says what a target is:
    `_check_targets` checks y, `_learn_targets` returns the object that encodes it,
    `target_encoder_`, and `_encode_targets` and `_loss` give what the network is
    trained on. `_fit_partner` fits the partner inside a network.
    """

    _nested = {"tokens": (Tokens,), "blend": (RandomKernels, NGrams)}
    _uncalibrated = {"partner_": None, "blend_": None}
    _gain_control = True  # whether low-amplitude sequences are amplified

    @property
    def _rules(self):
        """What "auto" means; networks beside random kernels need fewer steps."""
        if "tokens" in self._input_kind:
            return TOKEN_RULES
        return NUMBER_RULES if self.blend is None else BLENDED_RULES

    def _read(self, X, front_end, *, reset):
        """Return checked sequences, tokens only where the front end embeds them."""
        embeds = front_end is not None and front_end.embeds
        sequences = validate_sequences(
            self,
            X,
            tokens=embeds or None,
            channels_first=self.channels_first,
            allow_empty=True,
            reset=reset,
            join=False,
        )
        if sequences.kind == "tokens" and front_end is not None and not embeds:
            raise TypeError(
                "X holds tokens (strings), but numbers are expected; put an "
                "'embedding' first in front_end, or encode the tokens as numbers."
            )
        return sequences

    def _read_training(
        self, X, y, sample_weight, *, fresh, classes=None, validation=(None, None, None)
    ):
        """Return the training data in canonical order, and the validation data."""
        front_end = check_network_params(self.get_params(deep=False))
        self._tokens()
        find_scorer(self)  # before any work
        sequences = self._read(X, front_end, reset=fresh)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        y = self._check_targets(y, sequences.lengths)
        weights = check_weights(sample_weight, y)
        kept = np.flatnonzero(weights)
        if len(kept) < len(weights):
            sequences, y, weights = sequences.take(kept), y[kept], weights[kept]
        if fresh:
            self.target_encoder_ = self._learn_targets(y, classes)
        elif classes is not None:
            check_same_classes(classes, self.target_encoder_.classes_)
        targets = self.target_encoder_.encode(y)
        rows, weights = canonical_rows(sequences, targets, weights)
        data = LabeledSequences(sequences.take(rows), targets[rows], weights, front_end)
        return data, self._read_validation(front_end, *validation)

    def _read_validation(self, front_end, validation_data, X_val, y_val):
        """Return the user's validation data, from either pair of arguments, or None."""
        pair = validation_pair(validation_data, X_val, y_val)
        if pair is None:
            return None
        sequences = self._read(pair[0], front_end, reset=False)
        targets = self._check_targets(pair[1], sequences.lengths)
        targets, ones = self.target_encoder_.encode(targets), np.ones(len(sequences))
        return LabeledSequences(sequences, targets, ones, front_end, given=True)

    def _make_datasets(self, data, valid, *, fresh):
        """Fit the encoder of inputs, and return the data sets of the training."""
        if fresh:
            encoder = self._input_encoder()
            self.input_encoder_ = encoder.fit(data.sequences, data.weights)
            self._fit_targets(data)
        class_weights = self._class_weights(data)
        sets = [self._dataset(part, class_weights) for part in (data, valid)]
        scorer, scores = find_scorer(self), None
        if scorer is not None and valid is not None:
            scores = ValidationScores(self, scorer, valid, sets[1])
        return TrainingSets(*sets, WeightedLoss(self._loss()), scores)

    def _input_encoder(self):
        """Return the encoder of inputs, not yet fitted."""
        tokens = self._tokens()
        return InputEncoder(
            standardize=self.standardize,
            amplify=self._gain_control,
            vocabulary=tokens.vocabulary,
            min_count=tokens.min_count,
        )

    def _fit_targets(self, data):
        """Learn how targets are scaled."""

    def _class_weights(self, data):
        """Return the weight of each class, or None if all are equal."""
        return None

    def _tokens(self):
        """Return the parameters of tokens."""
        tokens = Tokens() if self.tokens is None else self.tokens
        tokens._validate_params()
        return tokens

    def _dataset(self, data, class_weights=None):
        """Return encoded sequences and targets; None stays None."""
        if data is None:
            return None
        weights = data.weights
        if class_weights is not None:
            weights = weights * class_weights[data.targets]
            if not weights.any():
                raise ValueError(
                    "class_weight is 0 for the class of every validation sequence; at "
                    "least one must count."
                )
        encoded = self.input_encoder_.transform(data.sequences)
        if encoded.kind == "numeric":  # fail now, not when a batch is scaled
            self.input_encoder_.check_range(encoded)
        return self._batched(
            encoded,
            self._encode_targets(data.targets),
            (weights / weights.mean()).astype(np.float32),
        )

    def _batched(self, encoded, *targets_and_weights):
        """Return a data set of encoded sequences; numbers are scaled in its batches."""
        is_numeric = encoded.kind == "numeric"
        return SequenceDataset(
            encoded.values,
            encoded.lengths,
            *targets_and_weights,
            starts=encoded.starts,
            encode=self.input_encoder_.scale if is_numeric else None,
        )

    def _make_network(self, data, sets, seed, *, fresh, is_partial):
        """Build the network with its partner, or return the fitted one."""
        if fresh:
            network = self._build_network(data)
        else:
            params = self.get_params(deep=False)
            check_same_network(params, data.front_end, self.network_.config)
            network = rebuild(
                self.network_,
                time_warp=self._time_warp(data.sequences.kind),
                tbptt_steps=self.tbptt_steps,
            )
        if network.kernel_partner is not None:
            self._fit_partner(network, sets, seed, fresh=fresh, is_partial=is_partial)
        return network

    def _build_network(self, data, *, has_partner=True):
        """Build the network for some training data."""
        encoder, embedding, vectors = self.input_encoder_, None, None
        if encoder.n_ids_ is not None:
            embedding, vectors = embedding_of_tokens(self._tokens(), encoder.n_ids_)
        config = sequence_config(
            self.get_params(deep=False),
            data.front_end,
            input_size=encoder.output_size_,
            n_outputs=self.target_encoder_.n_outputs,
            n_steps=float(data.lengths.mean()),
            embedding=embedding,
            kernels=self._kernel_config(data) if has_partner else None,
            time_warp=self._time_warp(data.sequences.kind),
        )
        return build_sequence_network(config, vectors=vectors)

    def _kernel_config(self, data):
        """Return the sizes of the random convolutions inside the network, or None."""
        partner = find_partner(self.blend, data.sequences.kind)
        if not isinstance(partner, RandomKernels):
            return None
        auto_size = auto.kernel_features(len(data))
        n_features = auto_size if partner.n_features == "auto" else partner.n_features
        return KernelConfig(
            max_length=int(data.lengths.max()), n_features=int(n_features)
        )

    def _time_warp(self, kind):
        """Return the largest change of tempo in training; 0 changes nothing."""
        return 0.0

    def _calibrate(self, data, valid, sets, plan, seeds, *, fresh):
        """Fit the partner that stands beside the trained network."""
        if fresh:
            self._fit_token_partner(data, valid, sets)

    def _outputs(self, X):
        """Return the outputs of the network: logits or standardized targets, (n, K)."""
        check_is_fitted(self)
        sequences = self._read_again(X)
        precision = resolve_precision(self.precision, self.net_.device)
        dataset, verbose = self._encoded(sequences), self.verbose
        outputs = forward(self.net_, dataset, precision=precision, verbose=verbose)
        return self._blended(outputs, sequences)

    def _read_dataset(self, X):
        """Return checked and encoded sequences for the fitted network."""
        check_is_fitted(self)
        return self._encoded(self._read_again(X))

    def _read_again(self, X):
        """Return checked sequences, of which the fitted encoders know the kind."""
        return self._read(X, given_front_end(self.front_end), reset=False)

    def _encoded(self, sequences):
        """Return sequences as the fitted network reads them."""
        encoded = self.input_encoder_.transform(sequences)
        if sequences.kind == "tokens":
            warn_unknown(states_of_unknown_sequences(sequences, encoded), stacklevel=4)
        return self._batched(encoded)

    def pooling_weights(self, X):
        """Return the weight of each step in attention pooling.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (T_i',)
            One array a sequence, without padding, which sums to one. T_i' is as in
            `attention_weights`.

        Raises
        ------
        ValueError
            If the network pools without attention (no "attention" in `pooling`).
        """
        dataset = self._read_dataset(X)
        return pooling_weights(self.net_, dataset)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True  # tokens and texts
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
