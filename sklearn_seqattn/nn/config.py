"""Configuration: the plain values that a network is built from.

A builder takes it, the network keeps it as `config`, and a file holds `to_dict()`.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from sklearn_seqattn.nn.config_base import Config
from sklearn_seqattn.nn.encoders import ENCODERS, Encoder
from sklearn_seqattn.nn.fields import Count, Range, Share, Size
from sklearn_seqattn.nn.front_end import FrontEnd, read_front_end
from sklearn_seqattn.nn.own_modules import OwnPooling, is_module
from sklearn_seqattn.nn.pooling import POOLINGS

#: Fields that matter in training alone. A warm start may change them.
TRAINING_FIELDS = frozenset({"time_warp", "tbptt_steps"})

Attention = Literal["dot", "general", "additive", "multihead"]


@dataclass(frozen=True, kw_only=True)
class EmbeddingConfig(Config):
    """Sizes of the embedding of tokens.

    Parameters
    ----------
    n_ids : int
        The number of ids, the padding and the unknown one included.
    size : int
        The embedding size E.
    token_dropout : float, default=0.0
        In training, the probability of reading a token as unknown.
    """

    n_ids: Annotated[int, Range(3, 2**31 - 1)]
    size: Size
    token_dropout: Share = 0.0


@dataclass(frozen=True, kw_only=True)
class KernelConfig(Config):
    """Sizes of the features of the partner.

    Parameters
    ----------
    max_length : int
        Steps of the longest training sequence.
    n_features : int
        The number of features of each of the two kinds of random convolutions.
    last_steps : int, default=0
        How many of the last steps are features themselves.
    """

    max_length: Annotated[int, Range(1, 2**27)]
    n_features: Size
    last_steps: Count = 0


@dataclass(frozen=True, kw_only=True)
class BodyConfig(Config):
    """What the networks of classifier, regressor and tagger have in common.

    Single values, names and dicts become tuples and objects.

    Parameters
    ----------
    input_size, n_outputs : int
        Channels of a step (1 for ids), and outputs of a sequence or of a step.
    front_end : FrontEnd
        As `read_front_end` takes it.
    embedding : EmbeddingConfig or None, default=None
        Sizes of the block "embedding".
    encoder : Encoder
        A name, an object, or a dict ``{name: parameters}``.
    hidden_size, num_layers : int
        Hidden units of a layer in each direction, and layers.
    bidirectional : bool
        Whether layers read in both directions.
    residual : bool
        Whether recurrent layers and attention are residual and normalized.
    attention : {"dot", "general", "additive", "multihead"} or None
        Self-attention over the hidden states.
    num_heads : int
        Heads of every multi-head attention, at most: each has the largest number that
        divides its size.
    head_units : tuple of int
        Hidden layers of the head.
    dropout : float
        Dropout everywhere.
    n_static : int, default=0
        Static numbers of a sequence, which the head reads.
    tbptt_steps : int or None, default=None
        In training, the steps after which gradients through hidden states stop.
    """

    input_size: Size
    n_outputs: Size
    front_end: FrontEnd
    embedding: EmbeddingConfig | None = None
    encoder: Encoder
    hidden_size: Size
    num_layers: Size
    bidirectional: bool
    residual: bool
    attention: Attention | None
    num_heads: Size
    head_units: tuple[Size, ...]
    dropout: Share
    n_static: Count = 0
    tbptt_steps: Size | None = None

    def _read(self):
        return {
            "front_end": read_front_end(self.front_end),
            "encoder": read_encoder(self.encoder),
            "embedding": _read_config(self.embedding, EmbeddingConfig),
            "head_units": _read_tuple(self.head_units),
        }

    def _check(self):
        if self.front_end.embeds != (self.embedding is not None):
            raise ValueError("front_end and embedding contradict each other.")
        check_tbptt_steps(self)


@dataclass(frozen=True, kw_only=True)
class TaggingConfig(BodyConfig):
    """The network of the tagger; the parameters are those of `BodyConfig`."""


@dataclass(frozen=True, kw_only=True)
class SequenceConfig(BodyConfig):
    """The network of the classifier and the regressor.

    The parameters are those of `BodyConfig`, and these.

    Parameters
    ----------
    pooling : tuple of str or OwnPooling
        Names of poolings, and modules of the user or their classes.
    kernels : KernelConfig or None, default=None
        The partner inside the network.
    time_warp : float, default=0.0
        In training, how far sequences are warped in time, see `warp_time`.
    """

    pooling: tuple[str | OwnPooling, ...]
    kernels: KernelConfig | None = None
    time_warp: Annotated[float, Range(0, 10)] = 0.0

    def _read(self):
        return super()._read() | {
            "kernels": _read_config(self.kernels, KernelConfig),
            "pooling": tuple(map(_read_pooling, _read_tuple(self.pooling))),
        }

    def _check(self):
        names = {name for name in self.pooling if isinstance(name, str)}
        if not self.pooling or not names <= POOLINGS.keys():
            known = ", ".join(map(repr, POOLINGS))
            raise ValueError(
                f"pooling={self.pooling!r} must hold at least one of {known}, and "
                "nothing else."
            )
        super()._check()


@dataclass(frozen=True, kw_only=True)
class NextStateConfig(Config):
    """The network that predicts next states.

    Parameters
    ----------
    n_states : int
        Number of outputs K: the states, and the end where it is learned.
    n_categories : tuple of int, default=()
        Ids of each further categorical feature.
    n_numbers : int, default=0
        Number of numeric features.
    embedding_size : int
        Size of the vectors of states; those of other categories are at most that.
    encoder : Encoder
        A name, an object, or a dict ``{name: parameters}``.
    hidden_size, num_layers : int
        Hidden units of a layer, and layers.
    residual : bool
        Whether recurrent layers are residual and normalized.
    attention : {"dot", "general", "additive", "multihead"} or None
        The alignment score.
    num_heads : int
        Heads of every multi-head attention, at most: each has the largest number that
        divides its size.
    dropout, token_dropout : float
        Dropout everywhere, and the share of states that training reads as unknown.
    tie_weights : bool, default=True
        Whether the output layer compares [c_t ; h_t], projected to the embedding size,
        with the vectors of the states, instead of a matrix of its own.
    tbptt_steps : int or None, default=None
        In training, the steps after which gradients through hidden states stop.
    """

    bidirectional: ClassVar[bool] = False

    n_states: Size
    n_categories: tuple[Size, ...] = ()
    n_numbers: Count = 0
    embedding_size: Size
    encoder: Encoder
    hidden_size: Size
    num_layers: Size
    residual: bool
    attention: Attention | None
    num_heads: Size
    dropout: Share
    token_dropout: Share
    tie_weights: bool = True
    tbptt_steps: Size | None = None

    def _read(self):
        return {"encoder": read_encoder(self.encoder)}

    def _check(self):
        check_tbptt_steps(self)


def read_encoder(encoder):
    """Return an encoder from a name, an object or a dict ``{name: parameters}``."""
    try:
        return ENCODERS.read(encoder)
    except (TypeError, ValueError) as error:
        raise type(error)(f"encoder: {error}") from None


def _read_config(value, kind):
    """Return a configuration from a dict; other values as they are."""
    return kind.from_dict(value) if isinstance(value, dict) else value


def _read_tuple(value):
    """Return a single value as a tuple of one; others as they are."""
    return value if isinstance(value, list | tuple) else (value,)


def _read_pooling(pooling):
    """Return a pooling: names as they are, modules of the user as components."""
    is_own = not isinstance(pooling, str) and is_module(pooling)
    return OwnPooling(pooling) if is_own else pooling


def check_tbptt_steps(config):
    """Raise ValueError where there is no recurrence to truncate."""
    if config.tbptt_steps is not None and not config.encoder.is_recurrent:
        raise ValueError(
            f"tbptt_steps={config.tbptt_steps} truncates the gradient through hidden "
            f"states, of which the encoder {config.encoder!r} has none; set "
            "tbptt_steps=None."
        )
