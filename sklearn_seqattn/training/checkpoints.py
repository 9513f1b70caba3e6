"""Checkpoints: a fit that was killed continues from the last state it has written."""

import os
from numbers import Integral, Real
from pathlib import Path
from time import monotonic

from sklearn.base import BaseEstimator
from skorch.callbacks import Callback

from sklearn_seqattn._estimator import Interval
from sklearn_seqattn.sequences.wording import number_of
from sklearn_seqattn.storage.files import FileFormatError, read_file, write_file
from sklearn_seqattn.storage.values import Reader, Writer
from sklearn_seqattn.training.net_state import pack_net_state, restore_net_state


class Checkpoint(BaseEstimator):
    """Where and how often a fit writes its state, from which it can continue.

    Parameters
    ----------
    path : str or path-like
        A folder; it is made if it does not exist. The file in it is named
        ``fit.checkpoint``. Use one folder for each fit.
    every : int, default=1
        Number of epochs between two writes.
    minutes : float or None, default=None
        Also write, at the end of a batch, when so many minutes have passed since the
        last write. It is for epochs that take long.
    keep : bool, default=False
        Keep the file after the fit; it has the last epoch then. The same fit with
        a larger `max_epochs` goes on from there. By default it is deleted.

    Examples
    --------
    >>> from sklearn_seqattn.training.checkpoints import Checkpoint
    >>> Checkpoint("run-1", every=5)
    Checkpoint(every=5, path='run-1')
    """

    _parameter_constraints = {
        "path": [str, os.PathLike],
        "every": [Interval(Integral, 1, None, closed="left")],
        "minutes": [Interval(Real, 0, None, closed="neither"), None],
        "keep": ["boolean"],
    }

    def __init__(self, path, every=1, minutes=None, keep=False):
        self.path = path
        self.every = every
        self.minutes = minutes
        self.keep = keep


def open_checkpoint(checkpoint):
    """Open the checkpoint of a fit.

    Parameters
    ----------
    checkpoint : None, str, path-like or Checkpoint
        A folder, or a folder with options.

    Returns
    -------
    file : CheckpointFile or None
        None without a checkpoint.

    Raises
    ------
    ValueError
        If a parameter of the checkpoint is wrong.
    FileFormatError
        If an earlier fit has left a file that is damaged.
    """
    if checkpoint is None:
        return None
    if not isinstance(checkpoint, Checkpoint):
        checkpoint = Checkpoint(checkpoint)
    checkpoint._validate_params()
    return CheckpointFile(checkpoint)


class CheckpointFile:
    """The checkpoint of one fit while it runs.

    Parameters
    ----------
    checkpoint : Checkpoint
        Valid options.

    Attributes
    ----------
    path : Path
        The file.
    every : int
        Number of epochs between two writes.
    minutes : float or None
        Minutes between two writes, if no epoch ends.
    keep : bool
        Whether the file stays after the fit.
    left : dict or None
        The state that an earlier fit has left.

    Raises
    ------
    FileFormatError
        If the file is damaged.
    """

    def __init__(self, checkpoint):
        self.path = Path(checkpoint.path) / "fit.checkpoint"
        self.every, self.minutes = checkpoint.every, checkpoint.minutes
        self.keep = checkpoint.keep
        self.left = self._seeds = self._fingerprint = None
        if self.path.exists():
            document, arrays = read_file(self.path, "checkpoint")
            self.left = Reader(arrays).read(document, "the checkpoint")
            if not _has_parts(self.left):
                raise FileFormatError(
                    f"{self.path} is no checkpoint; delete it to start a new fit."
                )

    @property
    def n_done(self):
        """Number of epochs that need no training any more."""
        return 0 if self.left is None else len(self.left["history"])

    def load_seeds(self, seeds):
        """Return the seeds of the fit that continues, or those of a new fit.

        Parameters
        ----------
        seeds : list of int
            Seeds for a new fit.

        Returns
        -------
        seeds : list of int

        Raises
        ------
        FileFormatError
            If the file has another number of seeds.
        """
        self._seeds = seeds if self.left is None else self.left["seeds"]
        if len(self._seeds) != len(seeds):
            raise FileFormatError(f"{self.path} is of another estimator.")
        return self._seeds

    def check_fingerprint(self, fingerprint):
        """Raise an error if the file belongs to a fit with other options or data.

        Parameters
        ----------
        fingerprint : dict of str to str
            What the result of the fit depends on, by name.

        Raises
        ------
        ValueError
            If an entry differs from that of the file.
        """
        self._fingerprint = fingerprint
        there = fingerprint if self.left is None else self.left["fingerprint"]
        for name in sorted(fingerprint.keys() | there.keys()):
            old, new = there.get(name), fingerprint.get(name)
            if old != new:
                raise ValueError(
                    f"{self.path} is the checkpoint of another fit: {name} was {old} "
                    f"there, and is {new} here. Use another folder for the checkpoint, "
                    "or delete the file to start a new fit."
                )

    def refuse_fewer_epochs(self, max_epochs):
        """Raise the error for a fit that is to have fewer epochs than it had.

        Parameters
        ----------
        max_epochs : int
            The epochs that are wanted.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            f"{self.path} has {number_of(self.n_done, 'epoch')}, but "
            f"max_epochs={max_epochs}. Raise it, or delete the file to start anew."
        )

    def write(self, net, order=None):
        """Write all that the rest of the fit depends on; the first process does.

        Parameters
        ----------
        net : skorch.NeuralNet
            At the end of an epoch or of a batch.
        order : dict or None, default=None
            Within an epoch, the state that the order of its batches is drawn from.
        """
        if not net.processes.is_first:
            return
        state = {"seeds": self._seeds, "fingerprint": self._fingerprint}
        state |= pack_net_state(net, order)
        os.makedirs(self.path.parent, exist_ok=True)
        writer = Writer()
        document = writer.write(state, "checkpoint")
        write_file(self.path, "checkpoint", document, writer.arrays)

    def restore(self, net):
        """Restore the state that the earlier fit has left, if there is one.

        Parameters
        ----------
        net : skorch.NeuralNet
            Initialized, before its first epoch.

        Raises
        ------
        FileFormatError
            If the state does not fit the net.
        """
        if self.left is None:
            return
        try:
            restore_net_state(net, self.left)
        except Exception as error:  # states of other trainings fail anywhere
            raise FileFormatError(
                f"{self.path} does not fit the training ({error}); delete it to start "
                "a new fit."
            ) from error

    def remove(self):
        """Delete the file."""
        self.path.unlink(missing_ok=True)


class WriteCheckpoints(Callback):
    """Restore a training when it begins, and write its state while it runs.

    It must be the last callback, because it writes the state of all others.

    Parameters
    ----------
    checkpoint : CheckpointFile
        The file.
    """

    def __init__(self, checkpoint):
        self.checkpoint = checkpoint

    def on_train_begin(self, net, **kwargs):
        """Restore what an earlier training has left."""
        self.checkpoint.restore(net)
        left = self.checkpoint.left
        self.unfinished_ = None if left is None else left["unfinished"]
        self.written_ = monotonic()

    def on_epoch_begin(self, net, **kwargs):
        """Restore an epoch that is not whole; its batches are drawn in this order."""
        self.order_ = net.iterator_train__random_state.get_state(legacy=False)
        if self.unfinished_ is not None:
            net.history[-1].update(self.unfinished_)
            self.unfinished_ = None

    def on_batch_end(self, net, training=False, **kwargs):
        """Write every so many minutes."""
        minutes = self.checkpoint.minutes
        if training and minutes and monotonic() - self.written_ >= 60 * minutes:
            self.write(net)

    def on_epoch_end(self, net, **kwargs):
        """Write every so many epochs, and the last one where the file stays."""
        is_last = len(net.history) == net.max_epochs
        due = len(net.history) % self.checkpoint.every == 0
        if due or (is_last and self.checkpoint.keep):
            self.checkpoint.write(net)
            self.written_ = monotonic()

    def write(self, net):
        """Write within an epoch."""
        self.checkpoint.write(net, self.order_)
        self.written_ = monotonic()


def _has_parts(left):
    """Return whether a value has the parts of a checkpoint; a net checks its own."""
    parts = {"seeds", "fingerprint", "history", "module", "optimizer", "callbacks"}
    return (
        isinstance(left, dict)
        and left.keys() == parts | {"generators", "unfinished"}
        and isinstance(left["history"], list)
        and isinstance(left["seeds"], list)
        and all(type(seed) is int and 0 <= seed < 2**31 for seed in left["seeds"])
        and isinstance(left["fingerprint"], dict)
        and all(isinstance(v, str | None) for v in left["fingerprint"].values())
        and all(isinstance(name, str) for name in left["fingerprint"])
    )
