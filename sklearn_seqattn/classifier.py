"""AttentionLSTMClassifier: one class, or several labels, for each sequence."""

from numbers import Real

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from torch import nn

from sklearn_seqattn.base import BaseSequenceEstimator
from sklearn_seqattn.class_weights import weigh_classes
from sklearn_seqattn.fitting import check_same_length


class AttentionLSTMClassifier(ClassifierMixin, BaseSequenceEstimator):
    """DOC"""

    _parameter_constraints = {
        **BaseSequenceEstimator._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def __init__(
        self,
        *,
        front_end="auto",
        embedding_size=64,
        embedding_vectors=None,
        vocabulary=None,
        min_count=1,
        token_dropout=0.1,
        conv_channels=64,
        conv_kernel_size="auto",
        conv_stride="auto",
        conv_dilation=1,
        dense_units=64,
        step_conv_channels=8,
        step_conv_kernel_size=3,
        key_size=64,
        value_size=64,
        encoder="lstm",
        hidden_size=32,
        num_layers=2,
        bidirectional=True,
        residual=True,
        positions="rotary",
        attention="multihead",
        num_heads=4,
        pooling=("max", "mean"),
        head_units=(64,),
        dropout=0.2,
        standardize=True,
        lr=2e-3,
        lr_schedule="cosine",
        weight_decay=1e-2,
        max_grad_norm=1.0,
        batch_size="auto",
        max_epochs="auto",
        early_stopping="auto",
        validation_fraction=0.1,
        n_iter_no_change=10,
        warm_start=False,
        channels_first=False,
        random_state=None,
        device="auto",
        callbacks=(),
        net_params=None,
        verbose=0,
        label_smoothing=0.1,
        class_weight=None,
    ):
        super().__init__(
            front_end=front_end,
            embedding_size=embedding_size,
            embedding_vectors=embedding_vectors,
            vocabulary=vocabulary,
            min_count=min_count,
            token_dropout=token_dropout,
            conv_channels=conv_channels,
            conv_kernel_size=conv_kernel_size,
            conv_stride=conv_stride,
            conv_dilation=conv_dilation,
            dense_units=dense_units,
            step_conv_channels=step_conv_channels,
            step_conv_kernel_size=step_conv_kernel_size,
            key_size=key_size,
            value_size=value_size,
            encoder=encoder,
            hidden_size=hidden_size,
            num_layers=num_layers,
            bidirectional=bidirectional,
            residual=residual,
            positions=positions,
            attention=attention,
            num_heads=num_heads,
            pooling=pooling,
            head_units=head_units,
            dropout=dropout,
            standardize=standardize,
            lr=lr,
            lr_schedule=lr_schedule,
            weight_decay=weight_decay,
            max_grad_norm=max_grad_norm,
            batch_size=batch_size,
            max_epochs=max_epochs,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            warm_start=warm_start,
            channels_first=channels_first,
            random_state=random_state,
            device=device,
            callbacks=callbacks,
            net_params=net_params,
            verbose=verbose,
        )
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X, y, sample_weight=None, *, validation_data=None, X_val=None, y_val=None
    ):
        """Fit the network to labelled sequences.

        Parameters
        ----------
        X : sequences
            n sequences in any container that the user guide lists: a list of
            arrays (T_i,) or (T_i, D), an array (n, T, D) in which trailing NaN
            steps are padding, a table (n, T), a list of token lists or strings,
            a list of DataFrames.
        y : array-like of shape (n,) or (n, n_labels)
            The class of each sequence, or a 0/1 column for each label.
        sample_weight : array-like of shape (n,), default=None
            A weight k counts as k copies of the sequence.
        validation_data : tuple (X, y), default=None
            Sequences that are watched during training (``valid_loss`` in
            `history_`), and that decide when it stops unless
            ``early_stopping=False``.
        X_val, y_val : as X and y, default=None
            The same as two arguments, so that a Pipeline with
            ``transform_input=["X_val"]`` can transform the first.

        Returns
        -------
        self : AttentionLSTMClassifier

        Raises
        ------
        ValueError, TypeError
            If the input or a parameter is not usable; nothing is trained then.
        FloatingPointError
            If the training loss becomes NaN or infinite. An earlier fit is kept.
        """
        return self._fit(X, y, sample_weight, (validation_data, X_val, y_val))

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch on some sequences, at a constant learning rate.

        The first call learns how inputs are encoded and, from `classes`, what
        can be predicted; later calls go on from there.

        Parameters
        ----------
        X : sequences
            As in `fit`.
        y : array-like of shape (n,) or (n, n_labels)
            As in `fit`.
        classes : array-like of shape (n_classes,), default=None
            All classes that y may ever have; needed by the first call, unless
            its y has them all.
        sample_weight : array-like of shape (n,), default=None
            As in `fit`.

        Returns
        -------
        self : AttentionLSTMClassifier
        """
        return self._partial_fit(X, y, sample_weight, classes)

    def _learn_targets(self, y, classes):
        """Learn the classes, from y or as given."""
        self._multilabel = type_of_target(y) == "multilabel-indicator"
        if self._multilabel:
            self.classes_ = np.arange(y.shape[1])
            return
        self.classes_ = np.unique(y if classes is None else column_or_1d(classes))
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes, but y has 1 class: "
                f"{self.classes_[0]!r}."
            )

    def _check_y(self, y, n_samples):
        """Check the kind and the length of y."""
        assert_all_finite(np.asarray(y), input_name="y")
        check_classification_targets(y)
        if type_of_target(y) == "multilabel-indicator":
            y = check_array(y, dtype=np.float32, input_name="y")
        elif type_of_target(y) == "multiclass-multioutput":
            raise ValueError(
                "y has several columns with more than two values; give a 0/1 column "
                "for each label, or fit one classifier a column."
            )
        else:
            y = column_or_1d(y, warn=True)
        check_same_length(n_samples, len(y))
        return y

    def _encode_targets(self, y):
        """Turn classes into codes (n,), labels into numbers (n, n_labels)."""
        if (y.ndim == 2) != self._multilabel:
            raise ValueError(
                "y has several label columns, but the classifier was fitted on one "
                "class a sequence."
                if y.ndim == 2
                else "y has one class a sequence, but the classifier was fitted on "
                "several label columns."
            )
        if self._multilabel:
            if y.shape[1] != len(self.classes_):
                raise ValueError(
                    f"y has {y.shape[1]} label columns, but the classifier was fitted "
                    f"on {len(self.classes_)}."
                )
            return y
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has the classes {unknown.tolist()}, which the classifier does not "
                f"know; it knows {self.classes_.tolist()}."
            )
        return np.searchsorted(self.classes_, y)

    def _weigh(self, targets, weights):
        """Multiply the weight of each row by that of its class."""
        if not self._multilabel:
            return weigh_classes(self.class_weight, self.classes_, targets, weights)
        if self.class_weight is not None:
            raise ValueError(
                "class_weight is for one class a sequence, but y has several label "
                "columns; use sample_weight."
            )
        return weights

    def _strata(self, targets):
        """Give the classes whose shares a validation split keeps."""
        return None if self._multilabel else targets

    @property
    def _n_outputs(self):
        """The number of logits."""
        return len(self.classes_)

    def _loss(self):
        """Make the loss of single rows."""
        if self._multilabel:
            return nn.BCEWithLogitsLoss(reduction="none")
        return nn.CrossEntropyLoss(
            reduction="none", label_smoothing=float(self.label_smoothing)
        )

    def _network_targets(self, targets):
        """Give the targets as the loss takes them, labels smoothed."""
        if self._multilabel:
            smoothing = np.float32(self.label_smoothing)
            return targets * (1 - smoothing) + smoothing / 2
        return targets

    def predict(self, X):
        """Predict the most probable class, or every label above one half.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_labels)
        """
        logits = self._outputs(X)
        if self._multilabel:
            return (logits > 0).astype(np.int64)
        return self.classes_[logits.argmax(axis=1)]

    def decision_function(self, X):
        """Give the logits; for two classes their difference.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        scores : ndarray of shape (n,) or (n, n_classes), float32
        """
        logits = self._outputs(X)
        if len(self.classes_) == 2 and not self._multilabel:
            return logits[:, 1] - logits[:, 0]
        return logits

    def predict_proba(self, X):
        """Give the probability of each class, or of each label by itself.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes), float32
            Columns in the order of `classes_`; rows sum to one, but for labels.
        """
        logits = self._outputs(X)
        return expit(logits) if self._multilabel else softmax(logits, axis=1)

    def predict_log_proba(self, X):
        """Give the logarithm of the probabilities, exact where they are tiny.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        log_probabilities : ndarray of shape (n, n_classes), float32
        """
        logits = self._outputs(X)
        return log_expit(logits) if self._multilabel else log_softmax(logits, axis=1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
