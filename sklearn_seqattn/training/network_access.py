"""What users may see of the network inside an estimator."""

from sklearn_seqattn.training.attention_blocks import iter_attention_weights
from sklearn_seqattn.training.prediction import attention_weights


class NetworkAccessMixin:
    """The network of an estimator and its attention weights.

    An estimator supplies `net_` and `_read_dataset(X)`, which returns checked and
    encoded sequences.
    """

    @property
    def network_(self):
        """The fitted torch module."""
        return self.net_.module_

    def attention_weights(self, X):
        """Return the attention weights between the steps of each sequence.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (n_heads, T_i', T_i'), float32
            One array a sequence, without padding; row t of a head sums to one. T_i' is
            the number of steps that the encoder reads: ``ceil(T_i / s)`` where the
            convolutions of a front end have strides of s in all. A start symbol of
            `NextStateLSTM` is a step.

        Raises
        ------
        ValueError
            If the network has no attention (``attention=None``).
        """
        dataset = self._read_dataset(X)
        return attention_weights(self.net_, dataset)

    def iter_attention_weights(self, X, n_queries=1024):
        """Return an iterator over the attention weights, a few steps at a time.

        It is for sequences so long that their weights do not fit into memory at once.
        The iterator reads X as it goes: do not change X before it ends.

        Parameters
        ----------
        X : sequences
            As in `fit`.
        n_queries : int, default=1024
            Steps whose weights are computed at once.

        Returns
        -------
        iterator of (i, start, weights)
            Sequence i, the first step of the block, and the weights of this one and
            those after it, an array of shape (n_heads, n_queries or less, T_i').

        Raises
        ------
        ValueError
            If the network has no attention (``attention=None``), or `n_queries` is not
            positive.
        """
        dataset = self._read_dataset(X)
        return iter_attention_weights(self.net_, dataset, n_queries)
