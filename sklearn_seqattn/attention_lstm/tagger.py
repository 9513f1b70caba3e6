"""AttentionLSTMTagger: one class for each step of a sequence."""

from dataclasses import replace

import numpy as np
from scipy.special import softmax
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import StrOptions, fit_context, with_callbacks
from sklearn_seqattn.attention_lstm.base import BaseSequenceEstimator
from sklearn_seqattn.attention_lstm.class_weights import weigh_classes
from sklearn_seqattn.attention_lstm.network_config import (
    check_network_params,
    check_same_network,
)
from sklearn_seqattn.attention_lstm.parameters import SEQUENCE_CONSTRAINTS
from sklearn_seqattn.attention_lstm.rules import TAGGER_RULES, TAGGER_TOKEN_RULES
from sklearn_seqattn.attention_lstm.sample_weights import read_weights
from sklearn_seqattn.attention_lstm.step_labels import check_step_labels, split_steps
from sklearn_seqattn.attention_lstm.step_scores import score_predictions
from sklearn_seqattn.attention_lstm.streams import StreamMixin
from sklearn_seqattn.attention_lstm.tagged_sequences import canonical, tag_sequences
from sklearn_seqattn.attention_lstm.target_checks import check_same_classes
from sklearn_seqattn.attention_lstm.targets import learn_labels
from sklearn_seqattn.attention_lstm.training_data import validation_pair
from sklearn_seqattn.attention_lstm.validation_scores import (
    find_scorer,
    refuse_scores_of_rows,
)
from sklearn_seqattn.attention_lstm.window_partner import WindowPartnerMixin
from sklearn_seqattn.nn.config import TaggingConfig
from sklearn_seqattn.nn.networks import rebuild
from sklearn_seqattn.nn.tagging_network import build_tagging_network
from sklearn_seqattn.preprocessing.tokens import Tokens
from sklearn_seqattn.sequences.fitted_input import reads_tokens
from sklearn_seqattn.sequences.target_order import check_same_steps
from sklearn_seqattn.training.devices import resolve_precision
from sklearn_seqattn.training.fit import fit
from sklearn_seqattn.training.optimization import PositionLoss
from sklearn_seqattn.training.own_losses import check_row_losses, own_loss
from sklearn_seqattn.training.own_modules import own_module
from sklearn_seqattn.training.padding import StepArrays
from sklearn_seqattn.training.prediction import step_outputs
from sklearn_seqattn.windows.partner import WindowModel


class AttentionLSTMTagger(WindowPartnerMixin, StreamMixin, BaseSequenceEstimator):
    """Label every step of a sequence by an LSTM network with attention.

    The network is residual LSTM layers [1]_ that read in both directions [2]_,
    multi-head self-attention [3]_ over their hidden states, and a dense head that reads
    every step. Sequences may differ in length; padded steps never
    reach a result. By default the probabilities are averaged with those of a
    conditional random field, which reads the steps around each step and the labels
    beside it, with a weight chosen on held-out sequences.

    Six parameters matter most, and come first: `blend`, `hidden_size`, `num_layers`,
    `dropout`, `lr` and `max_epochs`. The others follow in groups: the network
    (`front_end` to `tokens`), the data (`standardize` to `class_weight`), the training
    (`batch_size` to `checkpoint`) and the engine (`precision` to `verbose`).

    A step without a label (None, NaN, or -1 among integers) is read like any other,
    but does not count in training and in `score`.

    Training data are brought into a canonical order first: equal sequences with equal
    labels are merged and their weights added, so that a sequence of weight k counts
    exactly as k copies of it, and the order of the rows does not matter.

    Parameters
    ----------
    blend : "auto", "window", WindowModel or None, default="auto"
        The classical partner of the network: a linear model of the steps around a
        step, and a chain of labels. "auto" is the same as "window".
        :class:`WindowModel` sets how many steps it reads, and whether there may be a
        chain. None is the network alone. `partial_fit` leaves the partner as the first
        call made it.
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
        Epochs of training. "auto" is what gives 400 batches (320 of sequences of more
        than 256 steps on average), between 40 and 200; for large sets 8,000 batches,
        at least 10. With at least 1,000 sequences of tokens it is what gives 600
        batches, at least 8 and at most 40.
    front_end : "auto", None, str, block, module, list or tuple, default="auto"
        The blocks before the encoder, in their order. A block is an object of
        :mod:`sklearn_seqattn.blocks`, such as ``Conv(32, dilation=2)``, or its name
        for its defaults: "embedding", "differences", "conv", "dense",
        "time_distributed_conv", "attention", "batch_norm", "layer_norm", "dropout",
        "locked_dropout", "gelu", "relu", "tanh". A module of torch that takes
        ``(x, mask)``, or its class, is a block of your own. A nested list or tuple
        is a residual group, as is ``Residual([...])``. "auto" leaves numbers
        as they are; tokens go through an embedding and locked dropout. None leaves all
        sequences as they are. Where blocks have strides, the outputs are interpolated
        to all steps of the input.
    encoder : {"lstm", "gru", "transformer"} or Transformer, default="lstm"
        The kind of layers that read the sequence.
        :class:`~sklearn_seqattn.blocks.Transformer` chooses the positions of a
        Transformer [5]_, which is causal unless `bidirectional`.
    bidirectional : bool, default=True
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
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes; "balanced" gives every class the same total over the
        labeled steps of the training data.
    batch_size : "auto" or int, default="auto"
        Sequences a batch in training. "auto" is ``n / 8``, between 8 and 64, for n
        distinct sequences, but at most as many as have 1,024 steps on average.
    early_stopping : "auto" or bool, default="auto"
        Whether training stops when the validation loss has not improved for
        `n_iter_no_change` epochs; the best weights are restored. "auto" does so
        with at least 10,000 distinct sequences, or 1,000 of tokens, or with
        validation data given to `fit`.
    validation_fraction : float, default=0.1
        The share of the training data to hold out, unless `fit` is given validation
        data: when stopping early, and from 20 distinct sequences on to weigh network
        and partner.
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
        The labels, sorted.
    target_encoder_ : ClassTargets
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
    partner_ : LinearWindows or None
        The fitted linear model beside the network; its `chain` is None where labels do
        not depend on each other.
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
    AttentionLSTMClassifier : One class for each sequence.
    WindowModel : The partner of the network.
    NextStateLSTM : What follows each step, from the steps before it.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural
       Computation 9(8), 1997.
    .. [2] A. Graves and J. Schmidhuber, "Framewise phoneme classification with
       bidirectional LSTM and other neural network architectures", Neural Networks
       18(5-6), 2005.
    .. [3] D. Bahdanau, K. Cho and Y. Bengio, "Neural machine translation by jointly
       learning to align and translate", ICLR 2015.
    .. [4] M.-T. Luong, H. Pham and C. D. Manning, "Effective approaches to
       attention-based neural machine translation", EMNLP 2015.
    .. [5] J. Su et al., "RoFormer: enhanced transformer with rotary position
       embedding", 2021.

    Examples
    --------
    >>> from sklearn_seqattn import AttentionLSTMTagger
    >>> X = ["Ann saw Bob", "a dog saw Ann", "Bob saw a cat", "a cat ran"] * 3
    >>> y = [["name" if word.istitle() else "other" for word in x.split()] for x in X]
    >>> tagger = AttentionLSTMTagger(max_epochs=5, random_state=0).fit(X, y)
    >>> tagger.predict(["a cat saw Bob"])[0].tolist()
    ['other', 'other', 'other', 'name']
    >>> tagger.predict_proba(X)[1].shape
    (4, 2)
    """

    _parameter_constraints = {
        **{
            name: constraint
            for name, constraint in SEQUENCE_CONSTRAINTS.items()
            if name not in ("blend", "pooling", "random_prefixes")
        },
        "blend": [WindowModel, StrOptions({"auto", "window"}), None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    _nested = {"tokens": (Tokens,), "blend": (WindowModel,)}
    _config = TaggingConfig
    _gain_control = False  # the level of a step may tell its label

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
        bidirectional=True,
        residual=True,
        attention="multihead",
        num_heads=4,
        head_units=(64,),
        tokens=None,
        standardize=True,
        channels_first=False,
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
        self.head_units = head_units
        self.tokens = tokens
        self.standardize = standardize
        self.channels_first = channels_first
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

    @property
    def classes_(self):
        """The labels."""
        return self.target_encoder_.classes_

    @property
    def _rules(self):
        """What "auto" means."""
        rules = TAGGER_TOKEN_RULES if reads_tokens(self) else TAGGER_RULES
        return replace(rules, calibrates=self.blend is not None)

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X, y, sample_weight=None, *, validation_data=None, X_val=None, y_val=None
    ):
        """Fit the network to sequences with a label for each step.

        Parameters
        ----------
        X : sequences
            The n sequences, in any container that the user guide lists: a list of
            arrays (T_i,) or (T_i, D), an array (n, T, D) in which trailing NaN
            steps are padding, a table (n, T), a list of token lists or strings,
            a list of DataFrames.
        y : list of array-like of shape (T_i,)
            The labels of each sequence: strings, integers or booleans. None, NaN, and
            -1 among integers are no labels. An object array, a Series or a frame of
            one column may hold the arrays; a table (n, T) may end with missing labels
            where sequences are padded; and a Series may have the row index (instance,
            time) of X.
        sample_weight : array-like of shape (n,), or list of arrays of shape (T_i,), \
                default=None
            Weights of sequences or of steps. A weight k counts as k copies of the
            sequence.
        validation_data : tuple (X, y), default=None
            Sequences that are watched during training (``valid_loss`` in
            `history_`), that decide when it stops unless ``early_stopping=False``, and
            that weigh network and partner.
        X_val, y_val : as X and y, default=None
            The same as two arguments, so that a Pipeline with
            ``transform_input=["X_val"]`` can transform the first.

        Returns
        -------
        AttentionLSTMTagger
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
        y : list of array-like of shape (T_i,)
            As in `fit`.
        classes : array-like of shape (n_classes,), default=None
            All labels that y may ever have; needed by the first call, unless
            its y has them all.
        sample_weight : array-like of shape (n,), or list of arrays of shape (T_i,), \
                default=None
            As in `fit`.

        Returns
        -------
        AttentionLSTMTagger
            The fitted estimator itself.

        Raises
        ------
        TypeError, ValueError
            As in `fit`, and if `X` or `y` is not like that of the first call.
        """
        return fit(self, X, y, sample_weight, n_epochs=1, classes=classes)

    def _read_training(
        self, X, y, sample_weight, *, fresh, classes=None, validation=(None, None, None)
    ):
        """Return the training data in canonical order, and the validation data."""
        front_end = check_network_params(self._config, self.get_params(deep=False))
        self._tokens()
        self._window_model()
        find_scorer(self)  # before any work
        refuse_scores_of_rows(self)
        if own_module(self.net_params)[0] is not None:
            raise ValueError(
                "net_params has a 'module', but the networks of users give one answer "
                "a sequence, and a tagger needs one a step; leave it out."
            )
        sequences = self._read(X, front_end, reset=fresh)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        check_same_steps(X, y)
        labels = check_step_labels(y, sequences.lengths)
        weights, of_steps = read_weights(sample_weight, sequences.lengths)
        labels = labels.counted(of_steps)
        if fresh:
            found = labels.distinct() if classes is None else classes
            self.target_encoder_ = learn_labels(labels.values, found)
        elif classes is not None:
            check_same_classes(classes, self.classes_)
        codes = labels.encode(self.target_encoder_)
        data = tag_sequences(sequences, codes, weights, of_steps, front_end)
        return canonical(data), self._read_validation(front_end, *validation)

    def _read_validation(self, front_end, validation_data, X_val, y_val):
        """Return the user's validation data, from either pair of arguments, or None."""
        pair = validation_pair(validation_data, X_val, y_val)
        if pair is None:
            return None
        sequences = self._read(pair[0], front_end, reset=False)
        check_same_steps(*pair)
        labels = check_step_labels(pair[1], sequences.lengths)
        ones = read_weights(None, sequences.lengths)
        codes = labels.encode(self.target_encoder_)
        return tag_sequences(sequences, codes, *ones, front_end, given=True)

    def _class_weights(self, data):
        """Return the weight of each class, as the labeled training steps decide it."""
        if self.class_weight is None:
            return None
        counts = data.codes >= 0
        return weigh_classes(
            self.class_weight,
            self.classes_,
            data.codes[counts],
            data.flat_weights[counts],
        )

    def _dataset(self, data, class_weights=None):
        """Return encoded sequences with their labels; None stays None."""
        if data is None:
            return None
        codes, weights = data.codes, data.flat_weights
        if class_weights is not None:
            weights = weights * class_weights[codes]  # 0 where there is no label
            if not weights.any():
                raise ValueError(
                    "class_weight is 0 for the label of every validation step; at "
                    "least one must count."
                )
        weights = (weights / weights[codes >= 0].mean()).astype(np.float32)
        return self._batched(
            self._encode(data.sequences),
            StepArrays(codes, data.lengths, fill=-1),
            StepArrays(weights, data.lengths),
        )

    def _criterion(self, train_set):
        """Return the loss of a batch."""
        loss, codes = own_loss(self.net_params), train_set.targets.flat
        if loss is not None:
            check_row_losses(loss, self.target_encoder_.n_outputs, codes[codes >= 0])
        return PositionLoss((codes >= 0).sum() / len(train_set), loss)

    def _make_network(self, data, sets, plan, seed, *, fresh):
        """Build the network, or return the fitted one."""
        if fresh:
            config, vectors = self._network_config(
                data,
                n_steps=1.0,  # no stride
                n_static=self.input_encoder_.static_size,
            )
            return build_tagging_network(config, vectors=vectors)
        params = self.get_params(deep=False)
        check_same_network(params, data.front_end, self.network_.config)
        return rebuild(self.network_, build_tagging_network)

    def _scored_rows(self, data):
        """Return which rows are scored, their labels, and options of the scorers."""
        classes = np.append(self.classes_.astype(object), None)
        labels = [classes[codes] for codes in data.targets]  # -1 is no label
        is_weighted = (data.flat_weights[data.codes >= 0] != 1).any()
        options = {"sample_weight": list(data.step_weights)} if is_weighted else {}
        return np.arange(len(data)), labels, options

    def _outputs_of(self, net, dataset, rows):
        """Return the outputs of a network for some rows, as `_outputs` does."""
        outputs = step_outputs(net, dataset)
        return np.concatenate([outputs[row] for row in rows]), dataset.lengths[rows]

    def _outputs(self, X):
        """Return the logits of each step, (S, K), and the steps of each sequence."""
        check_is_fitted(self)
        sequences = self._read_again(X)
        dataset = self._batched(self._encoded(sequences))
        precision = resolve_precision(self.precision, self.net_.device)
        outputs = step_outputs(
            self.net_, dataset, precision=precision, verbose=self.verbose
        )
        # An empty sequence is read as one unknown token.
        cut = zip(outputs, sequences.lengths, strict=True)
        outputs = np.concatenate([one[:n] for one, n in cut])
        return self._blended(outputs, sequences, dataset), sequences.lengths

    def predict(self, X):
        """Predict the most probable label of each step.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (T_i,)
            The labels of each sequence, in the dtype of `classes_`.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            If `X` is none of these containers, or not like that of `fit`.
        """
        outputs, lengths = self._outputs(X)
        return list(split_steps(self.target_encoder_.predict(outputs), lengths))

    def predict_proba(self, X):
        """Return the probability of each label at each step.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (T_i, n_classes), float32
            Columns in the order of `classes_`; rows sum to one.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            If `X` is none of these containers, or not like that of `fit`.
        """
        outputs, lengths = self._outputs(X)
        return list(split_steps(softmax(outputs, axis=1), lengths))

    def _answers(self, outputs):
        """Return what a stream answers."""
        return softmax(outputs, axis=1)

    def score(self, X, y, sample_weight=None):
        """Return the accuracy over all labeled steps.

        Parameters
        ----------
        X : sequences
            As in `fit`.
        y : list of array-like of shape (T_i,)
            As in `fit`. A label that was never seen counts as wrong.
        sample_weight : array-like of shape (n,), or list of arrays of shape (T_i,), \
                default=None
            As in `fit`.

        Returns
        -------
        float
            The share of right predictions.
        """
        return score_predictions("accuracy", self, X, y, sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        # check_estimator passes one label a sequence, which fit refuses. The tests of
        # this library run the same checks through an adapter.
        tags._skip_test = True
        return tags
