"""The front end: blocks in the user's order, and residual groups of them."""

from sklearn_seqattn.nn.blocks import BLOCKS, Block, Embedding, register_block
from sklearn_seqattn.nn.components import Component
from sklearn_seqattn.nn.layers import BlockSequence, ResidualGroup
from sklearn_seqattn.nn.own_modules import OwnBlock, is_module

_MOST_BLOCKS, _DEEPEST_GROUP = 1000, 8


@register_block("residual")
class Residual(Block):
    """A group of blocks whose input is added to its output.

    A linear layer projects the input where the sizes differ. The blocks keep the number
    of steps: a convolution in the group has a stride of 1.

    Parameters
    ----------
    blocks : list or tuple
        The blocks of the group, as in a front end.

    Examples
    --------
    >>> from sklearn_seqattn.blocks import Residual, SelfAttention
    >>> Residual(["layer_norm", SelfAttention(key_size=16)])
    Residual(['layer_norm', SelfAttention(key_size=16)])
    """

    blocks: list | tuple

    def checked(self):
        """Return a copy whose blocks are checked objects."""
        if not isinstance(self.blocks, list | tuple) or not self.blocks:
            raise ValueError(
                f"A residual group has the blocks {self.blocks!r}, but a list of at "
                "least one is expected; fill the group or remove it."
            )
        blocks = tuple(map(_read_block, self.blocks))
        for block in _flat(blocks):
            if isinstance(block, Embedding):
                raise ValueError(
                    "front_end: 'embedding' is in a residual group; make it the "
                    "first block of the front end."
                )
            if getattr(block, "stride", 1) > 1:
                raise ValueError(
                    f"front_end: {block!r} is in a residual group, whose input and "
                    "output must have the same number of steps; set stride=1 there and "
                    "put a convolution with the stride before the group."
                )
        return Residual(blocks)

    def to_json(self):
        """Return the group as ``{"residual": blocks}``."""
        return {self.name: [block.to_json() for block in self.blocks]}

    def build(self, input_size, config):
        """Build the group."""
        blocks = build_blocks(self.blocks, input_size, config)
        return ResidualGroup(blocks, input_size)


class FrontEnd(tuple):
    """Checked blocks, which `read_front_end` returns as they are.

    It makes them of what users and files say; the library makes its own.
    """

    __slots__ = ()

    @property
    def embeds(self):
        """Whether the first block is an embedding of tokens."""
        return bool(self) and isinstance(self[0], Embedding)


def read_front_end(front_end):
    """Return a front end as a tuple of checked blocks.

    Parameters
    ----------
    front_end : None, str, dict, Block, nn.Module, FrontEnd, or list or tuple of them
        A name means a block's defaults, a nested list or tuple for a residual
        group, a dict ``{name: parameters}`` for a block. A module or its class is a
        block of the user.

    Returns
    -------
    blocks : FrontEnd

    Raises
    ------
    TypeError, ValueError
        If a block is unknown, has invalid parameters or is in the wrong place.
    """
    if isinstance(front_end, FrontEnd):
        return front_end
    if front_end is None:
        front_end = ()
    if isinstance(front_end, str | dict | Component) or is_module(front_end):
        front_end = [front_end]
    if not isinstance(front_end, list | tuple):
        raise TypeError(
            f"front_end={front_end!r} is of type {type(front_end).__name__}; pass "
            "'auto', None, a block, or a list of blocks."
        )
    _check_depth(front_end)
    blocks = tuple(map(_read_block, front_end))
    if len(list(_flat(blocks))) > _MOST_BLOCKS:
        raise ValueError(f"front_end has more than {_MOST_BLOCKS} blocks.")
    if any(isinstance(block, Embedding) for block in blocks[1:]):
        raise ValueError(
            "front_end: 'embedding' follows another block; make it the first "
            "and only one."
        )
    return FrontEnd(blocks)


def _read_block(block):
    """Return one block, or the residual group of a nested list."""
    if isinstance(block, list | tuple):
        block = Residual(block)
    if is_module(block):
        block = OwnBlock(block)
    try:
        return BLOCKS.read(block)
    except (TypeError, ValueError) as error:
        if str(error).startswith("front_end"):
            raise
        raise type(error)(f"front_end: {error}") from None


def _check_depth(blocks, depth=0):
    """Raise ValueError where groups are nested too deep to read."""
    if depth > _DEEPEST_GROUP:
        raise ValueError(f"front_end nests more than {_DEEPEST_GROUP} residual groups.")
    for block in blocks:
        if isinstance(block, dict):
            block = next(iter(block.values()), None)
            block = block.get("blocks") if isinstance(block, dict) else block
        elif isinstance(block, Residual):
            block = block.blocks
        if isinstance(block, list | tuple):
            _check_depth(block, depth + 1)


def _flat(blocks):
    """Yield blocks, and those of groups in place of the group."""
    for block in blocks:
        if isinstance(block, Residual):
            yield from _flat(block.blocks)
        else:
            yield block


def build_blocks(blocks, input_size, config):
    """Build blocks one after the other.

    Parameters
    ----------
    blocks : sequence of Block
        Checked blocks.
    input_size : int
        Channels in.
    config : SequenceConfig
        The whole network.

    Returns
    -------
    modules : BlockSequence
    """
    modules, size = [], input_size
    for block in blocks:
        modules.append(block.build(size, config))
        size = modules[-1].output_size
    return BlockSequence(modules, input_size)
