"""Base of the features of a partner, which are computed chunk by chunk and scaled."""

from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from sklearn_seqattn.nn.kernel_input import guarded
from sklearn_seqattn.nn.row_blocks import column_moments


@contextmanager
def exact_products(device_type):
    """Compute no product of float32 in a lower precision inside the block.

    Contexts of torch take time, also where they change nothing: only those that are
    needed are entered.

    Parameters
    ----------
    device_type : str
        Where the products are computed.
    """
    with ExitStack() as stack:
        if torch.is_autocast_enabled(device_type):
            stack.enter_context(torch.autocast(device_type, enabled=False))
        precision = torch.get_float32_matmul_precision()
        if precision != "highest":
            stack.callback(torch.set_float32_matmul_precision, precision)
            torch.set_float32_matmul_precision("highest")
        if device_type == "cuda":
            flags = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
            stack.enter_context(flags)
        yield


class FrozenFeatures(nn.Module):
    """Base of modules that turn sequences into features, without gradients.

    The ``_features`` of a subclass maps a padded batch (B, T, D) and its lengths (B,)
    to features (B, output_size). `feature_mean` and `feature_std` are buffers.

    Attributes
    ----------
    steps_per_chunk : int
        Steps of a part of the batch: few enough that its responses stay in the cache.
    """

    steps_per_chunk = 4096

    def _add_buffers(self, device, **shapes):
        """Register float32 buffers of these shapes, and those of the statistics."""
        shapes |= dict.fromkeys(("feature_mean", "feature_std"), (self.output_size,))
        for name, shape in shapes.items():
            buffer = torch.zeros(shape, dtype=torch.float32, device=device)
            self.register_buffer(name, buffer)
        self.feature_std.fill_(1.0)

    def fit_statistics(self, features):
        """Learn the mean and standard deviation that `standardize` removes.

        Parameters
        ----------
        features : Tensor of shape (n, output_size), or object with a method `blocks`
            Features of the training sequences.

        Returns
        -------
        self : FrozenFeatures
        """
        moments = column_moments(features)
        self.feature_mean.copy_(moments.mean)
        self.feature_std.copy_(guarded(moments.std.float()))
        return self

    def standardize(self, features):
        """Subtract the mean and divide by the standard deviation.

        Parameters
        ----------
        features : Tensor of shape (B, n_features)

        Returns
        -------
        standardized : Tensor of shape (B, n_features)
        """
        return (features - self.feature_mean) / self.feature_std

    def forward(self, values, lengths):
        """Compute the features of a padded batch.

        Parameters
        ----------
        values : Tensor of shape (B, T, D)
            Right-padded; the values of padded steps do not matter.

        lengths : Tensor of shape (B,), int64
            Real steps of each sequence, at least 1.

        Returns
        -------
        features : Tensor of shape (B, n_features), float32
            One row a sequence.
        """
        # Lower precision would move responses across thresholds and change who wins.
        with exact_products(values.device.type):
            if torch.compiler.is_exporting():  # chunks would fix the sizes
                return self._features(values, lengths)
            size = max(1, self.steps_per_chunk // values.shape[1])
            chunks = zip(values.split(size), lengths.split(size), strict=True)
            return torch.cat([self._features(*chunk) for chunk in chunks])
