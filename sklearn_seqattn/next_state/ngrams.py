"""Counts of contexts and of what follows them, smoothed into probabilities.

A context is a row of the ids that precede a position, the nearest first, and -1 before
the beginning of the sequence.
"""

import numpy as np
from scipy.sparse import csr_array

from sklearn_seqattn.next_state.contexts import context_rows
from sklearn_seqattn.next_state.discounts import discounts
from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID

_LARGEST = np.iinfo(np.int64).max


class NgramModel:
    """Distribution of what follows a context, from counts of contexts.

    The contexts form a tree. Level j holds the distinct contexts of length j, each as
    the key ``parent * n_ids + id`` in one sorted array, with a sparse table (contexts
    of the level, targets) and the share of probability that goes to the level below.

    Parameters
    ----------
    order : int
        Longest context.
    n_ids : int
        Number of ids that a context may hold.
    n_targets : int
        Number of targets, K.
    smoothing : {"kneser_ney", "additive", "backoff"}, default="kneser_ney"
        How counts become probabilities; see
        :class:`~sklearn_seqattn.NextStateMarkov`.
    alpha : float, default=0.1
        Pseudo-count of each target for "additive" and "backoff".
    discount : float or None, default=None
        Discount of "kneser_ney"; None estimates it from the counts of counts.

    Attributes
    ----------
    ngrams_ : ndarray of shape (M, 1 + order)
        The distinct (target, context) rows seen.
    weights_ : ndarray of shape (M,)
        The weight of each of them.
    keys_ : list of ndarray
        Sorted keys of the contexts of each level, level 0 (one root) first.
    tables_ : list of csr_array
        Probability of a target given the context, before smoothing mass.
    passed_on_ : list of ndarray
        Share of probability that each context gives to the level below.
    """

    def __init__(
        self,
        order,
        n_ids,
        n_targets,
        *,
        smoothing="kneser_ney",
        alpha=0.1,
        discount=None,
    ):
        self.order = order
        self.n_ids = n_ids
        self.n_targets = n_targets
        self.smoothing = smoothing
        self.alpha = alpha
        self.discount = discount

    def fit(self, contexts, targets, weights):
        """Fit the model to contexts and their targets.

        Parameters
        ----------
        contexts : ndarray of shape (N, order)
            Symbols before each target, the nearest first, -1 for none.
        targets : ndarray of shape (N,)
            What followed, in 0 .. K - 1.
        weights : ndarray of shape (N,)
            Positive weights; k counts as k copies of the row.

        Returns
        -------
        NgramModel
            The model itself.
        """
        rows = np.column_stack([targets, contexts])
        keys = _row_keys(rows + 1, max(self.n_ids, self.n_targets) + 1)
        _, first, group = np.unique(keys, return_index=True, return_inverse=True)
        self.ngrams_ = rows[first]
        self.weights_ = np.bincount(group, weights=weights)
        targets, contexts = self.ngrams_[:, 0], self.ngrams_[:, 1:]
        ranks = self._grow(contexts)
        count = (
            self._continuation_counts
            if self.smoothing == "kneser_ney"
            else self._plain_counts
        )
        self.tables_, self.passed_on_ = [], []
        for level, (entries, counts) in enumerate(count(targets, ranks)):
            self._add_table(len(self.keys_[level]), entries, counts)
        return self

    def learn(self, streams, weights, before=None):
        """Fit the model to what follows each id of a batch of sequences.

        Parameters
        ----------
        streams : StateStreams
            The sequences.
        weights : ndarray of shape (n,)
            Weight of each.
        before : tuple of ndarray or None, default=None
            Rows and weights to add, as `renumbered` returns them.

        Returns
        -------
        NgramModel
            The model itself.
        """
        learned = streams.following >= 0
        contexts = context_rows(streams.ids, streams.lengths, self.order)[learned]
        rows = np.column_stack([streams.following[learned], contexts])
        weights = np.repeat(weights, streams.lengths)[learned]
        if before is not None:
            rows = np.concatenate([before[0], rows])
            weights = np.concatenate([before[1], weights])
        return self.fit(rows[:, 1:], rows[:, 0], weights)

    def follow(self, streams, *, last=False):
        """Return the log-probabilities of what follows each id of sequences.

        Parameters
        ----------
        streams : StateStreams
            The sequences, S ids in all.
        last : bool, default=False
            Whether only what follows the last id of each sequence is wanted.

        Returns
        -------
        ndarray of shape (S, K) or (n, K)
            Log-probabilities.
        """
        return self.log_proba(
            context_rows(streams.ids, streams.lengths, self.order, last=last)
        )

    def renumbered(self, columns):
        """Return the rows counted so far in the ids of a larger vocabulary.

        Parameters
        ----------
        columns : ndarray of shape (K,)
            The new number of each target.

        Returns
        -------
        rows : ndarray of shape (M, 1 + order)
            Target and context.
        weights : ndarray of shape (M,)
            Their weights.
        """
        n_states = self.n_ids - FIRST_ID
        ids = np.concatenate([np.arange(FIRST_ID), columns[:n_states] + FIRST_ID, [-1]])
        targets, contexts = self.ngrams_[:, 0], self.ngrams_[:, 1:]
        return np.column_stack([columns[targets], ids[contexts]]), self.weights_

    def log_proba(self, contexts):
        """Return the log-probability of every target after each context.

        Parameters
        ----------
        contexts : ndarray of shape (N, order)
            As in `fit`.

        Returns
        -------
        ndarray of shape (N, K)
            Each row's exponentials sum to one.
        """
        ranks = self._match(contexts)
        if self.smoothing == "additive":  # only contexts that match whole count
            whole = ranks[(contexts >= 0).sum(axis=1), np.arange(len(contexts))] >= 0
            ranks = np.where(whole, ranks, -1)
        depth = (ranks >= 0).sum(axis=0)  # 0: nothing matched, not even the root
        offsets = np.cumsum([0, 1, *(len(keys) for keys in self.keys_)])
        deepest = ranks[np.maximum(depth - 1, 0), np.arange(len(contexts))]
        # The deepest context seen decides the whole row: each one is done once.
        _, first, group = np.unique(
            offsets[depth] + np.maximum(deepest, 0),
            return_index=True,
            return_inverse=True,
        )
        return np.log(self._smooth(ranks[:, first]))[group]

    def _smooth(self, ranks):
        """Return the distribution (R, K) of contexts given by rank at each level."""
        uniform = 1.0 / self.n_targets
        proba = np.full((ranks.shape[1], self.n_targets), uniform)
        levels = zip(ranks, self.tables_, self.passed_on_, strict=True)
        for rank, table, passed_on in levels:
            seen = np.flatnonzero(rank >= 0)
            below = proba[seen] if self.smoothing == "kneser_ney" else uniform
            share = passed_on[rank[seen], None]
            proba[seen] = share * below + table[rank[seen]].toarray()
        return proba

    def _grow(self, contexts):
        """Build the tree of contexts; return the rank of each row at each level."""
        ranks = np.full((self.order + 1, len(contexts)), -1)
        ranks[0] = 0
        self.keys_ = [np.zeros(1, dtype=np.int64)]
        for level in range(1, self.order + 1):
            added = contexts[:, level - 1]
            inside = added >= 0
            keys = ranks[level - 1, inside] * self.n_ids + added[inside]
            keys, ranks[level, inside] = np.unique(keys, return_inverse=True)
            self.keys_.append(keys)
        return ranks

    def _match(self, contexts):
        """Return the rank of each context at each level, -1 where it is not seen."""
        ranks = np.full((self.order + 1, len(contexts)), -1)
        ranks[0] = 0
        for level in range(1, self.order + 1):
            known = self.keys_[level]
            added = contexts[:, level - 1]
            alive = np.flatnonzero((ranks[level - 1] >= 0) & (added >= 0))
            keys = ranks[level - 1, alive] * self.n_ids + added[alive]
            place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            if len(known):
                ranks[level, alive] = np.where(known[place] == keys, place, -1)
        return ranks

    def _plain_counts(self, targets, ranks):
        """Yield (entries, counts) of each level; an entry is rank * K + target."""
        for rank in ranks:
            inside = rank >= 0
            entries = rank[inside] * self.n_targets + targets[inside]
            yield _sum_by(entries, self.weights_[inside])

    def _continuation_counts(self, targets, ranks):
        """Return Kneser-Ney's (entries, counts) of each level.

        Where nothing more could precede, at full length or at the beginning of a
        sequence, an occurrence counts as it is. All other occurrences together
        count once for each distinct id that preceded them.
        """
        depth = (ranks >= 0).sum(axis=0) - 1
        levels = []
        above = np.empty(0, dtype=np.int64)  # entries of the level above
        for level in range(self.order, -1, -1):
            ends = depth == level
            entries = ranks[level, ends] * self.n_targets + targets[ends]
            counts = self.weights_[ends]
            if level < self.order:
                context, target = np.divmod(above, self.n_targets)
                parent = self.keys_[level + 1][context] // self.n_ids
                entries = np.append(entries, parent * self.n_targets + target)
                counts = np.append(counts, np.ones(len(above)))
            above, counts = _sum_by(entries, counts)
            levels.append((above, counts))
        return levels[::-1]

    def _add_table(self, n_contexts, entries, counts):
        """Turn the counts of one level into its table and the mass passed on."""
        context, target = np.divmod(entries, self.n_targets)
        total = np.bincount(context, counts, n_contexts)
        if self.smoothing == "kneser_ney":
            taken = discounts(counts, self.discount)
            spared = np.bincount(context, taken, n_contexts)
            counts = counts - taken
        else:
            spared = np.full(n_contexts, self.alpha * self.n_targets)
            total = total + spared
        bounds = np.searchsorted(context, np.arange(n_contexts + 1))
        shape = (n_contexts, self.n_targets)
        values = counts / total[context]
        self.tables_.append(csr_array((values, target, bounds), shape=shape))
        self.passed_on_.append(spared / total)


def _row_keys(rows, base):
    """Return one int64 for each row, equal where the rows are equal."""
    keys, size = rows[:, 0].astype(np.int64), base
    for column in rows.T[1:]:
        if size > _LARGEST // base:  # renumber before the product overflows
            found, keys = np.unique(keys, return_inverse=True)
            size = len(found)
        keys, size = keys * base + column, size * base
    return keys


def _sum_by(entries, counts):
    """Return the distinct entries, sorted, and the sum of counts of each."""
    entries, group = np.unique(entries, return_inverse=True)
    return entries, np.bincount(group, counts, len(entries))
