"""AttentionLSTMRegressor: one number, or several, for each sequence."""

from dataclasses import replace

import numpy as np
import torch
from sklearn.base import RegressorMixin
from sklearn.utils import check_array
from torch import nn

from sklearn_seqattn._estimator import fit_context
from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.base import BaseSequenceEstimator
from sklearn_seqattn.attention_lstm.shrinkage import halves, shrink, trust
from sklearn_seqattn.attention_lstm.training_data import check_same_length
from sklearn_seqattn.kernels.ridge import left_out_regression
from sklearn_seqattn.training import WeightedLoss, forward, train


class AttentionLSTMRegressor(RegressorMixin, BaseSequenceEstimator):
    r"""Predict numbers from sequences by an LSTM network with attention.

    The network is that of `AttentionLSTMClassifier` with a linear output: a
    convolution stem, residual LSTM layers [1]_, multi-head self-attention, the maximum
    and the mean over time, a dense head. It is trained on the squared error of
    standardised targets. Training data are brought into the same canonical form.

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
        How many features of frozen random convolutions [6]_ join the outputs by a
        linear layer of their own, for numeric sequences; see
        :class:`RandomKernelFeatures`. They are computed once. "auto" is 10,000, and
        less with more than 5,000 sequences.
    kernel_readout : bool, default=True
        Whether a ridge regression on the kernel features, fitted in closed form, is
        averaged with the network. Its penalty comes from predicting each sequence by
        all others. `partial_fit` and `warm_start` leave it as the first call made it.
    dropout : float, default=0.2
        Dropout in the front end, the encoder, the attention and the head; over whole
        channels ("locked" over time) in recurrent layers.
    standardize : bool, default=True
        Whether numeric channels are brought to mean 0 and deviation 1 over all
        training steps.
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
        With fewer than 1,000, two more networks are trained, each on one half of the
        sequences; what they predict for the other half tells how far the outputs
        are to be shrunk towards the mean target; for the readout of kernel features
        its predictions of each fifth by the others do. False does neither.
    validation_fraction : float, default=0.1
        The share of the training data to hold out when stopping early without
        validation data of one's own.
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

    Attributes
    ----------
    target_mean_, target_scale_ : ndarray of shape (n_targets,)
        Mean and deviation of the training targets.
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
    AttentionLSTMClassifier : The same network for classes.

    Notes
    -----
    The fitted network is kept and run in double precision, so predictions have all
    the digits of their targets; training is in single precision.

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
    """

    # A fitted network is run in double precision: a prediction has all the digits
    # of its target, however large, and batch mates do not touch one of them.
    _prediction_dtype = torch.float64
    _amplify = False  # how loud a sequence is may be what the target measures

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
            The targets of each sequence; they are standardised inside.
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
        return self._fit(X, y, sample_weight, (validation_data, X_val, y_val))

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on some sequences, at a constant learning rate.

        The first call learns how inputs and targets are scaled; later calls go on
        from there.

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
        """
        return self._partial_fit(X, y, sample_weight)

    def _check_y(self, y, n_samples):
        """Check y and give it as numbers (n,) or (n, n_targets)."""
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        check_same_length(n_samples, len(y))
        return y

    def _learn_targets(self, y, classes):
        """Learn the number of targets."""
        self._target_shape = y.shape[1:]

    def _encode_targets(self, y):
        """Give the targets as columns (n, n_targets)."""
        if y.shape[1:] != self._target_shape:
            raise ValueError(
                f"y has the shape {y.shape}, but the regressor was fitted on "
                f"{('n', *self._target_shape)}."
            )
        return y.reshape(len(y), -1)

    def _fit_targets(self, targets, weights):
        """Learn mean and deviation of each target; constant ones keep their unit."""
        self.target_mean_ = np.average(targets, axis=0, weights=weights)
        deviations = targets - self.target_mean_
        # Squares of a share of the largest one neither overflow nor vanish.
        largest = np.abs(deviations).max(axis=0)
        largest = np.where(largest > 0, largest, 1.0)
        variance = np.average((deviations / largest) ** 2, axis=0, weights=weights)
        scale = largest * np.sqrt(variance)
        self.target_scale_ = np.where(scale > 0, scale, 1.0)

    def _network_targets(self, targets):
        """Standardise the targets."""
        standardised = (targets - self.target_mean_) / self.target_scale_
        return standardised.astype(np.float32)

    @property
    def _n_outputs(self):
        """The number of targets."""
        return int(np.prod(self._target_shape, dtype=int))

    _readout, _temperature = "identity", 1.0

    def _shrink(self, data, train_set, plan, seeds):
        """Scale the outputs by the share of them that is more than noise.

        Two networks, each of one half, predict the half that they were not fitted to,
        and the readout predicts each fifth by the other four. Least squares on these
        predictions tells what each of the two is worth.
        """
        enough = 4 <= len(data) < auto.SHRINK_BELOW
        if self.early_stopping != "auto" or not enough:
            return
        plan = replace(plan, callbacks=(), verbose=0)
        rows = halves(len(data), seeds[0])
        outputs = [
            self._half_outputs(data.take(a), data.take(b), plan, seeds)
            for a, b in (rows, rows[::-1])
        ]
        predictions, held_out = [np.concatenate(outputs)], np.concatenate(rows[::-1])
        targets, weights = train_set.targets, train_set.weights
        branch = self.net_.module_.kernel_branch
        if branch is not None and branch.readout is not None:
            left_out = left_out_regression(
                train_set.features, targets, weights, seed=seeds[0]
            )
            predictions.append(left_out[held_out])
        shares = trust(np.stack(predictions), targets[held_out], weights[held_out])
        shrink(self.net_.module_, shares)

    def _half_outputs(self, fitted, held_out, plan, seeds):
        """Fit a network without its readout to one half and run it over the other."""
        own = self._plan(fitted, None, None)
        plan = replace(plan, batch_size=own.batch_size, max_epochs=own.max_epochs)
        module, train_set = self._network(fitted), self._dataset(fitted)
        if module.kernel_branch is not None:
            module.kernel_branch.readout = None
        self._keep_features(module.kernel_branch, train_set, None, seeds[3], fresh=True)
        loss = WeightedLoss(self._loss())
        net, _ = train(module, loss, train_set, plan, seed=seeds[2])
        return forward(net, self._dataset(held_out))

    def _loss(self):
        """Make the loss of single rows."""
        return nn.MSELoss(reduction="none")

    def predict(self, X):
        """Predict the targets of each sequence.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        ndarray of shape (n,) or (n, n_targets), float64
            In the unit of the training targets.
        """
        y = self._outputs(X) * self.target_scale_ + self.target_mean_
        return y.reshape(-1, *self._target_shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
