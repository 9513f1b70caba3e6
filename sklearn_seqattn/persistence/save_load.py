"""Save estimators to files without pickle, and load them."""

from sklearn.base import BaseEstimator

from sklearn_seqattn.persistence.checks import check_keys
from sklearn_seqattn.persistence.objects import ModelReader, ModelWriter
from sklearn_seqattn.storage.files import FileFormatError, read_file, write_file


def save_model(estimator, path):
    """Save an estimator to one file that holds no code.

    The file is in the safetensors format: arrays, and a JSON document of parameters
    and fitted attributes. A copy that `load_model` makes predicts the same to the
    last bit. An existing file is replaced once the new one is complete on the disk.

    Parameters
    ----------
    estimator : estimator instance
        An estimator or a transformer of this library, or a scikit-learn Pipeline or
        meta-estimator around them, such as `GridSearchCV`, `CalibratedClassifierCV`,
        `StackingClassifier` or `TunedThresholdClassifierCV`. Other scikit-learn
        estimators inside are written by skops. One that is not fitted is saved with
        its parameters, as a pickle would, and comes back not fitted.
    path : str or path-like
        The file.

    Raises
    ------
    TypeError
        If the estimator holds what no such file can: callbacks, functions,
        `RandomState` instances, classes, or estimators of other libraries. The
        message names the parameter.
    OSError
        If the disk is full or the folder is not writable. An existing file is
        unchanged then.
    ImportError
        If safetensors is not installed, or skops where it is needed.

    See Also
    --------
    load_model : Load the file.

    Notes
    -----
    A file does not hold parameters that name a place on one machine (`memory` of a
    Pipeline or of `RandomKernels`, the checkpoint) and the history of skorch,
    ``net_.history``. It does hold `history_`. Array-likes of pandas come back as
    arrays, and arrays in native byte order.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_seqattn import NextStateMarkov, load_model, save_model
    >>> model = NextStateMarkov(order=1).fit(["a b a b", "b a b"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(model, f"{folder}/states.seqattn")
    ...     copy = load_model(f"{folder}/states.seqattn")
    >>> copy.predict(["b a"])
    array(['b'], dtype=object)
    """
    if not isinstance(estimator, BaseEstimator):
        raise TypeError(f"{estimator!r:.80} is no estimator.")
    writer = ModelWriter()
    document = {"estimator": writer.write(estimator, type(estimator).__name__)}
    write_file(path, "model", document, writer.arrays)


def load_model(path):
    """Load an estimator that `save_model` has saved.

    Nothing in the file is executed.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    estimator instance
        It predicts as the one that was saved. A network is on the device that the
        parameter `device` names, or on the best one there is.

    Raises
    ------
    FileFormatError
        If the file is damaged, hostile or newer than this library, or has parameters
        that have another name now. Nothing of a size that the file asks for is built
        before it is checked.
    OSError
        If the file cannot be read.
    ImportError
        If safetensors is not installed, or skops where it is needed.

    See Also
    --------
    save_model : Save an estimator.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_seqattn import SequencePadder, load_model, save_model
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(SequencePadder(max_len=5), f"{folder}/padder.seqattn")
    ...     load_model(f"{folder}/padder.seqattn")
    SequencePadder(max_len=5)
    """
    document, arrays = read_file(path, "model")
    try:
        return _read_document(document, arrays)
    except FileFormatError as error:
        raise FileFormatError(f"{path} cannot be loaded: {error}") from error
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # what contradicts itself may fail anywhere
        raise FileFormatError(
            f"{path} cannot be loaded: its contents contradict each other "
            f"({type(error).__name__}: {error})."
        ) from error


def _read_document(document, arrays):
    """Return the estimator of a model file."""
    check_keys(document, "the document", {"estimator"})
    reader = ModelReader(arrays)
    estimator = reader.read(document["estimator"], "the estimator")
    if not isinstance(estimator, BaseEstimator):
        raise FileFormatError("it holds no estimator.")
    reader.finish()
    return estimator
