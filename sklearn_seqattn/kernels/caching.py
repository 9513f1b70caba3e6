"""What a partner inside a network has learned and predicts, kept in a folder.

It depends on the data of a fold, the seed and the sizes of the partner, not on the
network. So the candidates of a search compute it once.
"""

from weakref import WeakSet

import torch
from sklearn.utils.validation import check_memory

from sklearn_seqattn._progress import ignore
from sklearn_seqattn._version import __version__
from sklearn_seqattn.kernels.binary_channels import find_binary_channels
from sklearn_seqattn.kernels.fitting import DatasetSteps, fit_kernel_partner
from sklearn_seqattn.training.fingerprint import digest
from sklearn_seqattn.training.prediction import forward

#: Partners that were fitted with a memory in this process. A model from a pickle or a
#: file is none of them: it reads and writes no folder of another machine.
_fitted_here = WeakSet()


def fit_once(memory, partner, dataset, head, seed, *, n_numbers=None, advance=ignore):
    """Fit a partner as `fit_kernel_partner` does, or read what an equal fit has kept.

    Parameters
    ----------
    memory : str, joblib.Memory or None
        Where fits are kept; None keeps nothing.
    partner, dataset, head, seed, n_numbers, advance
        As in `fit_kernel_partner`. Nothing is kept if `seed` is None.

    Returns
    -------
    left_out : ndarray of shape (n, K), float32
        What is predicted for each sequence by a fit without it.
    """
    options = {"n_numbers": n_numbers, "advance": advance}
    if memory is None or seed is None:
        return fit_kernel_partner(partner, dataset, head, seed, **options)
    is_binary = find_binary_channels(dataset.values, dataset.starts, dataset.stops)
    described = (
        *_describe(dataset),
        *map(digest, (dataset.targets, dataset.weights, is_binary)),
        dataset.n_rounds,
        n_numbers,
        partner.config,
    )
    fit = check_memory(memory).cache(_fit, ignore=["partner", "dataset", "options"])
    state, left_out = fit(described, head, seed, partner, dataset, options)
    tensors = {name: torch.tensor(array) for name, array in state.items()}
    partner.load_state_dict(tensors)
    _fitted_here.add(partner)
    return left_out


def outputs_once(memory, net, dataset, *, precision):
    """Return what the partner inside a network predicts, to the bit, or None.

    Parameters
    ----------
    memory : str, joblib.Memory or None
        Where outputs are kept.
    net : SequenceNet
        As `train` returns it.
    dataset : SequenceDataset
        n sequences.
    precision : {"float32", "bfloat16"}
        That of the prediction, on which the parts of its batches depend.

    Returns
    -------
    outputs : ndarray of shape (n, K) or None
        None without a memory, and if the partner was not fitted with one here.
    """
    partner = net.module_.kernel_partner
    if memory is None or partner not in _fitted_here:
        return None
    state = [tensor.cpu().numpy() for tensor in partner.state_dict().values()]
    parts = net.max_steps, net.module_.stride, precision, str(net.device)
    described = *_describe(dataset), digest(*state), *parts
    read = check_memory(memory).cache(_outputs, ignore=["net", "dataset"])
    return read(described, net, dataset, precision)


def _describe(dataset):
    """Return texts that differ where the sequences or the versions differ."""
    blocks = [digest(block.numpy()) for block in DatasetSteps(dataset).blocks()]
    rows = digest(dataset.lengths), digest(dataset.static)
    return *blocks, *rows, __version__, str(torch.__version__)


def _fit(described, head, seed, partner, dataset, options):
    """Fit a partner; return its state and the predictions left out.

    A memory compares the first three arguments, which decide what is returned.
    """
    left_out = fit_kernel_partner(partner, dataset, head, seed, **options)
    state = {name: tensor.numpy() for name, tensor in partner.state_dict().items()}
    return state, left_out


def _outputs(described, net, dataset, precision):
    """Return the outputs of the partner for the batches of a prediction."""
    return forward(net, dataset, precision=precision, method="kernel_partner")
