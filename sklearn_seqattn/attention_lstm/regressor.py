"""AttentionLSTMRegressor: one number, or several, for each sequence."""

from functools import partial
from numbers import Real

import numpy as np
import torch
from sklearn.base import (
    RegressorMixin,
)

from sklearn_seqattn._estimator import Interval, StrOptions, fit_context, with_callbacks
from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.base import BaseSequenceEstimator
from sklearn_seqattn.attention_lstm.blending import Blend
from sklearn_seqattn.attention_lstm.halves import outputs_of_halves
from sklearn_seqattn.attention_lstm.losses import LOSSES, make_loss
from sklearn_seqattn.attention_lstm.network_config import check_same_fields
from sklearn_seqattn.attention_lstm.overlaps import (
    N_FOLDS,
    N_STRETCHES,
    folds,
    stretches,
)
from sklearn_seqattn.attention_lstm.parameters import SEQUENCE_CONSTRAINTS
from sklearn_seqattn.attention_lstm.pooled import PoolingMixin
from sklearn_seqattn.attention_lstm.prefixes import PrefixMixin
from sklearn_seqattn.attention_lstm.shrinkage import (
    cautious_weights,
    shrink,
    stacking_weights,
)
from sklearn_seqattn.attention_lstm.target_checks import check_numbers
from sklearn_seqattn.attention_lstm.targets import NumberTargets
from sklearn_seqattn.kernels.fitting import (
    FEWEST,
    compute_outputs,
    count_rows,
)
from sklearn_seqattn.kernels.heads import NumberHead
from sklearn_seqattn.training.fit import fit
from sklearn_seqattn.training.own_losses import own_loss
from sklearn_seqattn.training.prediction import forward
from sklearn_seqattn.training.progress import partner_bar


class AttentionLSTMRegressor(
    RegressorMixin, PrefixMixin, PoolingMixin, BaseSequenceEstimator
):
    """Predict numbers from sequences by an LSTM network with attention.

    The network is that of `AttentionLSTMClassifier`: a convolution stem, residual
    LSTM layers [1]_, multi-head self-attention, the maximum and the mean over time
    side by side, and a dense head, with a linear output. Targets are standardized
    inside. `loss` is what is minimized, and so decides whether the mean, the median or
    a quantile is predicted.

    Six parameters matter most, and come first: `blend`, `hidden_size`, `num_layers`,
    `dropout`, `lr` and `max_epochs`. The others follow in groups: the network
    (`front_end` to `tokens`), the data (`standardize`, `channels_first`), the training
    (`loss` to `checkpoint`) and the engine (`precision` to `verbose`).

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
        training steps.
    channels_first : bool, default=False
        Whether arrays of X are (n, D, T) and lists hold (D, T_i) arrays.
    random_prefixes : bool, default=False
        Whether the model also learns from the beginnings of the training sequences, so
        that it answers before the end with due doubt (`predict_prefixes`, `stream`).
        Network and partner learn each sequence at three lengths: whole, a random
        length, and a random short length. The number of batches stays.
    loss : {"squared_error", "absolute_error", "poisson", "quantile"}, \
            default="squared_error"
        What is minimized. "squared_error" predicts the mean, "absolute_error" the
        median, and "quantile" the `quantile` by the pinball loss [7]_. "poisson" is
        half the Poisson deviance with a log link: it predicts the mean of counts and
        other targets ``y >= 0``, always above 0.
    quantile : float or None, default=None
        The quantile that ``loss="quantile"`` predicts, between 0 and 1. Other losses
        do not read it.
    batch_size : "auto" or int, default="auto"
        Sequences a batch in training. "auto" is ``n / 8``, between 8 and 64, for n
        distinct sequences.
    early_stopping : "auto" or bool, default="auto"
        Whether training stops when the validation loss has not improved for
        `n_iter_no_change` epochs; the best weights are restored. "auto" does so
        with at least 10,000 distinct sequences, or 1,000 of tokens, or with
        validation data given to `fit`. Otherwise two more networks are trained, each on
        one half of the sequences, if there is a partner or if there are fewer than
        1,000. Their predictions for the other half decide how much of network and
        partner is kept; the rest is the best constant: the mean, the median or the
        quantile of the targets. With fewer than 32 sequences a network and random
        kernels count alike if the kernels find a signal, or not at all. False does
        none of this.
    validation_fraction : float, default=0.1
        The share of the training data to hold out when stopping early, unless
        `fit` is given validation data.
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
    target_encoder_ : NumberTargets
        Standardizes targets: outputs of the network are ``(y - center_) / scale_``,
        learned from the training part. ``center_`` is the mean of y, its median or its
        quantile; for ``loss="poisson"`` it is 0, ``scale_`` is the mean, and outputs
        are logarithms of this ratio.
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
    AttentionLSTMClassifier : The same network for classes.

    Notes
    -----
    The fitted network is kept and run in double precision, so predictions have all
    the digits of their targets; training is in single precision.

    `score` is R^2 for every `loss`. It fits "squared_error" and "poisson", which
    predict means. For the others pass a scorer to tools of model selection:
    ``"neg_mean_absolute_error"``, ``"neg_mean_poisson_deviance"``, or
    ``make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False)``.

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
    .. [7] R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46, 1978.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn import AttentionLSTMRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=rng.integers(5, 15)) for _ in range(80)]
    >>> y = [sequence.max() for sequence in X]
    >>> regressor = AttentionLSTMRegressor(max_epochs=30, random_state=0).fit(X, y)
    >>> regressor.score(X, y) > 0.8
    True

    A quantile: nine in ten targets are below the prediction.

    >>> upper = AttentionLSTMRegressor(
    ...     loss="quantile", quantile=0.9, max_epochs=30, random_state=0
    ... ).fit(X, y)
    >>> bool(0.8 < (y <= upper.predict(X)).mean() <= 1.0)
    True
    """

    _parameter_constraints = {
        **SEQUENCE_CONSTRAINTS,
        "loss": [StrOptions(set(LOSSES))],
        "quantile": [Interval(Real, 0, 1, closed="neither"), None],
    }

    # How large a sequence is may be what the target measures.
    _gain_control = False
    _temperature = 1.0

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
        loss="squared_error",
        quantile=None,
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
        self.loss = loss
        self.quantile = quantile
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

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X, y, sample_weight=None, *, validation_data=None, X_val=None, y_val=None
    ):
        """Fit the network to sequences with known targets.

        Parameters
        ----------
        X : sequences
            The n sequences, in any container that `AttentionLSTMClassifier.fit` takes.
        y : array-like of shape (n,) or (n, n_targets)
            The targets of each sequence; they are standardized inside. With
            ``loss="poisson"`` none is negative, and no column is all 0.
        sample_weight : array-like of shape (n,), default=None
            A weight k counts as k copies of the sequence.
        validation_data : tuple (X, y), default=None
            Sequences that are watched during training, and that decide when it
            stops unless ``early_stopping=False``.
        X_val, y_val : as X and y, default=None
            The same as two arguments, so that a Pipeline with
            ``transform_input=["X_val"]`` can transform the first.

        Returns
        -------
        AttentionLSTMRegressor
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
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on some sequences, at a constant learning rate.

        The first call learns how inputs and targets are scaled; later calls
        continue from there.

        Parameters
        ----------
        X : sequences
            As in `fit`.
        y : array-like of shape (n,) or (n, n_targets)
            As in `fit`.
        sample_weight : array-like of shape (n,), default=None
            As in `fit`.

        Returns
        -------
        AttentionLSTMRegressor
            The fitted estimator itself.

        Raises
        ------
        TypeError, ValueError
            As in `fit`, and if `X` or `y` is not like that of the first call.
        """
        return fit(self, X, y, sample_weight, n_epochs=1)

    def _read_training(self, X, y, sample_weight, *, fresh, **options):
        """Refuse a changed loss; return the training and the validation data."""
        loss = make_loss(self.loss, self.quantile)
        if not fresh:
            check_same_fields(loss, self.target_encoder_.loss)
        return super()._read_training(X, y, sample_weight, fresh=fresh, **options)

    def _check_targets(self, y, lengths):
        """Return checked targets."""
        y = check_numbers(y, lengths)
        make_loss(self.loss, self.quantile).check(y)
        return y

    def _learn_targets(self, y, classes):
        """Return the encoder of the targets."""
        return NumberTargets(y.shape[1:], make_loss(self.loss, self.quantile))

    def _fit_targets(self, data):
        """Learn center and scale of the targets of the training part."""
        self.target_encoder_.fit(data.targets, data.weights)

    def _encode_targets(self, targets):
        """Return targets as the loss takes them."""
        return self.target_encoder_.standardize(targets)

    def _last_steps(self, lengths):
        """Return how many of the last steps the partner reads as they are."""
        return auto.last_steps(lengths, self.input_encoder_.output_size_)

    def _fit_partner(self, network, sets, plan, seed, *, fresh):
        """Fit the partner inside a network, which learns without it.

        The two are weighed after the training, so validation losses are those of the
        network alone. Later fits leave the convolutions as they are, and `partial_fit`
        their head, too.
        """
        partner, head = network.kernel_partner, None
        if fresh or not plan.constant_lr:
            loss = self.target_encoder_.loss
            stack = partial(stacking_weights, loss=loss)
            head = NumberHead(loss.linearize, stack, folds(sets.train, N_FOLDS, seed))
        fitted = None if head is None else sets.train
        n_rows = count_rows(partner, head, fitted, sets.valid)
        with partner_bar(n_rows, plan.verbose) as advance:
            if head is not None:
                seed = seed if fresh else None
                left_out = self._fit_head(partner, sets.train, head, seed, advance)
                sets.train.left_out = left_out
            if sets.valid is not None:
                sets.valid.left_out = compute_outputs(partner, sets.valid, advance)
        if sets.valid is not None:
            sets.valid.partner_outputs = np.zeros_like(sets.valid.left_out)

    def _calibrate(self, data, valid, sets, plan, seeds, *, fresh):
        """Weigh network and partner, and keep the network in double precision.

        In double precision a prediction has all the digits of its target, however
        large, and does not depend on the other sequences of its batch.
        """
        if fresh:
            self._fit_token_partner(data, valid, sets, plan)
            if self.partner_ is not None:
                self._recalibrate(sets)
            self._weigh(data, sets, plan, seeds)
        if self._predicts_in_double(plan):
            self.network_.to(torch.float64)

    def _predicts_in_double(self, plan):
        """Return whether it does: mps cannot, and bfloat16 does without."""
        return torch.device(plan.device).type != "mps" and plan.precision == "float32"

    def _recalibrate(self, sets):
        """Scale and shift the n-grams, fitted by least squares, to suit the loss."""
        judged = sets.train if sets.train.left_out is not None else sets.valid
        (factors,), shift = self._shares([judged.left_out], judged)
        self.partner_.scale(factors, shift)
        judged.left_out = judged.left_out * factors + shift

    def _weigh(self, data, sets, plan, seeds):
        """Weigh network and partner by the least loss for sequences left out.

        Where nothing was held out, two networks, each fitted to one half, predict the
        other half. Their shares add up to at most 1: the outputs are shrunk towards
        the best constant. With few sequences kernels decide alone whether there is a
        signal; if so, both count alike, as they do where nothing was left out. A
        network alone that was trained by a loss of the user stays as that loss made it.
        """
        has_kernels = self.network_.kernel_partner is not None
        has_partner = has_kernels or self.partner_ is not None
        is_partial = plan.constant_lr or self.net_.stopped_by is not None
        has_all_data = self.early_stopping == "auto" and plan.patience is None
        is_small = len(data) < auto.SHRINK_BELOW and own_loss(self.net_params) is None
        is_weighed = (has_partner or is_small) and len(data) >= FEWEST
        if sets.valid is not None and sets.valid.left_out is not None:
            self._stack(forward(self.net_, sets.valid), sets.valid)
        elif has_all_data and is_weighed and not is_partial:
            is_few = has_kernels and len(data) < auto.FEWEST_TO_HALVE
            if is_few and stretches(sets.train, N_STRETCHES) is None:
                (share,), intercept = self._shares([sets.train.left_out], sets.train)
                shrink(self.network_, share / 2, share / 2, intercept)
            else:
                outputs = outputs_of_halves(self, data, sets.train, plan, seeds)
                self._stack(outputs, sets.train)
        elif has_kernels:
            shrink(self.network_, 0.5, 0.5)

    def _stack(self, outputs, dataset):
        """Weigh the network by its outputs for sequences that it was not fitted to."""
        left_out = [] if dataset.left_out is None else [dataset.left_out]
        shares, intercepts = self._shares([outputs, *left_out], dataset)
        if self.partner_ is not None:  # beside the network: their mean is taken
            self.blend_ = Blend("identity", weight=0.5)
            shares, intercepts = 2 * shares, 2 * intercepts
            self.partner_.scale(shares[1])
            shares = shares[:1]
        shrink(self.network_, *shares, intercept=intercepts)

    def _shares(self, predictions, dataset):
        """Return the shares of predictors, and intercepts, for sequences left out."""
        weigh, in_time = stacking_weights, stretches(dataset, N_STRETCHES)
        if len(predictions) > 1 and in_time is not None:
            weigh = partial(cautious_weights, stretches=in_time)
        table = dataset.targets, dataset.weights, self.target_encoder_.loss
        return weigh(np.stack(predictions), *table)

    def _targets_of_partner(self, targets):
        """Return targets as a linear model fits them."""
        return self.target_encoder_.loss.linearize(targets)

    def predict(self, X):
        """Predict the targets of each sequence.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        ndarray of shape (n,) or (n, n_targets), float64
            In the unit of the training targets; what it is of them, `loss` says.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            If `X` is none of these containers, or not like that of `fit`.
        """
        outputs = self._outputs(X)
        return self.target_encoder_.predict(outputs)

    def _answers(self, outputs):
        """Return what a stream answers."""
        return self.target_encoder_.predict(outputs)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags
