"""The processes of a data-parallel fit, and what they tell each other.

Every process has all of the data, the same parameters and the same seeds, takes the
same steps, and ends with the same estimator. They differ in which sequences of a batch
they compute, and in what they write: the first process alone shows progress and writes
the checkpoint.
"""

import os
from contextlib import contextmanager

import torch
from torch import distributed as dist

from sklearn_seqattn.nn.batch_share import BatchShare, sharing
from sklearn_seqattn.training.batch_parts import rows_of


class Processes:
    """The processes of a fit, of which this is one.

    All methods must be called by all processes, in the same order. With one process
    they do nothing.

    Parameters
    ----------
    rank : int, default=0
        The number of this process.
    size : int, default=1
        The number of processes.
    """

    def __init__(self, rank=0, size=1):
        self.rank, self.size = rank, size

    @property
    def is_first(self):
        """Whether this is the process that writes and shows."""
        return self.rank == 0

    def place(self, device):
        """Return the device of this process.

        Parameters
        ----------
        device : str or torch.device
            The parameter of the estimators.

        Returns
        -------
        device : str or torch.device
            Of several GPUs the one with the number that torchrun gave this process on
            its machine; a number in `device` stays.
        """
        local = os.environ.get("LOCAL_RANK")
        best = torch.accelerator.current_accelerator(check_available=True)
        if self.size == 1 or local is None or best is None:
            return device
        name = best.type if device == "auto" else str(device)
        return name if name == "cpu" or ":" in name else f"{name}:{local}"

    def first(self, value):
        """Return the value that the first process has."""
        values = [value]
        if self.size > 1:
            with naming_lost_processes():
                dist.broadcast_object_list(values, src=0)
        return values[0]

    def check_same(self, described):
        """Refuse processes that are not asked for the same fit.

        Parameters
        ----------
        described : dict of str to str
            What the fit depends on, by name.

        Raises
        ------
        ValueError
            If another process has something else.
        """
        if self.size == 1:
            return
        for rank, other in enumerate(gathered(described, self.size)):
            for name in sorted(described.keys() | other.keys()):
                here, there = described.get(name), other.get(name)
                if here != there:
                    raise ValueError(
                        "All processes of a data-parallel fit need the same data and "
                        f"parameters, but {name} is {here} in process {self.rank}, "
                        f"and {there} in process {rank}."
                    )

    def largest(self, *numbers):
        """Return the largest of each number over all processes."""
        if self.size == 1:
            return list(numbers)
        found = torch.tensor(numbers, dtype=torch.float64)
        with naming_lost_processes():
            dist.all_reduce(found, dist.ReduceOp.MAX)
        return found.tolist()

    def mean(self, number):
        """Return the mean over all processes of a tensor of one number.

        Of equal numbers it is the same, and to the last bit in all processes.
        """
        if self.size == 1:
            return number
        return _summed(number.clone()) / self.size

    def gather(self, tensor):
        """Return the tensors (C,) of all processes, (P, C)."""
        found = list(tensor.new_empty(self.size, len(tensor)))
        with naming_lost_processes():
            dist.all_gather(found, tensor.contiguous())
        return torch.stack(found)

    def share_state(self, module):
        """Give a module the weights and buffers that the first process has."""
        if self.size == 1:
            return
        for tensor in module.state_dict().values():
            values = tensor.contiguous()
            with naming_lost_processes():
                dist.broadcast(values, src=0)
            tensor.copy_(values)

    @contextmanager
    def sharing(self, part):
        """Compute the share of this process of a part of a batch in the block.

        The sequences of a part have similar lengths, and all shares of it are padded
        to the same length. So their work is equal, up to one sequence.

        Parameters
        ----------
        part : tuple
            Inputs and targets as from `BucketBatches`.

        Yields
        ------
        own : tuple
            Inputs and targets of the sequences of this process. A part of fewer
            sequences than processes is computed by all of them, whole.
        weight : float
            The factor of its mean loss with which the sum over processes is the mean
            over the part.
        """
        lengths = part[0]["lengths"]
        if self.size == 1 or len(lengths) < self.size:
            yield part, 1 / self.size
            return
        rows = slice(self.rank, None, self.size)
        own = rows_of(part, rows)
        with sharing(BatchShare(rows, lengths, self.gather)):
            yield own, len(own[0]["lengths"]) / len(lengths)

    def sum_gradients(self, parameters, loss):
        """Add up the gradients of all processes, and the loss of their batch.

        Parameters
        ----------
        parameters : list of Parameter
            In the same order in all processes. Their gradients are replaced by the
            sums; those without any in all processes stay without.
        loss : Tensor
            What this process has of the loss, one number.

        Returns
        -------
        loss : Tensor
            The sum.
        """
        if self.size == 1:
            return loss
        trained = [p for p in parameters if p.requires_grad]
        known = loss.new_tensor([p.grad is not None for p in trained])
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in trained]
        flat = [gradient.reshape(-1) for gradient in gradients]
        sums = _summed(torch.cat([*flat, known, loss.reshape(1)]))
        sums, known, loss = sums.split([sum(map(len, flat)), len(known), 1])
        for parameter, total, is_known in zip(
            trained, sums.split([len(one) for one in flat]), known.tolist(), strict=True
        ):
            parameter.grad = total.view_as(parameter) if is_known else None
        return loss.squeeze(0)


#: A fit that shares nothing.
ALONE = Processes()


def gathered(value, size):
    """Return the values that all processes have.

    Parameters
    ----------
    value : object
        That of this process.
    size : int
        The number of processes.

    Returns
    -------
    values : list of object
        In the order of the processes.
    """
    values = [None] * size
    with naming_lost_processes():
        dist.all_gather_object(values, value)
    return values


@contextmanager
def naming_lost_processes():
    """Say what it means that the other processes do not answer."""
    try:
        yield
    except RuntimeError as error:  # torch has no narrower class for all backends
        raise RuntimeError(
            "A process of the data-parallel fit has ended, failed or not answered in "
            "time. Its own error, if it had one, is the cause; torch says here: "
            f"{error}"
        ) from error


def _summed(tensor):
    """Return the sum over all processes of a tensor, which it changes."""
    with naming_lost_processes():
        dist.all_reduce(tensor)
    return tensor
