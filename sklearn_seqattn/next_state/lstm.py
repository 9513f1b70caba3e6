"""NextStateLSTM: the next state by a recurrent network with causal attention."""

from dataclasses import replace
from functools import partial
from math import ceil

import numpy as np
import torch
from scipy.special import log_softmax
from sklearn.base import (
    BaseEstimator,
)
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import (
    CallbackSupportMixin,
    NestedParameters,
    StrOptions,
    fit_context,
    with_callbacks,
)
from sklearn_seqattn.attention_lstm.network_config import check_same_fields
from sklearn_seqattn.attention_lstm.parameters import TRAINING_CONSTRAINTS
from sklearn_seqattn.attention_lstm.validation_scores import find_scorer
from sklearn_seqattn.next_state.base import NextStateMixin
from sklearn_seqattn.next_state.batches import StateDataset, logit_batches
from sklearn_seqattn.next_state.cache import with_cache
from sklearn_seqattn.next_state.cached_decoding import CachedContinuations
from sklearn_seqattn.next_state.mixture import Choice, choose_mixture, mix
from sklearn_seqattn.next_state.ngrams import NgramModel
from sklearn_seqattn.next_state.partner import Counts
from sklearn_seqattn.next_state.scored_pairs import read_pairs
from sklearn_seqattn.next_state.state_scores import StateScores
from sklearn_seqattn.next_state.state_stream import StateStream
from sklearn_seqattn.next_state.training_data import WeightedStreams
from sklearn_seqattn.nn.config import NextStateConfig
from sklearn_seqattn.nn.encoders import Encoder
from sklearn_seqattn.nn.next_state_network import build_next_state_network, widen
from sklearn_seqattn.nn.own_network import (
    OwnStateNetwork,
    build_own,
    check_own,
    copy_own,
)
from sklearn_seqattn.preprocessing.tokens import Tokens
from sklearn_seqattn.training.devices import resolve_precision
from sklearn_seqattn.training.embeddings import EmbeddingMixin
from sklearn_seqattn.training.fit import TrainingSets, fit
from sklearn_seqattn.training.network_access import NetworkAccessMixin
from sklearn_seqattn.training.optimization import PositionLoss
from sklearn_seqattn.training.own_losses import check_row_losses, own_loss
from sklearn_seqattn.training.own_modules import (
    check_same_own,
    module_fields,
    own_module,
    shortest_and_longest,
)
from sklearn_seqattn.training.plan import TrainingRules
from sklearn_seqattn.training.progress import partner_bar

_NETWORK_PARAMETERS = (
    *("encoder", "hidden_size", "num_layers", "residual", "attention", "num_heads"),
    "dropout",
)
_CACHED_VALUES = 2**24  # hidden states of continued sequences


def auto_batch_size(data):
    """Return the batch size for n sequences: n / 64, from 16 to 64."""
    return int(np.clip(len(data) // 64, 16, 64))


def auto_epochs(data, batch_size):
    """Return the epochs for training data: about 1,500 batches, 10 to 60 epochs.

    Half as many where less than half of the sequences are distinct, as in event logs.
    """
    epochs = int(np.clip(ceil(1500 / ceil(len(data) / batch_size)), 10, 60))
    return epochs if 2 * data.n_distinct >= len(data) else ceil(epochs / 2)


class NextStateLSTM(
    NetworkAccessMixin,
    EmbeddingMixin,
    NestedParameters,
    NextStateMixin,
    CallbackSupportMixin,
    BaseEstimator,
):
    r"""Predict the next state of a sequence by an LSTM network with attention.

    States are embedded and read by an encoder; each hidden state h_t attends to
    itself and those before it, giving a context c_t; and the next state has the
    logits W [c_t ; h_t] + b. W is a projection to the embedding size, and then the
    vectors of the states [4]_; with ``net_params={"module__tie_weights": False}`` it is
    a matrix of its own. The network learns from all positions of a sequence in
    one pass, and keeps the moving average of its weights over about the last third of
    the steps. Its logits are divided by the temperature under which held-out states
    are most probable [5]_. By default its distribution is then mixed with that of
    interpolated Kneser-Ney counts and a cache (see :class:`Counts`): counts are better
    on short, regular sequences, the network on long, rich ones.

    Six parameters matter most, and come first: `blend`, `hidden_size`, `num_layers`,
    `dropout`, `lr` and `max_epochs`. The others follow in groups: the network
    (`encoder` to `tokens`), the data (`targets` to `columns`), the training
    (`batch_size` to `checkpoint`) and the engine (`precision` to `verbose`).

    Parameters
    ----------
    blend : "auto", "counts", Counts or None, default="auto"
        The classical partner that the network is mixed with. "counts" is
        interpolated Kneser-Ney counts and a cache; "auto" is the same.
        :class:`Counts` sets its order and switches the cache off. None is the
        network alone.
    hidden_size : int, default=128
        Hidden units of a layer.
    num_layers : int, default=2
        Layers of the encoder.
    dropout : float, default=0.2
        Dropout of the vectors, within the encoder, and before the output.
    lr : float, default=4e-3
        Learning rate of AdamW. It rises over the first tenth of the steps to this
        value, and falls to 0 along a cosine.
    max_epochs : "auto" or int, default="auto"
        Epochs of training, at most. "auto" is what gives 1,500 batches, between 10
        and 60; half of that where less than half of the sequences are distinct.
    encoder : {"lstm", "gru", "transformer"} or Transformer, default="lstm"
        The kind of layers that read the sequence.
        :class:`~sklearn_seqattn.blocks.Transformer` chooses the positions of a
        Transformer, which is causal, as in GPT.
    residual : bool, default=True
        Whether the input of each recurrent layer is added to its output, which is
        then layer-normalized. Transformer layers always are residual.
    attention : {"multihead", "dot", "general", "additive"} or None, default="multihead"
        How h_t is aligned with the hidden states up to it [1]_ [2]_ [3]_. With None
        the logits are those of h_t alone.
    num_heads : int, default=4
        Heads of every multi-head attention, at most. Sizes that it does not divide
        get the largest smaller number of heads that divides them.
    tokens : Tokens or None, default=None
        Embedding of the states; rarer states than `min_count` are read as one
        unknown state and are no classes. None is ``Tokens(dropout=0.05)``. The
        vocabulary is always learned.
    targets : {"all", "last"}, default="all"
        Learn every state of a sequence from those before it, or the last one only.
        These are different tasks: their scores cannot be compared.
    start_state : bool, default=True
        Whether a start symbol is put before each sequence: the first state is
        learned, and an empty prefix is legal. Set it to False where sequences are
        windows cut from longer ones.
    end_state : bool, default=False
        Whether the end of a sequence is learned as one more class: "<end>" among
        strings, -1 among integers. It is the last of `classes_`.
    target : str or None, default=None
        Where X is events with several features: the column of the states.
    timestamp : str or None, default=None
        Where X is events: the column by which those of a sequence are ordered, in
        which times must not go back. It holds dates, or numbers in any unit. Columns
        of dates are read as times without it.
    columns : list of str or None, default=None
        Names of the features, where events are plain tuples.
    batch_size : "auto" or int, default="auto"
        Sequences a batch in training. "auto" is n / 64, between 16 and 64, for n
        sequences.
    early_stopping : bool, default=True
        Whether training stops when the loss of held-out sequences has not improved
        for `n_iter_no_change` epochs; the best weights are kept.
    validation_fraction : float, default=0.1
        The share of sequences to hold out, for early stopping, the temperature of
        the network and the weights of the mixture. With fewer than 10 sequences
        none are held out; the temperature is 1 then, the mixture even, and the
        cache does not count.
    n_iter_no_change : int, default=5
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
        The states, sorted, then the end state if it is learned. Strings are objects.
    end_state_ : str, int or None
        The class of the end.
    unknown_mass_ : float
        Probability by which a state without a class is scored: the share of rare
        states at fit.
    max_length_ : int
        Longest sequence at fit.
    vocabulary_ : Vocabulary
        The states and how often each was seen.
    events_ : EventFeatures or None
        Encodes the other features of events.
    net_ : skorch.NeuralNet
        The fitted net in evaluation mode, without its optimizer.
    network_ : torch.nn.Module
        The fitted network.
    temperature_ : float
        What logits are divided by.
    counts_ : NgramModel or None
        The counts that the network is mixed with.
    network_weight_ : float
        Weight of the network in the mixture, from 0 to 1.
    cache_weights_ : ndarray of shape (7,) or None
        Weight of an earlier step by the number of states, up to six, that it and the
        steps before it have in common with the present one. The distribution of the
        mixture has weight one.
    history_ : DataFrame
        One row an epoch.
    n_iter_ : int
        Epochs trained.

    See Also
    --------
    NextStateMarkov : The same methods by counting.
    Counts : The partner of the network.

    References
    ----------
    .. [1] M.-T. Luong et al., "Effective approaches to attention-based neural machine
       translation", EMNLP 2015.
    .. [2] D. Bahdanau et al., "Neural machine translation by jointly learning to
       align and translate", ICLR 2015.
    .. [3] A. Vaswani et al., "Attention is all you need", NeurIPS 2017.
    .. [4] O. Press and L. Wolf, "Using the output embedding to improve language
       models", EACL 2017.
    .. [5] C. Guo et al., "On calibration of modern neural networks", ICML 2017.

    Examples
    --------
    >>> from sklearn_seqattn import NextStateLSTM
    >>> X = ["open check pay close", "open check check pay close"] * 10
    >>> model = NextStateLSTM(max_epochs=5, hidden_size=16, random_state=0).fit(X)
    >>> model.predict(["open check pay", "open"])
    array(['close', 'check'], dtype=object)
    """

    _parameter_constraints = {
        **TRAINING_CONSTRAINTS,
        **{
            name: NextStateMixin._state_constraints[name]
            for name in ("start_state", "end_state", "target", "columns")
        },
        "blend": [Counts, StrOptions({"auto", "counts"}), None],
        "encoder": [str, Encoder, dict],
        "targets": [StrOptions({"all", "last"})],
        "timestamp": [str, None],
        "early_stopping": ["boolean"],
    }

    _module_params = ("tbptt_steps", "tie_weights")
    _uncalibrated = {
        "temperature_": 1.0,
        "counts_": None,
        "network_weight_": 1.0,
        "cache_weights_": None,
    }
    _uses_features = True  # other columns of events besides the states
    _nested = {"tokens": (lambda: Tokens(dropout=0.05),), "blend": (Counts,)}
    _rules = TrainingRules(
        batch_size=auto_batch_size,
        max_epochs=auto_epochs,
        calibrates=True,
        fewest_to_split=10,
        averaged_share=0.3,
    )

    def __init__(
        self,
        *,
        blend="auto",
        hidden_size=128,
        num_layers=2,
        dropout=0.2,
        lr=4e-3,
        max_epochs="auto",
        encoder="lstm",
        residual=True,
        attention="multihead",
        num_heads=4,
        tokens=None,
        targets="all",
        start_state=True,
        end_state=False,
        target=None,
        timestamp=None,
        columns=None,
        batch_size="auto",
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=5,
        scoring=None,
        max_time=None,
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
        self.encoder = encoder
        self.residual = residual
        self.attention = attention
        self.num_heads = num_heads
        self.tokens = tokens
        self.targets = targets
        self.start_state = start_state
        self.end_state = end_state
        self.target = target
        self.timestamp = timestamp
        self.columns = columns
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.scoring = scoring
        self.max_time = max_time
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.precision = precision
        self.device = device
        self.callbacks = callbacks
        self.net_params = net_params
        self.verbose = verbose

    @property
    def _min_count(self):
        """How often a state must be seen to be known."""
        return self._tokens().min_count

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Train the network, and choose the mixture on held-out sequences.

        Parameters
        ----------
        X : list of sequences of states, or list of DataFrame
            Lists of strings or of integers, or strings of states separated by white
            space; or events with several features, of which `target` is the state.
        y : array-like of shape (n_sequences,) or None, default=None
            The state that follows each sequence, if there is one to learn from.
        sample_weight : array-like of shape (n_sequences,) or None, default=None
            Weight of each sequence.

        Returns
        -------
        NextStateLSTM
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If `X` or `y` is none of these, a value is missing or infinite, or a
            parameter does not suit them.
        """
        return fit(self, X, y, sample_weight)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for one more epoch, on sequences that may have new states.

        Nothing is held out: the temperature and the weights of the mixture stay as they
        were. Other features of events keep the categories of the first fit.
        Parameters that shape the network must not have changed.

        Parameters
        ----------
        X : list of sequences of states, or list of DataFrame
            As in `fit`.
        y : array-like of shape (n_sequences,) or None, default=None
            As in `fit`.
        sample_weight : array-like of shape (n_sequences,) or None, default=None
            As in `fit`.

        Returns
        -------
        NextStateLSTM
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            As in `fit`, and if `X` or `y` is not like that of the first call.
        """
        return fit(self, X, y, sample_weight, n_epochs=1)

    def stream(self):
        """Return a stream, which is told one state at a time and says what may follow.

        The network reads each state once. Only its attention, and the cache of
        :class:`Counts`, compare a state with all earlier ones; the rest takes the same
        time however long the sequence is.

        Returns
        -------
        StateStream
            A new sequence. `push` adds a state to it.

        Examples
        --------
        >>> from sklearn_seqattn import NextStateLSTM
        >>> X = ["open check pay close", "open check check pay close"] * 10
        >>> model = NextStateLSTM(max_epochs=5, hidden_size=16, random_state=0).fit(X)
        >>> stream = model.stream()
        >>> for state in ["open", "check", "pay"]:
        ...     proba = stream.push(state)
        >>> model.classes_[proba.argmax()]
        'close'
        """
        check_is_fitted(self)
        return StateStream(self)

    def _tokens(self):
        """Return the checked parameters of the states."""
        tokens = Tokens(dropout=0.05) if self.tokens is None else self.tokens
        tokens._validate_params()
        if tokens.vectors is not None or tokens.vocabulary is not None:
            raise ValueError(
                f"tokens={tokens!r} has vectors or a vocabulary, but NextStateLSTM "
                "learns its states from X; leave both None."
            )
        return tokens

    def _partner(self):
        """Return the checked partner of the network, or None."""
        partner = Counts() if isinstance(self.blend, str) else self.blend
        if partner is not None:
            partner._validate_params()
        return partner

    def _read_training(self, X, y, sample_weight, *, fresh):
        """Return the sequences as streams of symbols; no validation data."""
        config, partner = self._config(), self._partner()  # before any work
        scorer = find_scorer(self)
        if not fresh:
            self._check_same(config, partner)
        streams, weights, moved = self._learn_states(X, y, sample_weight, first=fresh)
        pairs = None
        if scorer is not None:
            pairs = read_pairs(self, X, y)
            if len(pairs) > len(weights):
                pairs = pairs.take(np.flatnonzero(sample_weight))
        return WeightedStreams(streams, weights, moved, pairs, config), None

    def _task_data(self, X, y, sample_weight):
        """Return what scikit-learn's callbacks score: sequences and what follows."""
        if y is not None:
            return X, y, sample_weight
        pairs = read_pairs(self, X, y)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)[pairs.rows]
        return *pairs.take(pairs.rows).as_arguments(), sample_weight

    def _check_same(self, config, partner):
        """Refuse parameters that differ from those of the fitted model."""
        check_same_own(self.net_params, self.network_)
        fitted = self.network_.config
        if fitted is not None:
            sizes = ("n_states", "n_categories", "n_numbers")
            same = {name: getattr(fitted, name) for name in sizes}
            check_same_fields(replace(config, **same), fitted)
        if None not in (partner, self.counts_) and partner.order != self.counts_.order:
            raise ValueError(
                f"blend counts with order={partner.order}, but the fitted counts have "
                f"order={self.counts_.order}. Set it back, or call fit."
            )
        if (self.end_state is False) != (self.end_state_ is None):
            raise ValueError(
                f"end_state is now {self.end_state!r}, but the fitted model has "
                f"{self.end_state_!r}. Set it back, or call fit."
            )

    def _make_datasets(self, data, valid, *, fresh):
        """Return the data sets and the loss; one weight is the mean of training."""
        mean = data.weights.mean()
        sets = [
            StateDataset(
                part.streams,
                (part.weights / mean).astype(np.float32),
                last_only=self._last_only,
            )
            for part in (data, self._trained_targets(valid, data))
            if part is not None
        ]
        valid_set = sets[1] if len(sets) == 2 and sets[1].mean_targets else None
        loss = own_loss(self.net_params)
        if loss is not None:
            check_row_losses(loss, len(self.classes_), np.zeros(1, dtype=np.int64))
        loss = PositionLoss(sets[0].mean_targets, loss)
        scorer, scores = None if valid is None else find_scorer(self), None
        if scorer is not None:
            scores = StateScores(self, scorer, valid)
        return TrainingSets(sets[0], valid_set, loss, scores)

    def _trained_targets(self, valid, data):
        """Return held-out data without targets that the training part never has."""
        if valid is None:
            return None
        return replace(
            valid,
            streams=valid.streams.without_untrained(
                data.streams, last_only=self._last_only
            ),
        )

    def _config(self):
        """Return what the parameters say of the network: one state, no features."""
        tokens = self._tokens()
        return NextStateConfig(
            n_states=1,
            embedding_size=tokens.size,
            token_dropout=tokens.dropout,
            **module_fields(self.net_params),
            **{name: getattr(self, name) for name in _NETWORK_PARAMETERS},
        )

    def _make_network(self, data, sets, plan, seed, *, fresh):
        """Build the network, or a wider copy of the fitted one for new states."""
        if own_module(self.net_params)[0] is not None:
            return self._make_own_network(sets.train, fresh=fresh)
        features = {}
        if self.events_ is not None:
            features = {
                "n_categories": self.events_.n_ids,
                "n_numbers": self.events_.n_numbers,
            }
        config = replace(data.config, n_states=len(self.classes_), **features)
        network = build_next_state_network(config)
        if not fresh:
            widen(self.network_.cpu(), network, torch.from_numpy(data.moved))
        return network

    def _make_own_network(self, train_set, *, fresh):
        """Build the network of the user, or copy the fitted one."""
        sizes = self.vocabulary_.n_ids, len(self.classes_)
        if not fresh:
            if self.network_.sizes != sizes:
                raise ValueError(
                    f"X has new states: {sizes[1]} outputs are needed, but a network "
                    f"of your own was built for {self.network_.sizes[1]}. Call fit."
                )
            return copy_own(self.network_)
        built_from = own_module(self.net_params)
        network = OwnStateNetwork(build_own(*built_from, sizes), built_from, sizes)
        inputs, _ = shortest_and_longest(train_set)
        check_own(network, **inputs, n_outputs=sizes[1], of_steps=True)
        return network

    def _calibrate(self, data, valid, sets, plan, seeds, *, fresh):
        """Choose the mixture under which held-out states are most probable.

        The counts of that choice have not seen the held-out sequences either; those
        that are kept have seen all.
        """
        n_valid = 0 if valid is None else len(valid)
        with partner_bar(len(data) + 2 * n_valid, plan.verbose) as advance:
            self._mix(data, valid, advance, fresh=fresh)

    def _mix(self, data, valid, advance, *, fresh):
        """Fit the counts, and choose the mixture where something was held out."""
        partner, counts = self._partner(), None
        if partner is not None:
            goes_on = not fresh and self.counts_ is not None
            before = self.counts_.renumbered(data.moved) if goes_on else None
            n_ids, n_columns = self.vocabulary_.n_ids, len(self.classes_)
            model = NgramModel(partner.order, n_ids, n_columns)
            counts = model.learn(data.streams, data.weights, before)
        advance(len(data))
        if fresh:
            choice = Choice()
            if valid is not None:
                held_out = self._trained_targets(valid, data)
                choice = choose_mixture(
                    self.net_,
                    counts,
                    held_out.streams,
                    held_out.weights,
                    len(self.classes_),
                    cache=partner is not None and partner.cache,
                    last_only=self._last_only,
                )
                advance(len(valid))
            self.temperature_ = choice.temperature
            self.network_weight_ = 1.0 if counts is None else choice.network_weight
            self.cache_weights_ = choice.cache_weights
        if counts is not None and valid is not None:
            model = NgramModel(partner.order, n_ids, n_columns)
            rows = counts.ngrams_, counts.weights_
            counts = model.learn(valid.streams, valid.weights, rows)
        self.counts_ = counts

    def _read_dataset(self, X):
        """Return checked and encoded sequences for the fitted network."""
        return StateDataset(self._encode(X))

    def _log_proba_batches(self, streams, last=False):
        """Yield (indices, log-probabilities) by buckets of similar length."""
        dataset = StateDataset(streams)
        precision = resolve_precision(self.precision, self.net_.device)
        for rows, logits in logit_batches(
            self.net_,
            dataset,
            len(self.classes_),
            precision=precision,
            last=last,
            verbose=self.verbose,
        ):
            yield rows, self._mixture(logits, streams.take(rows), last=last)

    def _mixture(self, logits, streams, *, last):
        """Return the log-probabilities of the mixture of network, counts and cache."""
        log_proba = log_softmax(logits / self.temperature_, axis=1)
        if self.counts_ is not None:
            counted = self.counts_.follow(streams, last=last)
            log_proba = mix(log_proba, counted, self.network_weight_)
        if self.cache_weights_ is not None:
            steps = np.arange(len(streams.ids))
            if last:
                steps = np.cumsum(streams.lengths) - 1
            weights = self.cache_weights_
            log_proba = with_cache(log_proba, streams, steps, weights)
        return log_proba

    @property
    def _last_only(self):
        """Whether only the last state of each sequence is learned."""
        return self.targets == "last"

    @property
    def _states_to_mix(self):
        """The last states that counts and cache read; None for all."""
        if self.cache_weights_ is not None:
            return None
        return 1 if self.counts_ is None else max(1, self.counts_.order)

    @property
    def _steps_together(self):
        """Steps whose keys and values take 64 MB, if all layers have them."""
        config = self.network_.config
        if config is None:
            return super()._steps_together
        values = 2 * config.hidden_size * (config.num_layers + 1)
        return max(1, _CACHED_VALUES // values)

    def _continuations(self, streams):
        """Return continuations, which decode with cached states where they can."""
        if self.network_.config is None:
            return super()._continuations(streams)
        return CachedContinuations(
            streams,
            self.net_,
            partial(self._mixture, last=True),
            precision=resolve_precision(self.precision, self.net_.device),
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # states have no floats
        return tags
