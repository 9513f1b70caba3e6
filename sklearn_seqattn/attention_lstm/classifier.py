"""AttentionLSTMClassifier: one class, or several labels, for each sequence."""

from numbers import Real

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from torch import nn

from sklearn_seqattn._estimator import Interval, StrOptions, fit_context
from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.base import BaseSequenceEstimator
from sklearn_seqattn.attention_lstm.class_weights import weigh_classes
from sklearn_seqattn.attention_lstm.training_data import check_same_length


class AttentionLSTMClassifier(ClassifierMixin, BaseSequenceEstimator):
    r"""Classify sequences by an LSTM network with attention.

    The network is a convolution stem, residual LSTM layers [1]_, multi-head
    self-attention over their hidden states, the maximum and the mean over time side
    by side, and a dense head. Every part can be exchanged by a parameter. Sequences
    may differ in length; padded steps never reach a result.

    Training data are brought into a canonical form first: equal sequences of one class
    are merged and their weights added, so that a sequence of weight k counts exactly as
    k copies of it, and the order of the rows does not matter.

    Parameters
    ----------
    front_end : "auto", None, str or tuple, default="auto"
        The blocks before the encoder, in their order: any of "embedding", "changes",
        "conv", "dense", "step_conv", "attention", "batch_norm", "layer_norm",
        "dropout", "locked_dropout", "gelu", "relu", "tanh". "changes" sets beside each
        value its change over as many steps as the first "conv" strides. A nested tuple
        is a residual group: its input is added to its output, through a linear
        projection where the sizes differ. "auto" is changes and a stem of three
        convolutions, batch-normalised and with GELU, the last two of them residual;
        tokens go through an embedding and locked dropout instead of the changes. None
        leaves the sequences as they are.
    embedding_size : int, default=64
        The embedding size of tokens.
    embedding_vectors : array-like of shape (n_tokens, embedding_size), default=None
        Initial vectors of the tokens in `vocabulary`, which must be given; their
        width replaces `embedding_size`. They are trained further.
    vocabulary : array-like of shape (n_tokens,), default=None
        The tokens. None learns them from the training data; others are unknown.
    min_count : int, default=1
        Rarer tokens are read as unknown when the vocabulary is learnt.
    token_dropout : float, default=0.1
        In training, the share of tokens that are read as unknown. This trains the
        vector of unknown tokens.
    conv_channels : int or tuple of int, default=64
        Output channels of each "conv"; here and below, a tuple has an entry for each
        occurrence of the block in `front_end`, and an int holds for all.
    conv_kernel_size : "auto", int or tuple of int, default="auto"
        Kernel size of each "conv". "auto" is 5, but ``max(7, 2 s + 1)`` for the first
        one of the automatic stem, s its stride.
    conv_stride : "auto", int or tuple of int, default="auto"
        Stride of each "conv". "auto" is 1, but ``ceil(T / 64)`` for the first one of
        the automatic stem, T the mean length: of a sequence as long as that, at most
        64 steps reach the encoder. An int is the stride of that one there. Inside a
        residual group it must be 1.
    conv_dilation : "auto", int or tuple of int, default="auto"
        Dilation of each "conv". "auto" is 1, but up to 8 for the last one of the
        automatic stem of numbers where T is at most 192: it reaches half a sequence to
        both sides, or 16 of its steps.
    dense_units : int or tuple of int, default=64
        Units of each "dense", one linear layer applied to every step by itself.
    step_conv_channels : int or tuple of int, default=8
        Output channels of each "step_conv", a convolution over the values of a step,
        applied to every step by itself.
    step_conv_kernel_size : int or tuple of int, default=3
        Kernel size of each "step_conv".
    key_size : int or tuple of int, default=64
        Size of the queries and keys, all heads together, of each "attention" in
        `front_end`.
    value_size : int or tuple of int, default=64
        Size of the values, all heads together, of each "attention" in `front_end`.
    encoder : {"lstm", "gru", "transformer"}, default="lstm"
        The kind of layers that read the sequence.
    hidden_size : int, default=32
        Hidden units of a layer, in each direction.
    num_layers : int, default=2
        Layers of the encoder.
    bidirectional : bool, default=True
        Whether layers read the sequence in both directions. A Transformer that is not
        bidirectional is causal.
    residual : bool, default=True
        Whether the input of each recurrent layer, and of `attention`, is added to its
        output, which is then layer-normalised. Transformer layers always are residual.
    positions : {"rotary", "sinusoidal"}, default="rotary"
        How a Transformer knows the place of a step [5]_.
    attention : {"multihead", "dot", "general", "additive"} or None, default="multihead"
        Self-attention over the hidden states of the encoder [2]_ [3]_ [4]_.
    num_heads : int, default=4
        Heads of every multi-head attention; they divide its sizes.
    pooling : {"max", "mean", "last", "attention"} or tuple of them, \
            default=("max", "mean")
        How the steps of a sequence become one vector; several are concatenated.
        "last" is the last real step.
    head_units : int or tuple of int, default=(64,)
        Hidden layers of the dense head, each with layer normalisation, GELU and
        dropout; ``()`` is a single linear layer.
    kernel_features : None, "auto" or int, default=None
        How many features of frozen random convolutions [6]_ join the logits by a
        linear layer of their own, for numeric sequences; see
        :class:`RandomKernelFeatures`. They are computed once, and they help most on
        small sets of shapes. "auto" is 10,000, and less with more than 5,000
        sequences.
    kernel_readout : bool, default=True
        Whether a ridge regression on the kernel features, fitted in closed form, is
        averaged with the network: probabilities for classes, values for numbers. Its
        penalty and its temperature come from predicting each sequence by all
        others; that of the network is ``1 / (1 + 10 label_smoothing)`` there, since
        smoothed labels make it less sure than it may be. `partial_fit` and
        `warm_start` leave the readout as the first call made it.
    dropout : float, default=0.2
        Dropout in the front end, the encoder, the attention and the head; over whole
        channels ("locked" over time) in recurrent layers.
    standardize : bool, default=True
        Whether numeric channels are brought to mean 0 and deviation 1 over all
        training steps, and quiet sequences turned up after that: one whose loudest
        channel has a standard deviation s below 0.3 is amplified about its mean until
        that is ``0.3 / (1 + 0.1 ln(0.3 / s))``, all channels alike, but at most about
        15,000 times. Events with categories are not turned up.
    lr : float, default=2e-3
        The learning rate of AdamW; the highest one under the cosine schedule.
    lr_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" rises over the first tenth of the steps and falls to 0 at the last.
    weight_decay : float, default=1e-2
        Decoupled weight decay of the weight matrices; biases and norms are spared.
    max_grad_norm : float or None, default=1.0
        The gradient is scaled down to this norm where it is larger.
    batch_size : "auto" or int, default="auto"
        Sequences a batch in training. "auto" is ``n / 8``, between 8 and 64, for n
        distinct sequences.
    max_epochs : "auto" or int, default="auto"
        Epochs of training. "auto" is what gives 400 batches (320 of sequences of more
        than 256 steps on average), between 40 and 200; for large sets 8,000 batches,
        at least 10.
    early_stopping : "auto" or bool, default="auto"
        Whether training stops when the validation loss has not improved for
        `n_iter_no_change` epochs; the best weights are restored. "auto" does so with
        at least 10,000 distinct sequences, or with validation data given to `fit`.
    validation_fraction : float, default=0.1
        The share of the training data to hold out when stopping early without
        validation data of one's own, keeping the shares of
        the classes.
    n_iter_no_change : int, default=10
        Epochs to wait for an improvement.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the last fit, with inputs and
        targets encoded as there. The parameters of the network must not have changed.
    channels_first : bool, default=False
        Whether arrays of X are (n, D, T) and lists hold (D, T_i) arrays.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, order, dropout and validation split. An int makes
        results on a CPU bit-identical. The global generators are never touched.
    max_steps_per_batch : int, default=4096
        Steps of the encoder, padding included, that go through the network at once. A
        larger batch is taken in parts, and their gradients are added: the same step of
        training, but for batch normalisation, which sees a part, in memory that does
        not grow with the lengths. In bfloat16, of half the size, twice as many.
    precision : {"float32", "bfloat16", "auto"}, default="float32"
        What the network computes in; its weights are float32 in any case. "bfloat16"
        keeps two to three digits, and is faster from a hidden size of 64 on where the
        hardware has instructions for it; "auto" is "bfloat16" there and "float32"
        elsewhere.
    tbptt_steps : int or None, default=None
        In training, the steps of the encoder after which no gradient flows back
        through the hidden states of LSTM and GRU layers, and the length of the
        pieces whose insides are computed anew instead of kept. For sequences of tens
        of thousands of steps; None follows the gradient to the start.
    device : str, default="auto"
        A torch device, such as "cpu", "cuda" or "mps"; "auto" is the best one there
        is.
    callbacks : list or tuple, default=()
        Callbacks of skorch, instances or pairs (name, instance).
    net_params : dict or None, default=None
        Further parameters of `skorch.NeuralNet`; those that the estimator sets itself
        are refused.
    checkpoint_dir : str, path-like or None, default=None
        A folder to keep the state of a running fit in. The same `fit` call goes on
        from there after a crash, and ends with the same bits on a CPU. One folder
        belongs to one fit.
    checkpoint_every : int, default=1
        Epochs between two writes.
    keep_checkpoint : bool, default=False
        Whether the state stays when the fit is done.
    verbose : int or bool, default=0
        Above 0, a progress bar.
    label_smoothing : float, default=0.1
        The share of each target that is spread over all classes.
    time_stretch : float, default=0.25
        In training, half of the sequences of numbers of each batch are played at
        another pace [7]_: all of them at one between ``1 / (1 + time_stretch)`` and
        ``1 + time_stretch``, and beside that each quarter of a sequence at one of its
        own, which changes it by up to twice as much. 0 is for classes that differ in
        nothing but pace.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes; "balanced" gives every class the same total. Not for
        several labels a sequence.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes; the label columns' numbers for several labels a sequence.
    net_ : skorch.NeuralNet
        The fitted net in evaluation mode, without its optimizer; ``net_.module_`` is
        the torch network.
    history_ : DataFrame
        One row an epoch: epoch, train_loss, valid_loss (with validation), seconds.
    n_iter_ : int
        Epochs trained, those of earlier warm starts included.
    input_encoder_ : InputEncoder
        How sequences become the numbers or ids that the network reads.
    input_size_ : int
        Channels of a step, for numeric sequences.
    n_features_in_ : int
        Columns of X, where X was a table.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of these columns, where all are strings.

    See Also
    --------
    AttentionLSTMRegressor : The same network for numbers.
    SequencePadder : Sequences to one padded array.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural
       Computation 9(8), 1997.
    .. [2] D. Bahdanau, K. Cho and Y. Bengio, "Neural machine translation by jointly
       learning to align and translate", ICLR 2015.
    .. [3] M.-T. Luong, H. Pham and C. D. Manning, "Effective approaches to
       attention-based neural machine translation", EMNLP 2015.
    .. [4] A. Vaswani et al., "Attention is all you need", NeurIPS 2017.
    .. [5] J. Su et al., "RoFormer: enhanced transformer with rotary position
       embedding", 2021.
    .. [6] A. Dempster et al., "MiniRocket: a very fast (almost) deterministic
       transform for time series classification", KDD 2021.
    .. [7] A. Le Guennec, S. Malinowski and R. Tavenard, "Data augmentation for time
       series classification using convolutional neural networks", AALTD 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> rng = np.random.default_rng(0)
    >>> lengths = rng.integers(5, 20, size=60)
    >>> y = np.repeat(["down", "up"], 30)
    >>> X = [
    ...     np.cumsum(rng.normal(drift, 1, size=(length, 2)), axis=0)
    ...     for drift, length in zip(np.where(y == "up", 0.5, -0.5), lengths)
    ... ]
    >>> classifier = AttentionLSTMClassifier(max_epochs=10, random_state=0).fit(X, y)
    >>> classifier.predict([[[0, 0], [1, 2], [2, 3], [2, 4]]])
    array(['up'], dtype='<U4')
    >>> classifier.predict_proba(X).shape
    (60, 2)
    """

    _parameter_constraints = {
        **BaseSequenceEstimator._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "time_stretch": [Interval(Real, 0, 10, closed="both")],
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
        conv_dilation="auto",
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
        kernel_features=None,
        kernel_readout=True,
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
        max_steps_per_batch=4096,
        precision="float32",
        tbptt_steps=None,
        device="auto",
        callbacks=(),
        net_params=None,
        checkpoint_dir=None,
        checkpoint_every=1,
        keep_checkpoint=False,
        verbose=0,
        label_smoothing=0.1,
        time_stretch=0.25,
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
            kernel_features=kernel_features,
            kernel_readout=kernel_readout,
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
            max_steps_per_batch=max_steps_per_batch,
            precision=precision,
            tbptt_steps=tbptt_steps,
            device=device,
            callbacks=callbacks,
            net_params=net_params,
            checkpoint_dir=checkpoint_dir,
            checkpoint_every=checkpoint_every,
            keep_checkpoint=keep_checkpoint,
            verbose=verbose,
        )
        self.label_smoothing = label_smoothing
        self.time_stretch = time_stretch
        self.class_weight = class_weight

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X, y, sample_weight=None, *, validation_data=None, X_val=None, y_val=None
    ):
        """Fit the network to labelled sequences.

        Parameters
        ----------
        X : sequences
            The n sequences, in any container that the user guide lists: a list of
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
        AttentionLSTMClassifier
            The fitted estimator itself.

        Raises
        ------
        ValueError, TypeError
            If the input or a parameter is not usable; nothing is trained then.
        FloatingPointError
            If the training loss becomes NaN or infinite. An earlier fit is kept.
        """
        return self._fit(X, y, sample_weight, (validation_data, X_val, y_val))

    @fit_context(prefer_skip_nested_validation=True)
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
        AttentionLSTMClassifier
            The fitted estimator itself.
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
                f"{self.classes_.tolist()[0]!r}."
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

    @property
    def _readout(self):
        """How logits become probabilities."""
        return "sigmoid" if self._multilabel else "softmax"

    @property
    def _temperature(self):
        """What logits are divided by before the readout is averaged in."""
        return auto.temperature(self.label_smoothing)

    def _loss(self):
        """Make the loss of single rows."""
        if self._multilabel:
            return nn.BCEWithLogitsLoss(reduction="none")
        return nn.CrossEntropyLoss(
            reduction="none", label_smoothing=float(self.label_smoothing)
        )

    def _pace_change(self, kind):
        """Give the largest change of pace; only numbers can be interpolated."""
        return float(self.time_stretch) if kind == "numeric" else 0.0

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
        ndarray of shape (n,) or (n, n_labels)
            The classes, or 0 and 1 for each label.
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
        ndarray of shape (n,) or (n, n_classes), float32
            The higher the more probable; above 0 for the second of two classes.
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
        ndarray of shape (n, n_classes), float32
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
        ndarray of shape (n, n_classes), float32
            Columns in the order of `classes_`.
        """
        logits = self._outputs(X)
        return log_expit(logits) if self._multilabel else log_softmax(logits, axis=1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
