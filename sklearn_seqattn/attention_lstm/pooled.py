"""What an estimator with pooling shows: the pooled vectors, and weights of steps."""

from sklearn_seqattn.training.embeddings import EmbeddingMixin
from sklearn_seqattn.training.prediction import pooling_weights


class PoolingMixin(EmbeddingMixin):
    """The pooled vectors of sequences, and the weights of their steps in them.

    An estimator supplies `net_`, `network_` and `_read_dataset(X)`, which returns
    checked and encoded sequences.
    """

    def pooling_weights(self, X):
        """Return the weight of each step in attention pooling.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (T_i',)
            One array a sequence, without padding, which sums to one. T_i' is as in
            `attention_weights`.

        Raises
        ------
        ValueError
            If the network pools without attention (no "attention" in `pooling`).
        """
        dataset = self._read_dataset(X)
        return pooling_weights(self.net_, dataset)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
