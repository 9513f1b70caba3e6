"""The switch of data-parallel fits: join the processes that torchrun has started.

``net_params={"distributed": True}`` is the switch. Started by ``torchrun`` a fit shares
its batches with the other processes; started plainly it is a fit of one process.
"""

import multiprocessing
import os
from contextlib import contextmanager
from datetime import timedelta
from functools import cache

import torch
from torch import distributed as dist

from sklearn_seqattn.training.own_parts import read_part
from sklearn_seqattn.training.processes import (
    ALONE,
    Processes,
    gathered,
    naming_lost_processes,
)

#: How long a process waits for the others. Users who initialize `torch.distributed`
#: before a fit choose it themselves.
TIMEOUT = timedelta(minutes=10)

_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # set by torchrun
_n_groups = 0  # that this process has made


@contextmanager
def joined(is_distributed):
    """Join the processes of a fit in the block.

    The group of processes is the one that the user has initialized, or one for the
    block: gloo for tensors on the CPU, nccl for those on NVIDIA GPUs.

    Parameters
    ----------
    is_distributed : bool
        Whether there is the switch.

    Yields
    ------
    processes : Processes
        `ALONE` without the switch, and in a script that was started plainly.

    Raises
    ------
    ValueError
        If the environment does not say which process this is.
    RuntimeError
        If the other processes do not come, or if one of them ends.
    """
    rank, size = _expected() if is_distributed else (0, 1)
    if size == 1:
        yield ALONE
        return
    if not dist.is_available():
        raise RuntimeError(
            "This build of torch has no torch.distributed, which a data-parallel fit "
            "needs; start the script plainly, as one process."
        )
    is_ours = not dist.is_initialized()
    if is_ours:
        _initialize(rank, size)
    try:
        processes = Processes(rank, size)
        _check_ranks(processes)
        yield processes
        with naming_lost_processes():
            dist.barrier()
    finally:
        if is_ours:
            dist.destroy_process_group()


def is_distributed(net_params):
    """Return whether `net_params` have the switch.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If it is neither True nor False.
    """
    value, params = read_part(net_params, "distributed")
    if not isinstance(value, bool | None):
        raise ValueError(
            f"net_params has distributed={value!r}; it must be True or False."
        )
    if params:
        raise ValueError(
            "net_params has parameters of 'distributed': "
            f"{', '.join(map(repr, params))}. It takes none; it must be True or False."
        )
    return bool(value)


def _expected():
    """Return rank and number of processes as the environment says."""
    found = {name: os.environ.get(name) for name in _VARIABLES}
    if found["RANK"] is None and found["WORLD_SIZE"] is None:
        if not dist.is_available() or not dist.is_initialized():
            return 0, 1
        return dist.get_rank(), dist.get_world_size()
    missing = [name for name, value in found.items() if value is None]
    if missing:
        raise ValueError(
            f"The environment has no {' and no '.join(missing)}, but a part of what "
            "torchrun sets. Start the script by torchrun, or plainly without "
            f"{', '.join(_VARIABLES)}."
        )
    try:
        rank, size = int(found["RANK"]), int(found["WORLD_SIZE"])
    except ValueError:
        rank, size = -1, 0
    if not 0 <= rank < size:
        raise ValueError(
            f"The environment has RANK={found['RANK']!r} and WORLD_SIZE="
            f"{found['WORLD_SIZE']!r}; ranks go from 0 to the size less one."
        )
    return rank, size


def _initialize(rank, size):
    """Make the group of a fit; the keys of each are apart from those before."""
    global _n_groups
    if multiprocessing.parent_process() is not None:
        raise RuntimeError(
            "A data-parallel fit was called in a child of a process that torchrun has "
            "started, such as a worker of joblib; there are other processes than those "
            "of torchrun. Use n_jobs=None around it, or leave 'distributed' out of "
            "net_params."
        )
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    with naming_lost_processes():
        store = dist.PrefixStore(f"sklearn_seqattn {_n_groups}", _store())
        dist.init_process_group(
            backend, store=store, rank=rank, world_size=size, timeout=TIMEOUT
        )
    _n_groups += 1


@cache
def _store():
    """Return what the processes find each other by: one for all fits of a script."""
    store, _, _ = next(dist.rendezvous("env://", timeout=TIMEOUT))
    return store


def _check_ranks(processes):
    """Refuse a group that is not of the processes that the environment names."""
    rank, size = dist.get_rank(), dist.get_world_size()
    if (rank, size) != (processes.rank, processes.size):
        raise ValueError(
            f"torch.distributed is initialized as process {rank} of {size}, but the "
            f"environment says process {processes.rank} of {processes.size} (RANK and "
            "WORLD_SIZE). Initialize it by what torchrun has set."
        )
    ranks = gathered(rank, size)
    if ranks != list(range(size)):
        raise RuntimeError(f"There should be {size} processes, but {ranks} answered.")
