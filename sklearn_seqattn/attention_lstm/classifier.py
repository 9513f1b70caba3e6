"""AttentionLSTMClassifier: one class, or several labels, for each sequence."""

from numbers import Real

from sklearn.base import ClassifierMixin

from sklearn_seqattn._estimator import Interval, StrOptions, fit_context, with_callbacks
from sklearn_seqattn.attention_lstm.base import BaseSequenceEstimator
from sklearn_seqattn.attention_lstm.class_weights import weigh_classes
from sklearn_seqattn.attention_lstm.network_share import choose_judges, network_share
from sklearn_seqattn.attention_lstm.parameters import SEQUENCE_CONSTRAINTS
from sklearn_seqattn.attention_lstm.pooled import PoolingMixin
from sklearn_seqattn.attention_lstm.prefixes import PrefixMixin
from sklearn_seqattn.attention_lstm.rules import BLENDED_CLASSIFIER_RULES
from sklearn_seqattn.attention_lstm.shrinkage import shrink
from sklearn_seqattn.attention_lstm.stem import MOST_STEPS_BESIDE_KERNELS
from sklearn_seqattn.attention_lstm.target_checks import check_labels
from sklearn_seqattn.attention_lstm.targets import learn_labels
from sklearn_seqattn.kernels.fitting import (
    compute_outputs,
    count_rows,
)
from sklearn_seqattn.kernels.heads import ClassHead
from sklearn_seqattn.training.fit import fit
from sklearn_seqattn.training.progress import partner_bar


class AttentionLSTMClassifier(
    ClassifierMixin, PrefixMixin, PoolingMixin, BaseSequenceEstimator
):
    """Classify sequences by an LSTM network with attention.

    The network is a convolution stem, residual LSTM layers [1]_, multi-head
    self-attention over their hidden states, the maximum and the mean over time side
    by side, and a dense head. Every part can be exchanged by a parameter. Sequences
    may differ in length; padded steps never reach a result.

    Six parameters matter most, and come first: `blend`, `hidden_size`, `num_layers`,
    `dropout`, `lr` and `max_epochs`. The others follow in groups: the network
    (`front_end` to `tokens`), the data (`standardize` to `class_weight`), the training
    (`batch_size` to `checkpoint`) and the engine (`precision` to `verbose`).

    Training data are brought into a canonical order first: equal sequences of one
    class are merged and their weights added, so that a sequence of weight k counts
    exactly as k copies of it, and the order of the rows does not matter.

    Parameters
    ----------
    blend : "auto", "kernels", "ngrams", RandomKernels, NGrams or None, default="auto"
        The classical partner of the network. "kernels" is random convolutions with a
        ridge head [6]_, for sequences of numbers. "ngrams" is the n-grams of tokens
        with a linear model. "auto" is the partner for the kind of X.
        :class:`RandomKernels` and :class:`NGrams` set their sizes. None is the network
        alone. `partial_fit` leaves the partner as the first call made it.
    hidden_size : int, default=32
        Hidden units of a layer, in each direction.
    num_layers : int, default=2
        Layers of the encoder.
    dropout : float, default=0.2
        Dropout in the front end, the encoder, the attention and the head. In
        recurrent layers it drops whole channels, the same at every step.
    lr : float, default=2e-3
        Learning rate of AdamW. It rises over the first tenth of the steps to this
        value, and falls to 0 along a cosine.
    max_epochs : "auto" or int, default="auto"
        Epochs of training. "auto" is what gives 400 batches (320 of sequences of
        more than 256 steps on average), between 40 and 200; for large sets 8,000
        batches, at least 10. With at least 1,000 sequences of tokens it is what
        gives 600 batches, at least 8 and at most 40. A network beside random kernels
        gets 200 batches, less with fewer than 90 sequences, in a classifier half of
        that for at most 10 steps on average, and at least 15 epochs.
    front_end : "auto", None, str, block, module, list or tuple, default="auto"
        The blocks before the encoder, in their order. A block is an object of
        :mod:`sklearn_seqattn.blocks`, such as ``Conv(32, stride=2)``, or its name
        for its defaults: "embedding", "differences", "conv", "dense",
        "time_distributed_conv", "attention", "batch_norm", "layer_norm", "dropout",
        "locked_dropout", "gelu", "relu", "tanh". A module of torch that takes
        ``(x, mask)``, or its class, is a block of your own. A nested list or tuple
        is a residual group, as is ``Residual([...])``. "auto" is differences and three
        convolutions, batch-normalized and with GELU, the last two of them residual;
        the first one strides so that of a sequence of mean length at most 64 steps
        reach the encoder, in a classifier beside random kernels 40. Tokens go through
        an embedding and locked dropout instead of the differences. None leaves the
        sequences as they are.
    encoder : {"lstm", "gru", "transformer"} or Transformer, default="lstm"
        The kind of layers that read the sequence.
        :class:`~sklearn_seqattn.blocks.Transformer` chooses the positions of a
        Transformer [5]_, which is causal unless `bidirectional`.
    bidirectional : bool, default=False
        Whether layers read the sequence in both directions.
    residual : bool, default=True
        Whether the input of each recurrent layer, and of `attention`, is added to
        its output, which is then layer-normalized. Transformer layers always are
        residual.
    attention : {"multihead", "dot", "general", "additive"} or None, default="multihead"
        Self-attention over the hidden states of the encoder [2]_ [3]_ [4]_.
    num_heads : int, default=4
        Heads of every multi-head attention, at most. Sizes that it does not divide
        get the largest smaller number of heads that divides them.
    pooling : {"max", "mean", "last", "attention"}, module, list or tuple of them, \
            default=("max", "mean")
        How the steps of a sequence become one vector; several are concatenated.
        "last" is the last real step; of the backward direction of recurrent layers it
        is the first step, where that direction ends. A module of torch that takes
        ``(x, mask)``, or its class, is a pooling of your own.
    head_units : int, list or tuple of int, default=(64,)
        Hidden layers of the dense head, each with layer normalization, GELU and
        dropout; ``()`` is a single linear layer.
    tokens : Tokens or None, default=None
        Vocabulary and embedding of tokens. None is ``Tokens()``.
    standardize : bool, default=True
        Whether numeric channels are brought to mean 0 and deviation 1 over all
        training steps, and low-amplitude sequences amplified after that: one whose
        largest channel has a standard deviation s below 0.3 is amplified about its
        mean until that is ``0.3 / (1 + 0.1 ln(0.3 / s))``, with one gain for all
        channels, but at most about 15,000 times. Events with categories are not
        amplified.
    channels_first : bool, default=False
        Whether arrays of X are (n, D, T) and lists hold (D, T_i) arrays.
    random_prefixes : bool, default=False
        Whether the model also learns from the beginnings of the training sequences, so
        that it answers before the end with due doubt (`predict_prefixes`, `stream`).
        Network and partner learn each sequence at three lengths: whole, a random
        length, and a random short length. The number of batches stays.
    time_warp : float, default=0.25
        In training, half of the sequences of numbers of each batch are warped in
        time [7]_: all of them by one factor between ``1 / (1 + time_warp)`` and
        ``1 + time_warp``, and each quarter of a sequence by a further factor of its
        own between ``1 / (1 + 2 time_warp)`` and ``1 + 2 time_warp``. Set it to 0
        if classes differ in nothing but tempo.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes; "balanced" gives every class of the training data
        the same total. Not for several labels a sequence.
    batch_size : "auto" or int, default="auto"
        Sequences a batch in training. "auto" is ``n / 8``, between 8 and 64, for n
        distinct sequences.
    early_stopping : "auto" or bool, default="auto"
        Whether training stops when the validation loss has not improved for
        `n_iter_no_change` epochs; the best weights are restored. "auto" does so
        with at least 10,000 distinct sequences, or 1,000 of tokens, or with
        validation data given to `fit`. Otherwise, with at least 100 sequences of which
        random kernels leave more than half of the log loss of the class frequencies, a
        fifth is held out to choose how much of the network is kept. With 32 to 99, of
        which they leave more than three quarters, two networks are fitted to a half
        each to choose it. False does nothing of this.
    validation_fraction : float, default=0.1
        The share of the training data to hold out when stopping early, unless
        `fit` is given validation data. Both parts have classes in the same shares.
    n_iter_no_change : int, default=10
        Epochs to wait for an improvement.
    scoring : str, callable, list, tuple, dict or None, default=None
        Scorers of scikit-learn, as in `cross_validate`, for the validation data of
        each epoch; `history_` has a column ``valid_<name>`` for each. The first one
        decides when training stops, instead of the validation loss; "loss" in a list
        is that loss. Scores are those of the network alone, or with "kernels" as it
        is trained beside them. They need validation data.
    max_time : float or None, default=None
        Seconds of training, at most. The batch is finished, then training stops: with
        the best weights so far where it stops early, else with the present ones. None
        has no limit.
    warm_start : bool, default=False
        Whether `fit` continues from the weights of the last fit, with the same
        encoding of inputs and targets. The parameters of the network must not have
        changed.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, order, dropout and what is held out. An int makes
        results on a CPU bit-identical. The global generators are never touched.
    checkpoint : str, path-like, Checkpoint or None, default=None
        A folder that keeps the state of a running fit. After a crash the same `fit`
        call continues from there, and ends with the same bits on a CPU. One folder
        belongs to one fit. :class:`Checkpoint` says how often it is written, and
        whether it stays.
    precision : {"float32", "bfloat16", "auto"}, default="float32"
        What the network computes in; its weights are float32 in any case.
        "bfloat16" keeps two to three digits, and is faster from a hidden size of 64
        on where the hardware has instructions for it; "auto" is "bfloat16" there
        and "float32" elsewhere.
    device : str or torch.device, default="auto"
        A torch device, such as "cpu", "cuda" or "mps"; "auto" is the best one there
        is.
    callbacks : list or tuple, default=()
        Callbacks of skorch, instances or pairs (name, instance).
    net_params : dict or None, default=None
        Parameters of `skorch.NeuralNet` that override what the estimator sets, such
        as ``{"optimizer__weight_decay": 0.1}``. What would break the training is
        refused with the reason. ``{"distributed": True}`` shares the fit among the
        processes that ``torchrun`` has started (docs/scale.md).
    verbose : int or bool, default=0
        Above 0, the steps of `fit`, a progress bar of the training, and one of
        predictions that take longer than a second. A log gets a line an epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes; the numbers of the label columns for several labels a sequence.
    target_encoder_ : ClassTargets or LabelTargets
        Encodes labels for the loss, and decodes logits to labels.
    net_ : skorch.NeuralNet
        The fitted net in evaluation mode, without its optimizer.
    network_ : torch.nn.Module
        The fitted network.
    history_ : DataFrame
        One row an epoch: epoch, train_loss, valid_loss (with validation), seconds, and
        the scores that `callbacks` record.
    n_iter_ : int
        Epochs trained, those of earlier warm starts included.
    partner_ : LinearNGrams or None
        The fitted n-grams that stand beside the network, where there are some.
    blend_ : Blend or None
        The weight of `partner_`, and the scales of both outputs.
    input_encoder_ : InputEncoder
        Turns sequences into the numbers or ids that the network reads.
    input_size_ : int
        Channels of a step, for numeric sequences.
    n_features_in_ : int
        Columns of X, where X was a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of these columns, where all are strings.

    See Also
    --------
    AttentionLSTMRegressor : The same network for numbers.
    SequencePadder : Pad sequences to one array.

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
        **SEQUENCE_CONSTRAINTS,
        "time_warp": [Interval(Real, 0, 10, closed="both")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def __init__(
        self,
        *,
        blend="auto",
        hidden_size=32,
        num_layers=2,
        dropout=0.2,
        lr=2e-3,
        max_epochs="auto",
        front_end="auto",
        encoder="lstm",
        bidirectional=False,
        residual=True,
        attention="multihead",
        num_heads=4,
        pooling=("max", "mean"),
        head_units=(64,),
        tokens=None,
        standardize=True,
        channels_first=False,
        random_prefixes=False,
        time_warp=0.25,
        class_weight=None,
        batch_size="auto",
        early_stopping="auto",
        validation_fraction=0.1,
        n_iter_no_change=10,
        scoring=None,
        max_time=None,
        warm_start=False,
        random_state=None,
        checkpoint=None,
        precision="float32",
        device="auto",
        callbacks=(),
        net_params=None,
        verbose=0,
    ):
        self.blend = blend
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.lr = lr
        self.max_epochs = max_epochs
        self.front_end = front_end
        self.encoder = encoder
        self.bidirectional = bidirectional
        self.residual = residual
        self.attention = attention
        self.num_heads = num_heads
        self.pooling = pooling
        self.head_units = head_units
        self.tokens = tokens
        self.standardize = standardize
        self.channels_first = channels_first
        self.random_prefixes = random_prefixes
        self.time_warp = time_warp
        self.class_weight = class_weight
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.scoring = scoring
        self.max_time = max_time
        self.warm_start = warm_start
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.precision = precision
        self.device = device
        self.callbacks = callbacks
        self.net_params = net_params
        self.verbose = verbose

    _blended_rules = BLENDED_CLASSIFIER_RULES
    _most_steps_beside_kernels = MOST_STEPS_BESIDE_KERNELS
    _check_targets = staticmethod(check_labels)
    _learn_targets = staticmethod(learn_labels)

    @property
    def classes_(self):
        """The classes, or the numbers of the label columns."""
        return self.target_encoder_.classes_

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X, y, sample_weight=None, *, validation_data=None, X_val=None, y_val=None
    ):
        """Fit the network to labeled sequences.

        Parameters
        ----------
        X : sequences
            The n sequences, in any container that the user guide lists: a list of
            arrays (T_i,) or (T_i, D), an array (n, T, D) in which trailing NaN
            steps are padding, a table (n, T), a list of token lists or strings,
            a list of DataFrames, a DataFrame of such sequences with static columns.
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
        return fit(
            self, X, y, sample_weight, validation=(validation_data, X_val, y_val)
        )

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch on some sequences, at a constant learning rate.

        The first call learns how inputs are encoded and, from `classes`, what
        can be predicted; later calls continue from there.

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

        Raises
        ------
        TypeError, ValueError
            As in `fit`, and if `X` or `y` is not like that of the first call.
        """
        return fit(self, X, y, sample_weight, n_epochs=1, classes=classes)

    def _class_weights(self, data):
        """Return the weight of each class, as the training data decide it."""
        if self.class_weight is None:
            return None
        if self.target_encoder_.multilabel:
            raise ValueError(
                "class_weight is for one class a sequence, but y has several label "
                "columns; use sample_weight."
            )
        return weigh_classes(
            self.class_weight, self.classes_, data.targets, data.weights
        )

    def _fit_partner(self, network, sets, plan, seed, *, fresh):
        """Fit the partner inside a network, which then learns what the partner leaves.

        The convolutions stay in later fits, and their head stays in `partial_fit`.
        """
        partner, head = network.kernel_partner, None
        if fresh:
            network.start_at_partner()
        if fresh or not plan.constant_lr:
            targets = self.target_encoder_
            head = ClassHead(targets.n_outputs, multilabel=targets.multilabel)
        n_rows = count_rows(partner, head, sets.train, sets.valid)
        with partner_bar(n_rows, plan.verbose) as advance:
            if head is None:
                outputs = compute_outputs(partner, sets.train, advance)
            else:
                seed = seed if fresh else None
                outputs = self._fit_head(partner, sets.train, head, seed, advance)
            sets.train.partner_outputs = outputs
            if sets.valid is not None:
                outputs = compute_outputs(partner, sets.valid, advance)
                sets.valid.partner_outputs = outputs
        if fresh and not plan.constant_lr:
            options = {"holds_out": self.early_stopping == "auto"}
            choose_judges(sets, self.target_encoder_.activation, seed, **options)

    def _calibrate(self, data, valid, sets, plan, seeds, *, fresh):
        """Choose how much network and partner count; later fits keep it."""
        if fresh and self.network_.kernel_partner is not None:
            share = network_share(self, data, sets, plan, seeds)
            shrink(self.network_, plan.processes.first(share))
        if fresh:
            self._fit_token_partner(data, valid, sets, plan)
        if fresh and self.partner_ is not None and sets.valid is not None:
            self._choose_blend(sets.valid)

    def _time_warp(self, kind):
        """Return the largest change of tempo; only numbers can be interpolated."""
        return float(self.time_warp) if kind == "numeric" else 0.0

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

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            If `X` is none of these containers, or not like that of `fit`.
        """
        outputs = self._outputs(X)
        return self.target_encoder_.predict(outputs)

    def decision_function(self, X):
        """Return the logits; for two classes their difference.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        ndarray of shape (n,) or (n, n_classes), float32
            The higher the more probable; above 0 for the second of two classes.
        """
        outputs = self._outputs(X)
        return self.target_encoder_.decision(outputs)

    def predict_proba(self, X):
        """Return the probability of each class, or of each label by itself.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            Columns in the order of `classes_`; rows sum to one, but for labels.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            If `X` is none of these containers, or not like that of `fit`.
        """
        outputs = self._outputs(X)
        return self.target_encoder_.probabilities(outputs)

    def predict_log_proba(self, X):
        """Return the logarithm of the probabilities, exact where they are tiny.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            Columns in the order of `classes_`.
        """
        outputs = self._outputs(X)
        return self.target_encoder_.log_probabilities(outputs)

    def predict_proba_prefixes(self, X):
        """Return after each step of sequences what `predict_proba` says so far.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (T_i, n_classes), float32
            Row t is the row of `predict_proba` for the first t + 1 steps.

        See Also
        --------
        predict_prefixes : The predictions themselves.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_seqattn import AttentionLSTMClassifier
        >>> X = np.random.default_rng(0).normal(size=(40, 8)) + [[2], [0]] * 20
        >>> classifier = AttentionLSTMClassifier(max_epochs=2, random_state=0)
        >>> proba = classifier.fit(X, [1, 0] * 20).predict_proba_prefixes(X[:1])
        >>> proba[0].shape
        (8, 2)
        """
        return self._of_prefixes(X, self._answers)

    def _answers(self, outputs):
        """Return what a stream answers."""
        return self.target_encoder_.probabilities(outputs)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
