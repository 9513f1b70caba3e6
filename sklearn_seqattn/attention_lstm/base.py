"""Base of classifier, regressor and tagger: read, encode, build, run."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import (
    CallbackSupportMixin,
    NestedParameters,
    VersionedPickles,
)
from sklearn_seqattn.attention_lstm.network_building import NetworkBuildingMixin
from sklearn_seqattn.attention_lstm.network_config import (
    check_network_params,
    given_front_end,
)
from sklearn_seqattn.attention_lstm.rules import (
    BLENDED_RULES,
    NUMBER_RULES,
    TOKEN_RULES,
)
from sklearn_seqattn.attention_lstm.sample_weights import check_weights
from sklearn_seqattn.attention_lstm.target_checks import check_same_classes
from sklearn_seqattn.attention_lstm.token_partner import TokenPartnerMixin
from sklearn_seqattn.attention_lstm.training_data import (
    LabeledSequences,
    canonical_rows,
    validation_pair,
)
from sklearn_seqattn.attention_lstm.validation_scores import (
    ScoredMixin,
    SequenceScores,
    find_scorer,
)
from sklearn_seqattn.kernels.partner import RandomKernels
from sklearn_seqattn.ngrams.partner import NGrams
from sklearn_seqattn.nn.config import SequenceConfig
from sklearn_seqattn.preprocessing.input_encoder import InputEncoder
from sklearn_seqattn.preprocessing.state_encoder import (
    states_of_unknown_sequences,
    warn_unknown,
)
from sklearn_seqattn.preprocessing.tokens import Tokens
from sklearn_seqattn.sequences import validate_sequences
from sklearn_seqattn.sequences.fitted_input import reads_tokens
from sklearn_seqattn.sequences.target_order import check_same_order
from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.training.devices import resolve_precision
from sklearn_seqattn.training.embeddings import StepEmbeddingMixin
from sklearn_seqattn.training.fit import TrainingSets
from sklearn_seqattn.training.network_access import NetworkAccessMixin
from sklearn_seqattn.training.optimization import WeightedLoss
from sklearn_seqattn.training.own_losses import check_row_losses, own_loss
from sklearn_seqattn.training.prediction import forward


class BaseSequenceEstimator(
    NetworkBuildingMixin,
    TokenPartnerMixin,
    ScoredMixin,
    NetworkAccessMixin,
    StepEmbeddingMixin,
    NestedParameters,
    VersionedPickles,
    CallbackSupportMixin,
    BaseEstimator,
):
    """Base of the estimators that are fitted to sequences and targets.

    It supplies the hooks of `training.fit.fit`. A subclass says what a target is:
    `_check_targets` checks y, `_learn_targets` returns the object that encodes it,
    `target_encoder_`, and `_encode_targets` gives what the network is trained on.
    `_fit_partner` fits the partner inside a network.
    """

    _nested = {"tokens": (Tokens,), "blend": (RandomKernels, NGrams)}
    _config = SequenceConfig
    _module_params = ("tbptt_steps",)
    _uncalibrated = {"partner_": None, "blend_": None}
    _blended_rules = BLENDED_RULES  # what "auto" means beside random kernels
    _gain_control = True  # whether low-amplitude sequences are amplified

    @property
    def _rules(self):
        """What "auto" means; networks beside random kernels need fewer steps."""
        if reads_tokens(self):
            return TOKEN_RULES
        return NUMBER_RULES if self.blend is None else self._blended_rules

    def _read(self, X, front_end, *, reset):
        """Return checked sequences, tokens only where the front end embeds them."""
        embeds = front_end is not None and front_end.embeds
        sequences = validate_sequences(
            self,
            X,
            tokens=embeds or None,
            channels_first=self.channels_first,
            allow_empty=True,
            static="read",
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
        front_end = check_network_params(self._config, self.get_params(deep=False))
        self._tokens()
        find_scorer(self)  # before any work
        sequences = self._read(X, front_end, reset=fresh)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        check_same_order(X, y)
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
        valid = self._read_validation(front_end, *validation)
        if self.random_prefixes:
            data = data.with_cuts()
            valid = None if valid is None else valid.with_cuts()
        return data, valid

    def _read_validation(self, front_end, validation_data, X_val, y_val):
        """Return the user's validation data, from either pair of arguments, or None."""
        pair = validation_pair(validation_data, X_val, y_val)
        if pair is None:
            return None
        sequences = self._read(pair[0], front_end, reset=False)
        check_same_order(*pair)
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
        scorer, scores = None if valid is None else find_scorer(self), None
        if scorer is not None:
            scores = SequenceScores(self, scorer, valid.cut(), sets[1])
        return TrainingSets(*sets, self._criterion(sets[0]), scores)

    def _criterion(self, train_set):
        """Return the loss of a batch."""
        loss, targets = own_loss(self.net_params), self.target_encoder_
        if loss is None:
            loss = targets.row_loss()
        else:
            check_row_losses(loss, targets.n_outputs, train_set.targets)
        return WeightedLoss(loss, targets.link)

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

    def _encode_targets(self, targets):
        """Return targets as the loss takes them."""
        return targets

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
        n_rounds, data = data.n_rounds, data.cut()
        weights = data.weights
        if class_weights is not None:
            weights = weights * class_weights[data.targets]
            if not weights.any():
                raise ValueError(
                    "class_weight is 0 for the class of every validation sequence; at "
                    "least one must count."
                )
        weights = (weights / weights.mean()).astype(np.float32)
        encoded = self._encode(data.sequences)
        dataset = self._batched(encoded, self._encode_targets(data.targets), weights)
        if n_rounds > 1:  # batches of short prefixes alone mislead batch normalization
            dataset.n_rounds, dataset.window = n_rounds, 1
        return dataset

    def _encode(self, sequences):
        """Return encoded sequences that can be scaled."""
        encoded = self.input_encoder_.transform(sequences)
        if encoded.kind == "numeric":  # fail now, not when a batch is scaled
            self.input_encoder_.check_range(encoded)
        return encoded

    def _batched(self, encoded, *targets_and_weights):
        """Return a data set of encoded sequences; numbers are scaled in its batches."""
        is_numeric = encoded.kind == "numeric"
        return SequenceDataset(
            encoded.values,
            encoded.lengths,
            *targets_and_weights,
            starts=encoded.starts,
            encode=self.input_encoder_.scale if is_numeric else None,
            static=self.input_encoder_.transform_static(encoded),
        )

    def _calibrate(self, data, valid, sets, plan, seeds, *, fresh):
        """Fit the partner that stands beside the trained network."""
        if fresh:
            self._fit_token_partner(data, valid, sets, plan)

    def _outputs(self, X):
        """Return the outputs of the network: logits or standardized targets, (n, K)."""
        check_is_fitted(self)
        sequences = self._read_again(X)
        dataset = self._batched(self._encoded(sequences))
        precision = resolve_precision(self.precision, self.net_.device)
        dataset.partner_outputs = self._kept_outputs(dataset, precision)
        outputs = forward(self.net_, dataset, precision=precision, verbose=self.verbose)
        return self._blended(outputs, sequences)

    def _read_dataset(self, X):
        """Return checked and encoded sequences for the fitted network."""
        check_is_fitted(self)
        return self._batched(self._encoded(self._read_again(X)))

    def _read_again(self, X):
        """Return checked sequences, of which the fitted encoders know the kind."""
        return self._read(X, given_front_end(self.front_end), reset=False)

    def _encoded(self, sequences, *, warns=True):
        """Return sequences as the fitted network reads them; warn of unknown ones."""
        encoded = self.input_encoder_.transform(sequences)
        if warns and sequences.kind == "tokens":
            unknown = states_of_unknown_sequences(sequences, encoded)
            warn_unknown(unknown, stacklevel=4, noun="token")
        return encoded

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True  # tokens and texts
        return tags
