"""What the classifier and the regressor share: reading, training, running."""

import copy
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import check_sample_weight, draw_seeds, kept_on_failure
from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.network_config import (
    check_same_network,
    make_embedding,
    network_numbers,
    resolve_front_end,
)
from sklearn_seqattn.attention_lstm.parameters import SequenceParameters
from sklearn_seqattn.attention_lstm.training_data import (
    LabelledSequences,
    canonical_rows,
    split_validation,
)
from sklearn_seqattn.kernels.fitting import fit_kernel_branch, keep_features
from sklearn_seqattn.nn.encoders import truncate_backpropagation
from sklearn_seqattn.nn.networks import build_sequence_network
from sklearn_seqattn.preprocessing.input_encoder import InputEncoder
from sklearn_seqattn.sequences import validate_sequences
from sklearn_seqattn.training import (
    Checkpoint,
    WeightedLoss,
    attention_weights,
    forward,
    isolated_torch,
    iter_attention_weights,
    raise_interrupt,
    resolve_precision,
    train,
)
from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.training.fingerprint import describe_params, digest
from sklearn_seqattn.training.fit import append_history
from sklearn_seqattn.training.plan import plan_training


class BaseSequenceEstimator(SequenceParameters):
    """Base of the estimators that give one answer a sequence.

    A subclass says what a target is: `_learn_targets`, `_encode_targets` and
    `_network_targets` lead from y to what the loss compares, `_loss` makes the
    loss, `_n_outputs` counts the outputs, and predictions decode `_outputs`.
    """

    _prediction_dtype = torch.float32
    _amplify = True  # quiet sequences, see `turn_up`

    def _fit(self, X, y, sample_weight, validation):
        """Fit anew, or go on from the last fit where `warm_start` says so."""
        fresh = not (self.warm_start and hasattr(self, "net_"))
        return self._train(X, y, sample_weight, validation, fresh=fresh)

    def _partial_fit(self, X, y, sample_weight, classes=None):
        """Train for one epoch."""
        fresh = not hasattr(self, "net_")
        no_validation = (None, None, None)
        return self._train(
            X,
            y,
            sample_weight,
            no_validation,
            fresh=fresh,
            n_epochs=1,
            classes=classes,
        )

    def _train(
        self, X, y, sample_weight, validation, *, fresh, n_epochs=None, classes=None
    ):
        """Validate, encode, build, train; a failure leaves the old fit as it was."""
        seeds = draw_seeds(self.random_state, 4)
        checkpoint = None
        if self.checkpoint_dir is not None and not n_epochs:
            checkpoint = Checkpoint(self.checkpoint_dir, self.checkpoint_every)
            seeds = checkpoint.agree(seeds)
        n_done = 0 if fresh else self.n_iter_  # going on, other draws are wanted
        with kept_on_failure(self):
            data = self._read_training(X, y, sample_weight, classes, reset=fresh)
            valid = self._read_validation(*validation)
            if checkpoint is not None:
                checkpoint.claim(self._fingerprint(data, valid, fresh))
            patience = None if n_epochs else self._patience(len(data), valid)
            if patience is not None and valid is None:
                data, valid = split_validation(
                    data,
                    self.validation_fraction,
                    seeds[0],
                    strata=self._strata(data.targets),
                )
            if fresh:
                self._fit_encoders(data)
            plan = self._plan(data, patience, n_epochs)
            train_set, valid_set = self._dataset(data), self._dataset(valid)
            with isolated_torch(seeds[1] + n_done, plan.device):
                module = self._network(data) if fresh else self._network_copy()
                module.time_stretch = self._pace_change(data.sequences.kind)
                truncate_backpropagation(module, self.tbptt_steps)
                self._keep_features(
                    module.kernel_branch, train_set, valid_set, seeds[3], fresh=fresh
                )
                self.net_, history = train(
                    module,
                    WeightedLoss(self._loss()),
                    train_set,
                    replace(plan, checkpoint=checkpoint),
                    seed=seeds[2] + n_done,
                    valid_set=valid_set,
                )
                is_whole = not (n_epochs or self.net_.was_interrupted)
                if fresh and patience is None and is_whole:
                    self._shrink(data, train_set, plan, seeds)
                # mps has no double precision, and bfloat16 does without.
                if plan.device != "mps" and plan.precision == "float32":
                    self.net_.module_.to(self._prediction_dtype)
            append_history(self, history, fresh=fresh)
        if checkpoint is not None and is_whole and not self.keep_checkpoint:
            checkpoint.remove()
        raise_interrupt(self.net_)
        return self

    def _fingerprint(self, data, valid, fresh):
        """Describe all that the result of a fit depends on."""
        described = describe_params(self.get_params(deep=False))
        for name, part in (("", data), ("validation ", valid)):
            if part is not None:
                sequences = part.sequences.joined()
                described[f"{name}X"] = digest(sequences.values, sequences.lengths)
                described[f"{name}y"] = digest(part.targets)
        described["sample_weight"] = digest(data.weights)
        if not fresh:
            weights = self.net_.module_.state_dict().values()
            described["the fit to go on from"] = digest(
                *[w.cpu().numpy() for w in weights]
            )
        return described

    def _read(self, X, *, reset):
        """Check sequences, tokens only where the front end embeds them."""
        auto = isinstance(self.front_end, str) and self.front_end == "auto"
        embeds = not auto and "embedding" in resolve_front_end(
            self.front_end, tokens=False
        )
        sequences = validate_sequences(
            self,
            X,
            tokens=embeds or None,
            channels_first=self.channels_first,
            reset=reset,
            join=False,
        )
        if sequences.kind == "tokens" and not (auto or embeds):
            raise TypeError(
                "X holds tokens (strings), but numbers are expected; put an "
                "'embedding' first in front_end, or encode the tokens as numbers."
            )
        return sequences

    def _read_training(self, X, y, sample_weight, classes, *, reset):
        """Check X, y and weights, and bring them into canonical form."""
        sequences = self._read(X, reset=reset)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        y = self._check_y(y, len(sequences))
        if sample_weight is not None and not np.any(np.asarray(sample_weight)):
            raise ValueError(
                "sample_weight is zero for every sequence; at least one must count."
            )
        weights = check_sample_weight(
            sample_weight, y, dtype=np.float64, ensure_non_negative=True
        )
        if not weights.all():
            kept = np.flatnonzero(weights)
            sequences, y, weights = sequences.take(kept), y[kept], weights[kept]
        if reset:
            self._learn_targets(y, classes)
        targets = self._encode_targets(y)
        rows, weights = canonical_rows(sequences, targets, weights)
        return LabelledSequences(sequences.take(rows), targets[rows], weights)

    def _read_validation(self, validation_data, X_val, y_val):
        """Check the validation data, whichever way they came; None without any."""
        if validation_data is None and X_val is None and y_val is None:
            return None
        if validation_data is not None:
            if X_val is not None or y_val is not None:
                raise ValueError(
                    "validation_data and X_val, y_val say the same; pass one of them."
                )
            if not isinstance(validation_data, tuple | list) or (
                len(validation_data) != 2
            ):
                raise ValueError("validation_data must be a pair (X, y).")
            X_val, y_val = validation_data
        if X_val is None or y_val is None:
            raise ValueError("Validation needs both X_val and y_val; one is missing.")
        sequences = self._read(X_val, reset=False)
        y_val = self._check_y(y_val, len(sequences))
        targets = self._encode_targets(y_val)
        return LabelledSequences(sequences, targets, np.ones(len(sequences)))

    def _patience(self, n_samples, valid):
        """Give the epochs without improvement to wait for; None never stops."""
        if self.early_stopping == "auto":
            enough = n_samples >= auto.EARLY_STOPPING_FROM
            return self.n_iter_no_change if enough or valid is not None else None
        return self.n_iter_no_change if self.early_stopping else None

    def _weigh(self, targets, weights):
        """Adapt the weight of each row to its target."""
        return weights

    def _pace_change(self, kind):
        """Give the largest change of pace in training; 0.0 trains on what is there."""
        return 0.0

    def _shrink(self, data, train_set, plan, seeds):
        """Temper the outputs of a network that was trained on all of the data."""

    def _strata(self, targets):
        """Give the classes whose shares a validation split keeps."""
        return None

    def _fit_targets(self, targets, weights):
        """Learn how targets are scaled."""

    def _fit_encoders(self, data):
        """Learn from the training part how inputs and targets are encoded."""
        self.input_encoder_ = InputEncoder(
            standardize=self.standardize,
            amplify=self._amplify,
            vocabulary=self.vocabulary,
            min_count=self.min_count,
        ).fit(data.sequences, data.weights)
        self._fit_targets(data.targets, data.weights)

    def _plan(self, data, patience, n_epochs):
        """Decide how to train; `n_epochs` is that of partial_fit."""
        n_steps = data.sequences.lengths.mean()
        return plan_training(
            self,
            len(data),
            auto_batch_size=auto.batch_size,
            auto_epochs=partial(auto.max_epochs, n_steps=n_steps),
            patience=patience,
            n_epochs=n_epochs,
        )

    def _network(self, data):
        """Build the network for the training data."""
        params, kind = self.get_params(deep=False), data.sequences.kind
        n_steps = float(data.sequences.lengths.mean())
        numbers = network_numbers(params, kind=kind, n_steps=n_steps)
        n_ids = self.input_encoder_.n_ids_
        return build_sequence_network(
            input_size=self.input_encoder_.output_size_,
            n_outputs=self._n_outputs,
            embedding=None if n_ids is None else make_embedding(params, n_ids),
            kernels=self._kernel_numbers(data),
            **numbers,
        )

    def _kernel_numbers(self, data):
        """Give the numbers of the side branch; None without one."""
        if self.kernel_features is None:
            return None
        if data.sequences.kind == "tokens":
            raise ValueError(
                f"kernel_features={self.kernel_features!r} needs sequences of numbers, "
                "but X holds tokens; set kernel_features=None."
            )
        n_features = self.kernel_features
        if n_features == "auto":
            n_features = auto.kernel_features(len(data))
        return {
            "max_length": int(data.sequences.lengths.max()),
            "n_features": int(n_features),
            "readout": self._readout if self.kernel_readout else None,
            "temperature": self._temperature,
        }

    def _keep_features(self, branch, train_set, valid_set, seed, *, fresh):
        """Compute the features of the side branch once for all epochs."""
        if branch is None:
            return
        if fresh:
            fit_kernel_branch(branch, train_set, seed)
        else:
            keep_features(branch, train_set)
        if valid_set is not None:
            keep_features(branch, valid_set)

    def _network_copy(self):
        """Copy the fitted network, to go on training without losing it."""
        module = copy.deepcopy(self.net_.module_).float()
        check_same_network(self.get_params(deep=False), module.numbers)
        return module

    def _dataset(self, data):
        """Encode sequences and targets for the network; None stays None."""
        if data is None:
            return None
        weights = self._weigh(data.targets, data.weights)
        encoded = self.input_encoder_.transform(data.sequences)
        if encoded.kind == "numeric":  # fail now, not when a batch is scaled
            self.input_encoder_.check_range(encoded)
        return self._batched(
            encoded,
            self._network_targets(data.targets),
            (weights / weights.mean()).astype(np.float32),
        )

    def _batched(self, encoded, *targets_and_weights):
        """Make a data set of encoded sequences; numbers are scaled in its batches."""
        is_numeric = encoded.kind == "numeric"
        return SequenceDataset(
            encoded.values,
            encoded.lengths,
            *targets_and_weights,
            starts=encoded.starts,
            encode=self.input_encoder_.scale if is_numeric else None,
        )

    def _outputs(self, X):
        """Run the network over X: logits or standardised targets, (n, K) float32."""
        dataset = self._read_dataset(X)
        return forward(
            self.net_,
            dataset,
            precision=resolve_precision(self.precision, self.net_.device),
            max_steps=self.max_steps_per_batch,
        )

    def _read_dataset(self, X):
        """Check and encode sequences for the fitted network."""
        check_is_fitted(self)
        encoded = self.input_encoder_.transform(self._read(X, reset=False))
        return self._batched(encoded)

    def attention_weights(self, X):
        """Give the weights with which each step attends to each other one.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (n_heads, T_i', T_i')
            One array a sequence, without padding; row t of a head sums to one.
            T_i' is the number of steps behind the front end: ``ceil(T_i / s)``
            where its convolutions have strides of s in all.

        Raises
        ------
        ValueError
            If the network has no attention (``attention=None``).
        """
        dataset = self._read_dataset(X)
        return attention_weights(self.net_, dataset)

    def iter_attention_weights(self, X, n_queries=1024):
        """Return an iterator over the attention weights, a few steps at a time.

        For sequences so long that their weights do not fit into memory at once. X is
        read on the way: do not change it before the iterator is at its end.

        Parameters
        ----------
        X : sequences
            As in `fit`.
        n_queries : int, default=1024
            Steps whose weights are computed at once.

        Returns
        -------
        iterator of (i, start, weights)
            Sequence i, the first step of the block, and the weights of this one and
            those behind it, an array of shape (n_heads, n_queries or less, T_i').

        Raises
        ------
        ValueError
            If the network has no attention (``attention=None``), or `n_queries` is not
            positive.
        """
        dataset = self._read_dataset(X)
        return iter_attention_weights(self.net_, dataset, n_queries)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
