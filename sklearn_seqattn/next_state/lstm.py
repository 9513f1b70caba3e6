"""NextStateLSTM: the next state by a recurrent network with causal attention."""

from dataclasses import replace
from functools import partial
from math import ceil
from numbers import Integral

import numpy as np
import torch
from scipy.special import log_softmax
from sklearn.base import BaseEstimator

from sklearn_seqattn._estimator import (
    Interval,
    StrOptions,
    draw_seeds,
    fit_context,
    kept_on_failure,
)
from sklearn_seqattn.attention_lstm.base import BaseSequenceEstimator
from sklearn_seqattn.next_state.base import NextStateMixin
from sklearn_seqattn.next_state.batches import (
    PositionLoss,
    StateDataset,
    logit_batches,
)
from sklearn_seqattn.next_state.cache import with_repetition
from sklearn_seqattn.next_state.cached_decoding import RememberingContinuations
from sklearn_seqattn.next_state.event_features import EventFeatures, as_frames
from sklearn_seqattn.next_state.mixture import Choice, choose_mixture, mix
from sklearn_seqattn.next_state.ngrams import NgramModel
from sklearn_seqattn.next_state.streams import FIRST_STATE
from sklearn_seqattn.nn.encoders import truncate_backpropagation
from sklearn_seqattn.nn.next_state_network import build_next_state_network, widen
from sklearn_seqattn.training import (
    AverageWeights,
    Checkpoint,
    attention_weights,
    isolated_torch,
    iter_attention_weights,
    raise_interrupt,
    resolve_device,
    resolve_precision,
    train,
)
from sklearn_seqattn.training.fingerprint import describe_params, digest
from sklearn_seqattn.training.fit import append_history
from sklearn_seqattn.training.plan import plan_training

_AVERAGED = 0.3  # share of the steps over which weights are averaged
_REMEMBERED_VALUES = 2**24  # of continued sequences
_FEWEST_VALIDATED = 10  # sequences without which nothing is held out
_SHARED = {  # parameters that mean the same in the other estimators
    *("embedding_size", "encoder", "hidden_size", "num_layers", "residual"),
    *("positions", "attention", "num_heads", "dropout", "token_dropout"),
    *("min_count", "lr", "lr_schedule", "weight_decay", "max_grad_norm"),
    *("batch_size", "max_epochs", "validation_fraction", "n_iter_no_change"),
    *("random_state", "device", "callbacks", "net_params", "verbose"),
    *("max_steps_per_batch", "precision", "tbptt_steps"),
    *("checkpoint_dir", "checkpoint_every", "keep_checkpoint"),
}


class NextStateLSTM(NextStateMixin, BaseEstimator):
    r"""Predict the next state of a sequence by an LSTM network with attention.

    States are embedded and read by an encoder; each hidden state h_t attends to
    itself and those before it, giving a context c_t; and the next state has the
    logits W [c_t ; h_t] + b. The network learns from all positions of a sequence in
    one pass, and keeps the moving average of its weights over about the last third of
    the steps. By default its distribution is mixed with that of interpolated
    Kneser-Ney counts, as p_network^w p_counts^(1 - w) up to a factor [6]_, with the
    weight w under which held-out states are most probable: counts are better on
    short, regular sequences, the network on long, rich ones. To the mixture are added
    the observations of the sequence itself, which may be about to repeat itself.

    Parameters
    ----------
    embedding_size : int, default=64
        Size of the vector of a state.
    encoder : {"lstm", "gru", "transformer"}, default="lstm"
        The kind of layers. The Transformer is causal, as in GPT.
    hidden_size : int, default=128
        Hidden units of a layer.
    num_layers : int, default=2
        Layers of the encoder.
    residual : bool, default=True
        Whether the input of each recurrent layer is added to its output, which is
        then layer-normalised. Transformer layers always are residual.
    positions : {"rotary", "sinusoidal"}, default="rotary"
        How a Transformer knows the place of a step.
    attention : {"multihead", "dot", "general", "additive"} or None, default="multihead"
        How h_t is aligned with the hidden states up to it [1]_ [2]_ [3]_. With None
        the logits are those of h_t alone.
    num_heads : int, default=4
        Heads of "multihead" and of a Transformer; they divide `hidden_size`.
    tie_weights : bool, default=True
        Whether [c_t ; h_t] is projected to the embedding size and compared with the
        vectors of the states [4]_, instead of a matrix W of its own.
    dropout : float, default=0.2
        Dropout of the vectors, within the encoder, and before the output.
    token_dropout : float, default=0.05
        In training, the share of states that are read as unknown. This trains the
        vector of unknown states.
    targets : {"all", "last"}, default="all"
        Learn every state of a sequence from those before it, or the last one only.
        These are different tasks: their scores cannot be compared.
    start_state : bool, default=True
        Whether a start symbol stands before each sequence: the first state is
        learnt, and an empty prefix is legal. Set it to False where sequences are
        windows cut from longer ones.
    end_state : bool, default=False
        Whether the end of a sequence is learnt as one more class: "<end>" among
        strings, -1 among integers. It is the last of `classes_`.
    min_count : int, default=1
        Rarer states are read as one unknown state and are no classes.
    target : str or None, default=None
        Where X is events with several features: the column of the states.
    timestamp : str or None, default=None
        Where X is events: a column of times, dates or numbers. The network is given
        the time since the event before and since the first one.
    columns : list of str or None, default=None
        Names of the features, where events are plain tuples.
    backoff : {"kneser_ney"} or None, default="kneser_ney"
        What the network is mixed with. It counts states alone, whatever other
        features there are.
    backoff_order : int, default=5
        Number of preceding states that the counts depend on.
    repetition : bool, default=True
        Whether the earlier steps of a sequence count as observations of what follows
        [7]_: the more, the more states they have in common with the present step.
        How much is chosen on held-out sequences.
    calibrate : bool, default=True
        Whether the logits are divided by the temperature under which held-out states
        are most probable [5]_.
    lr : float, default=4e-3
        The learning rate of AdamW; the highest one under the cosine schedule.
    lr_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" rises over the first tenth of the steps and falls to 0 at the last.
    weight_decay : float, default=1e-2
        Decoupled weight decay of the weight matrices; biases and norms are spared.
    max_grad_norm : float or None, default=1.0
        The gradient is scaled down to this norm where it is larger.
    batch_size : "auto" or int, default="auto"
        Sequences a batch. "auto" is n / 64, between 16 and 64, for n sequences.
    max_epochs : "auto" or int, default="auto"
        Epochs of training, at most. "auto" is what gives 1,500 batches, between 10
        and 60.
    early_stopping : bool, default=True
        Whether training stops when the loss of held-out sequences has not improved
        for `n_iter_no_change` epochs; the best weights are kept.
    validation_fraction : float, default=0.1
        The share of sequences to hold out, for early stopping, calibration, the
        weight of the mixture and those of repetition. With fewer than 10 sequences
        none are held out; the temperature is 1 then, the mixture even, and repetition
        does not count.
    n_iter_no_change : int, default=5
        Epochs to wait for an improvement.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, order, dropout and what is held out. The global
        generators are never touched.
    max_steps_per_batch : int, default=4096
        Steps of the encoder, padding included, that go through the network at once. A
        larger batch is taken in parts, and their gradients are added: the same step of
        training in memory that does not grow with the lengths. In bfloat16, of half
        the size, twice as many.
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
    classes_ : ndarray of shape (n_classes,)
        The states, sorted, then the end state if it is learnt.
    end_state_ : str, int or None
        Class that stands for the end.
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
        The trained network.
    temperature_ : float
        What logits are divided by.
    backoff_model_ : NgramModel or None
        The counts that the network is mixed with.
    network_weight_ : float
        Weight of the network in the mixture, from 0 to 1.
    repetition_weights_ : ndarray of shape (7,) or None
        Weight of an earlier step by the number of states, up to six, that it and the
        steps before it have in common with the present one. The distribution of the
        mixture has weight one.
    history_ : DataFrame
        One row an epoch.
    n_iter_ : int
        Epochs trained.

    See Also
    --------
    NextStateMarkov : The same verbs by counting.

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
    .. [6] D. Klakow, "Log-linear interpolation of language models", ICSLP 1998.
    .. [7] R. Kuhn and R. De Mori, "A cache-based natural language model for speech
       recognition", IEEE Transactions on Pattern Analysis and Machine Intelligence 12
       (1990).

    Examples
    --------
    >>> from sklearn_seqattn import NextStateLSTM
    >>> X = ["open check pay close", "open check check pay close"] * 10
    >>> model = NextStateLSTM(max_epochs=5, hidden_size=16, random_state=0).fit(X)
    >>> model.predict(["open check pay", "open"])
    array(['close', 'check'], dtype='<U5')
    """

    _parameter_constraints = {
        **{
            name: BaseSequenceEstimator._parameter_constraints[name] for name in _SHARED
        },
        **NextStateMixin._state_constraints,
        "tie_weights": ["boolean"],
        "targets": [StrOptions({"all", "last"})],
        "target": [str, None],
        "timestamp": [str, None],
        "columns": ["array-like", None],
        "backoff": [StrOptions({"kneser_ney"}), None],
        "backoff_order": [Interval(Integral, 0, None, closed="left")],
        "repetition": ["boolean"],
        "calibrate": ["boolean"],
        "early_stopping": ["boolean"],
    }

    def __init__(
        self,
        *,
        embedding_size=64,
        encoder="lstm",
        hidden_size=128,
        num_layers=2,
        residual=True,
        positions="rotary",
        attention="multihead",
        num_heads=4,
        tie_weights=True,
        dropout=0.2,
        token_dropout=0.05,
        targets="all",
        start_state=True,
        end_state=False,
        min_count=1,
        target=None,
        timestamp=None,
        columns=None,
        backoff="kneser_ney",
        backoff_order=5,
        repetition=True,
        calibrate=True,
        lr=4e-3,
        lr_schedule="cosine",
        weight_decay=1e-2,
        max_grad_norm=1.0,
        batch_size="auto",
        max_epochs="auto",
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=5,
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
    ):
        self.embedding_size = embedding_size
        self.encoder = encoder
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.residual = residual
        self.positions = positions
        self.attention = attention
        self.num_heads = num_heads
        self.tie_weights = tie_weights
        self.dropout = dropout
        self.token_dropout = token_dropout
        self.targets = targets
        self.start_state = start_state
        self.end_state = end_state
        self.min_count = min_count
        self.target = target
        self.timestamp = timestamp
        self.columns = columns
        self.backoff = backoff
        self.backoff_order = backoff_order
        self.repetition = repetition
        self.calibrate = calibrate
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.weight_decay = weight_decay
        self.max_grad_norm = max_grad_norm
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.max_steps_per_batch = max_steps_per_batch
        self.precision = precision
        self.tbptt_steps = tbptt_steps
        self.device = device
        self.callbacks = callbacks
        self.net_params = net_params
        self.checkpoint_dir = checkpoint_dir
        self.checkpoint_every = checkpoint_every
        self.keep_checkpoint = keep_checkpoint
        self.verbose = verbose

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
        """
        seeds = draw_seeds(self.random_state, 3)
        checkpoint = None
        if self.checkpoint_dir is not None:
            checkpoint = Checkpoint(self.checkpoint_dir, self.checkpoint_every)
            seeds = checkpoint.agree(seeds)
        with kept_on_failure(self):
            streams, weights, _ = self._learn_states(X, y, sample_weight, first=True)
            if checkpoint is not None:
                checkpoint.claim(self._fingerprint(streams, weights))
            fitted, held_out = self._split(len(streams), seeds[0])
            with isolated_torch(seeds[1], resolve_device(self.device)):
                self._run(
                    self._network(),
                    streams,
                    weights,
                    fitted,
                    held_out,
                    seeds[2],
                    checkpoint=checkpoint,
                )
            self._choose_mixture(streams, weights, fitted, held_out)
        is_whole = not self.net_.was_interrupted
        if checkpoint is not None and is_whole and not self.keep_checkpoint:
            checkpoint.remove()
        raise_interrupt(self.net_)
        return self

    def _fingerprint(self, streams, weights):
        """Describe all that the result of a fit depends on."""
        features = [streams.features[name] for name in sorted(streams.features)]
        return {
            **describe_params(self.get_params(deep=False)),
            "X": digest(streams.symbols, streams.lengths, *features),
            "y": digest(streams.following),
            "sample_weight": digest(weights),
            "classes": digest(self.classes_),
        }

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for one epoch more, on sequences that may bring new states.

        Nothing is held out: the temperature and the weights of the mixture and of
        repetition stay as they were. Other features of events keep the categories of
        the first fit.

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
        """
        first = not hasattr(self, "net_")
        seeds = draw_seeds(self.random_state, 2)
        with kept_on_failure(self):
            streams, weights, moved = self._learn_states(
                X, y, sample_weight, first=first
            )
            every = np.arange(len(streams))
            with isolated_torch(seeds[0], resolve_device(self.device)):
                module = self._network() if first else self._widened(moved)
                self._run(module, streams, weights, every, None, seeds[1], n_epochs=1)
            if first:
                self._choose_mixture(streams, weights, every, None)
            elif self.backoff_model_ is not None:
                before = self.backoff_model_.renumbered(moved)
                self.backoff_model_ = self._ngrams().learn(streams, weights, before)
        raise_interrupt(self.net_)
        return self

    def attention_weights(self, X):
        """Return the weights with which each position attends to those before it.

        Parameters
        ----------
        X : list of sequences of states, or list of DataFrame
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (n_heads, T_i, T_i), float32
            Row t of a head sums to one over columns 0 .. t. With
            ``start_state=True`` the first row and column are those of the start
            symbol, and T_i is one more than the number of states.

        Raises
        ------
        ValueError
            If the network has no attention (``attention=None``).
        """
        streams = self._encode(X)
        return attention_weights(self.net_, StateDataset(streams))

    def iter_attention_weights(self, X, n_queries=1024):
        """Return an iterator over the attention weights, a few positions at a time.

        For sequences so long that their weights do not fit into memory at once.

        Parameters
        ----------
        X : list of sequences of states, or list of DataFrame
            As in `fit`.
        n_queries : int, default=1024
            Positions whose weights are computed at once.

        Returns
        -------
        iterator of (i, start, weights)
            Sequence i, the first position of the block, and the weights of this one
            and those behind it, an array of shape (n_heads, n_queries or less, T_i).

        Raises
        ------
        ValueError
            If the network has no attention (``attention=None``), or `n_queries` is not
            positive.
        """
        streams = self._encode(X)
        return iter_attention_weights(self.net_, StateDataset(streams), n_queries)

    def _log_proba_batches(self, streams, last=False):
        """Yield (indices, log-probabilities) by buckets of like length."""
        dataset = StateDataset(streams)
        precision = resolve_precision(self.precision, self.net_.device)
        for rows, logits in logit_batches(
            self.net_, dataset, len(self.classes_), precision=precision, last=last
        ):
            yield rows, self._mixture(logits, streams.take(rows), last=last)

    def _mixture(self, logits, streams, *, last):
        """Mix what the network says with counts and repetition: log-probabilities."""
        log_proba = log_softmax(logits / self.temperature_, axis=1)
        if self.backoff_model_ is not None:
            counted = self.backoff_model_.follow(streams, last=last)
            log_proba = mix(log_proba, counted, self.network_weight_)
        if self.repetition_weights_ is not None:
            steps = np.arange(len(streams.symbols))
            if last:
                steps = np.cumsum(streams.lengths) - 1
            weights = self.repetition_weights_
            log_proba = with_repetition(log_proba, streams, steps, weights)
        return log_proba

    @property
    def _steps_together(self):
        """Steps whose keys and values take 64 MB, if all layers have them."""
        numbers = self.net_.module_.numbers
        values = 2 * numbers["hidden_size"] * (numbers["num_layers"] + 1)
        return max(1, _REMEMBERED_VALUES // values)

    def _continuations(self, streams):
        """Return continuations whose network goes on from what it remembers."""
        return RememberingContinuations(
            streams,
            self.net_,
            partial(self._mixture, last=True),
            precision=resolve_precision(self.precision, self.net_.device),
        )

    def _read_states(self, X, *, reset):
        """Return states, lengths and, where X is events, their other features."""
        frames = as_frames(X, self.columns)
        if reset:
            self._check_target(frames)
            self.events_ = None
            if frames is not None:
                self.events_ = EventFeatures(self.target, self.timestamp)
        if self.events_ is None:
            return super()._read_states(X, reset=reset)
        if frames is None:
            frames = self.events_.empty(X)
        states, events = self.events_.split(frames)
        states, lengths, _ = super()._read_states(states, reset=reset)
        if reset:
            self.events_.fit(events)
        return states, lengths, self.events_.transform(events)

    def _check_target(self, frames):
        """Raise unless a target is named exactly where X is events."""
        if frames is not None and self.target is None:
            raise ValueError(
                "X holds events with the columns "
                f"{list(frames[0].columns)}; set target= to the one to predict."
            )
        if frames is None and self.target is not None:
            raise ValueError(
                f"target={self.target!r} names a column, but X holds no DataFrames "
                "or lists of tuples; pass events, or set target=None."
            )

    def _split(self, n, seed):
        """Return the sequences to fit and those to hold out, or None for these."""
        order = np.random.RandomState(seed).permutation(n)
        users = (self.early_stopping, self.calibrate, self.backoff, self.repetition)
        if not any(users) or n < _FEWEST_VALIDATED:
            return np.sort(order), None
        n_held_out = min(ceil(self.validation_fraction * n), n - 1)
        return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])

    def _network(self):
        """Build the network for the present vocabulary."""
        events = self.events_
        return build_next_state_network(
            n_states=len(self.classes_),
            n_categories=() if events is None else events.n_ids,
            n_numbers=0 if events is None else len(events.numbers_),
            embedding_size=int(self.embedding_size),
            encoder=self.encoder,
            hidden_size=int(self.hidden_size),
            num_layers=int(self.num_layers),
            residual=self.residual,
            positions=self.positions,
            attention=self.attention,
            num_heads=int(self.num_heads),
            tie_weights=self.tie_weights,
            dropout=self.dropout,
            token_dropout=self.token_dropout,
        )

    def _widened(self, columns):
        """Return a copy of the network with room for the new states."""
        network = self._network()
        widen(self.net_.module_.cpu(), network, torch.from_numpy(columns))
        return network

    def _run(
        self,
        module,
        streams,
        weights,
        fitted,
        held_out,
        seed,
        *,
        n_epochs=None,
        checkpoint=None,
    ):
        """Train the module, stopping early where sequences are held out."""
        last_only = self.targets == "last"
        weights = (weights / weights[fitted].mean()).astype(np.float32)
        train_set = StateDataset(
            streams.take(fitted), weights[fitted], last_only=last_only
        )
        valid_set = None
        if held_out is not None and self.early_stopping:
            valid_set = StateDataset(
                streams.take(held_out), weights[held_out], last_only=last_only
            )
        plan = plan_training(
            self,
            len(train_set),
            auto_batch_size=auto_batch_size,
            auto_epochs=auto_epochs,
            patience=None if valid_set is None else self.n_iter_no_change,
            n_epochs=n_epochs,
            callbacks=() if n_epochs else [("average", AverageWeights(_AVERAGED))],
        )
        truncate_backpropagation(module, self.tbptt_steps)
        self.net_, history = train(
            module,
            PositionLoss(train_set.mean_targets),
            train_set,
            replace(plan, checkpoint=checkpoint),
            seed=seed,
            valid_set=valid_set,
        )
        goes_on = n_epochs and hasattr(self, "history_")
        append_history(self, history, fresh=not goes_on)

    def _ngrams(self):
        """Return an n-gram model for the present vocabulary, not yet fitted."""
        n_symbols = len(self.vocabulary_.states) + FIRST_STATE
        return NgramModel(self.backoff_order, n_symbols, len(self.classes_))

    def _choose_mixture(self, streams, weights, fitted, held_out):
        """Choose how to mix where held-out states are most probable.

        The n-gram model of that choice has not seen the held-out sequences either;
        the one that is kept counts all.
        """
        counts, choice = None, Choice()
        if held_out is not None:
            if self.backoff is not None:
                counts = self._ngrams().learn(streams.take(fitted), weights[fitted])
            choice = choose_mixture(
                self.net_,
                counts,
                streams.take(held_out),
                len(self.classes_),
                calibrate=self.calibrate,
                repetition=self.repetition,
                last_only=self.targets == "last",
            )
        self.temperature_ = choice.temperature
        self.network_weight_ = 1.0
        self.backoff_model_ = None
        self.repetition_weights_ = choice.repetition
        if self.backoff is not None:
            self.network_weight_ = choice.network_weight
            self.backoff_model_ = self._ngrams().learn(streams, weights)


def auto_batch_size(n):
    """Return the batch size for n sequences: n / 64, from 16 to 64."""
    return int(np.clip(n // 64, 16, 64))


def auto_epochs(n, batch_size):
    """Return the epochs for n sequences: about 1,500 batches, 10 to 60 epochs."""
    return int(np.clip(ceil(1500 / ceil(n / batch_size)), 10, 60))
