"""Incremental decoding: the network reads every state once."""

import numpy as np
import torch

from sklearn_seqattn.next_state.batches import StateDataset
from sklearn_seqattn.nn.incremental import advance_network, join_rows, take_rows
from sklearn_seqattn.training import (
    computing_in,
    move,
    named_memory_errors,
    predicting,
)
from sklearn_seqattn.training.prediction import check_outputs

_FIRST_STEPS = 2**14  # of sequences of one length that are read at once, about


class CachedContinuations:
    """`Continuations` that keep the hidden states of the network.

    Parameters
    ----------
    streams : StateStreams
        The m sequences so far.
    net : skorch.NeuralNet
        A fitted next-state network.
    mixture : callable
        Returns log-probabilities (m, K) for logits (m, K) and streams.
    precision : {"float32", "bfloat16"}
        The precision of the network's computations.
    memory : tuple or None, default=None
        What the network keeps of all states but the last; None before the first.
    """

    def __init__(self, streams, net, mixture, *, precision, memory=None):
        self.streams = streams
        self.net = net
        self.mixture = mixture
        self.precision = precision
        self.memory = memory
        self._logits = self._memory_of_all = None

    def log_proba(self):
        """Return the log-probabilities of what follows each sequence, (m, K)."""
        if self._logits is None:
            self._logits, self._memory_of_all = self._advance()
        return self.mixture(self._logits, self.streams)

    def grow(self, rows, columns):
        """Return the continuations of some of these, by one state each."""
        return self.followed_by(self.streams.continued(rows, columns[:, None]), rows)

    def followed_by(self, streams, rows=None):
        """Return continuations of sequences that go on from these.

        Parameters
        ----------
        streams : StateStreams
            The m' sequences, each with one more state. Their first states are read by
            the mixture alone.
        rows : ndarray of shape (m',) or None, default=None
            Which sequence each goes on from; None for each from its own.

        Returns
        -------
        CachedContinuations
        """
        if self._memory_of_all is None:
            self.log_proba()
        memory = self._memory_of_all
        if rows is not None:
            memory = take_rows(memory, torch.from_numpy(rows).to(self.net.device))
        return CachedContinuations(
            streams, self.net, self.mixture, precision=self.precision, memory=memory
        )

    def _advance(self):
        """Read the states that are not read yet; return logits (m, K) and memory."""
        with predicting(self.net.device):
            return self._read_next()

    def _read_next(self):
        """Read whole sequences at first, and their last states from then on."""
        if self.memory is None:
            return self._read_all()
        ends = np.cumsum(self.streams.lengths) - 1
        inputs = {"values": torch.from_numpy(self.streams.ids[ends, None])}
        for name, values in self.streams.features.items():
            inputs[name] = torch.from_numpy(values[ends, None])
        return self._run(inputs, self.memory, np.arange(len(ends)))

    def _read_all(self):
        """Read whole sequences, those of one length together."""
        dataset = StateDataset(self.streams)
        order = np.argsort(dataset.lengths, kind="stable")
        lengths = dataset.lengths[order]
        logits, memories = [], []
        for same in np.split(order, np.flatnonzero(np.diff(lengths)) + 1):
            n_steps = int(dataset.lengths[same[0]])
            size = max(1, _FIRST_STEPS // n_steps)
            for part in np.split(same, range(size, len(same), size)):
                inputs, _ = dataset.batch(part)
                with named_memory_errors(inputs.pop("lengths")):
                    inputs = {k: values[:, :n_steps] for k, values in inputs.items()}
                    found, memory = self._run(inputs, None, part)
                logits.append(found)
                memories.append(memory)
        back = np.argsort(order)
        rows = torch.from_numpy(back).to(self.net.device)
        return np.concatenate(logits)[back], take_rows(join_rows(memories), rows)

    def _run(self, inputs, memory, sequences):
        """Run the network over the next states of some sequences."""
        with computing_in(self.precision, self.net.device):
            logits, memory = advance_network(
                self.net.module_, memory, **move(inputs, self.net.device)
            )
        logits = logits.cpu().double().numpy()
        check_outputs(logits, sequences)
        return logits, memory
