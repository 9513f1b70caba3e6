"""Parts of a training as a user would write them, for tests."""

import torch
from torch import nn


class MeanNetwork(nn.Module):
    """A linear layer on the mean of the real steps."""

    def __init__(self, input_size, n_outputs, hidden=4):
        super().__init__()
        self.embedding_size = hidden
        self.project = nn.Linear(input_size, hidden)
        self.head = nn.Linear(hidden, n_outputs)

    def embeddings(self, values, lengths):
        steps = torch.arange(values.shape[1], device=values.device)
        mask = (steps < lengths[:, None]).to(values.dtype)
        mean = (values * mask[..., None]).sum(dim=1) / lengths[:, None]
        return torch.tanh(self.project(mean))

    def forward(self, values, lengths):
        return self.head(self.embeddings(values, lengths))


class IdNetwork(nn.Module):
    """The mean of the vectors of the real ids."""

    def __init__(self, input_size, n_outputs):
        super().__init__()
        self.vectors = nn.Embedding(input_size, n_outputs, padding_idx=0)

    def forward(self, values, lengths):
        return self.vectors(values).sum(dim=1) / lengths[:, None]


class BigramNetwork(nn.Module):
    """Logits of the next state from a table of the present one."""

    def __init__(self, input_size, n_outputs, **_):
        super().__init__()
        self.table = nn.Embedding(input_size, n_outputs)

    def forward(self, values, lengths):
        return self.table(values)


class PaddingReader(MeanNetwork):
    """A network that forgets the lengths."""

    def embeddings(self, values, lengths):
        return self.project(values.mean(dim=1))


class FutureReader(BigramNetwork):
    """A network that looks at the next state."""

    def forward(self, values, lengths):
        return self.table(values.roll(-1, dims=1))


class NoParameters(nn.Module):
    """A network without anything to train."""

    def __init__(self, input_size, n_outputs):
        super().__init__()
        self.n_outputs = n_outputs

    def forward(self, values, lengths):
        return torch.zeros(len(values), self.n_outputs)


class FocalLoss(nn.Module):
    """Cross-entropy that counts easy rows less (Lin et al., 2017)."""

    def __init__(self, gamma=2.0):
        super().__init__()
        self.gamma = gamma

    def forward(self, outputs, targets):
        losses = nn.functional.cross_entropy(outputs, targets, reduction="none")
        return (1 - torch.exp(-losses)) ** self.gamma * losses


class RankedLoss(nn.Module):
    """Squared differences of cumulative probabilities of ordered classes."""

    def forward(self, outputs, targets):
        ranks = torch.arange(outputs.shape[1], device=outputs.device)
        below = (targets[:, None] <= ranks).to(outputs.dtype)
        return ((outputs.softmax(dim=1).cumsum(dim=1) - below) ** 2).sum(dim=1)


class MeanLoss(nn.Module):
    """A loss that is one number for a batch."""

    def forward(self, outputs, targets):
        return nn.functional.cross_entropy(outputs, targets)


class ClipLayer(nn.Module):
    """A block without weights, for any number of channels."""

    def __init__(self, bound):
        super().__init__()
        self.bound = bound

    def forward(self, x, mask):
        return x.clamp(-self.bound, self.bound)


class SquashLayer(nn.Module):
    """A block that is built from the number of channels."""

    def __init__(self, input_size):
        super().__init__()
        self.linear = nn.Linear(input_size, input_size + 1)

    def forward(self, x, mask):
        return torch.tanh(self.linear(x)), mask


class PairLayer(nn.Module):
    """A block that makes the sequence half as long."""

    stride = 2

    def __init__(self, input_size):
        super().__init__()

    def forward(self, x, mask):
        return x[:, ::2], mask[:, ::2]


class RangePooling(nn.Module):
    """The smallest and the largest value of each channel."""

    def __init__(self, input_size=None):
        super().__init__()

    def forward(self, x, mask):
        padded = ~mask[..., None]
        low = x.masked_fill(padded, torch.inf).amin(dim=1)
        return torch.cat([low, x.masked_fill(padded, -torch.inf).amax(dim=1)], dim=1)


class MeanOfPadding(nn.Module):
    """A pooling that forgets the mask."""

    def forward(self, x, mask):
        return x.mean(dim=1)


class ThreeLosses(nn.Module):
    """Three losses an output, which nobody asked for."""

    def forward(self, outputs, targets):
        return outputs[..., None].repeat(1, 1, 3)


class SingleNetwork(MeanNetwork):
    """A network that makes tensors in single precision."""

    def forward(self, values, lengths):
        return super().forward(values @ torch.eye(values.shape[2]), lengths)


class SingleLayer(nn.Module):
    """A block that makes tensors in single precision."""

    def forward(self, x, mask):
        return x @ torch.eye(x.shape[2])


class SinglePooling(nn.Module):
    """A pooling that makes tensors in single precision."""

    def forward(self, x, mask):
        return torch.einsum("btc,bt->bc", x, mask.to(torch.float32))


class TripleLayer(nn.Module):
    """A block that returns three things."""

    def forward(self, x, mask):
        return x, mask, x


class CountLayer(nn.Module):
    """A block of whole numbers."""

    def forward(self, x, mask):
        return x.long()


class FloatMaskLayer(nn.Module):
    """A block whose mask is no mask."""

    def forward(self, x, mask):
        return x, mask.to(x.dtype)


class DetachedLoss(nn.Module):
    """A loss that has no gradient."""

    def forward(self, outputs, targets):
        return outputs.detach().sum(dim=1)


class DetachedNetwork(MeanNetwork):
    """A network that has no gradient."""

    def forward(self, values, lengths):
        return super().forward(values, lengths).detach()


class BrokenNetwork(MeanNetwork):
    """A network that fails."""

    def forward(self, values, lengths):
        return self.project(values[..., :1].sum(dim=1))


class InPlaceLoss(nn.Module):
    """A loss that changes the outputs."""

    def forward(self, outputs, targets):
        return nn.functional.cross_entropy(
            outputs.clamp_(-9, 9), targets, reduction="none"
        )
