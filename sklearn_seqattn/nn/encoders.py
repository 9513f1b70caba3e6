"""Encoders: what each is called, and its parameters.

An encoder says what to build; `recurrent` and `transformer` hold the modules. Every
module maps (B, T, C) and a mask to hidden states (B, T, output_size).
"""

from typing import ClassVar, Literal

from sklearn_seqattn.nn.components import Component, Registry
from sklearn_seqattn.nn.recurrent import build_recurrent_encoder
from sklearn_seqattn.nn.transformer import TransformerEncoder


class Encoder(Component):
    """Base of the encoders.

    A subclass is registered by `register_encoder`, which makes it a frozen dataclass.
    Its `build` returns a module that maps ``(x, mask)``, of shapes (B, T, C) and
    (B, T), to hidden states (B, T, output_size) and has `output_size`.

    Attributes
    ----------
    is_recurrent : bool
        Whether gradients flow back through hidden states, which `tbptt_steps` can
        truncate.
    """

    is_recurrent: ClassVar[bool] = False


ENCODERS = Registry(Encoder, "encoder")

register_encoder = ENCODERS.register


@register_encoder("lstm")
class LSTM(Encoder):
    """LSTM layers (Hochreiter and Schmidhuber, 1997)."""

    is_recurrent: ClassVar[bool] = True

    def build(self, input_size, config):
        """Build the layers."""
        return build_recurrent_encoder("lstm", input_size, config)


@register_encoder("gru")
class GRU(Encoder):
    """GRU layers (Cho et al., 2014)."""

    is_recurrent: ClassVar[bool] = True

    def build(self, input_size, config):
        """Build the layers."""
        return build_recurrent_encoder("gru", input_size, config)


@register_encoder("transformer")
class Transformer(Encoder):
    """Transformer layers, causal unless the network is bidirectional.

    Parameters
    ----------
    positions : {"rotary", "sinusoidal"}, default="rotary"
        How positions are encoded.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS 2017.

    J. Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021.

    Examples
    --------
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.blocks import Transformer
    >>> AttentionLSTMClassifier(encoder=Transformer(positions="sinusoidal"))
    AttentionLSTMClassifier(encoder=Transformer(positions='sinusoidal'))
    """

    positions: Literal["rotary", "sinusoidal"] = "rotary"

    def build(self, input_size, config):
        """Build the layers."""
        return TransformerEncoder(
            input_size,
            config.hidden_size,
            num_layers=config.num_layers,
            num_heads=config.num_heads,
            dropout=config.dropout,
            causal=not config.bidirectional,
            positions=self.positions,
        )
