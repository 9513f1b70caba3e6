"""What both kinds of frozen convolutions share: features of a batch, chunk by chunk."""

import torch
from torch import nn


class FrozenConvolutions(nn.Module):
    """Base of modules that turn sequences into features, without gradients.

    A subclass has the buffers `feature_mean` and `feature_std`. Its ``_features`` maps
    a padded batch (B, T, D) and its lengths (B,) to features (B, n_features).

    Attributes
    ----------
    steps_per_chunk : int
        Steps of a part of the batch: few enough that its responses stay in the cache.
    """

    steps_per_chunk = 4096

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
        with (
            torch.autocast(values.device.type, enabled=False),
            torch.backends.cudnn.flags(enabled=True, allow_tf32=False),
        ):
            if torch.compiler.is_exporting():  # chunks would fix the sizes
                return self._features(values, lengths)
            size = max(1, self.steps_per_chunk // values.shape[1])
            chunks = zip(values.split(size), lengths.split(size), strict=True)
            return torch.cat([self._features(*chunk) for chunk in chunks])
