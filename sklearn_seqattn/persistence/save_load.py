"""Save fitted estimators to files without pickle, and load them."""

from sklearn.base import BaseEstimator

from sklearn_seqattn.persistence.checks import check_keys
from sklearn_seqattn.persistence.objects import ModelReader, ModelWriter
from sklearn_seqattn.storage.files import FileFormatError, read_file, write_file


def save_model(estimator, path):
    """Save an estimator or a Pipeline to one file that holds no code.

    The file is a zip of JSON (parameters, classes, vocabulary, versions) and of
    arrays in the safetensors format. It replaces an older file at once and whole,
    or not at all. A copy that `load_model` makes predicts the same to the last bit.

    Parameters
    ----------
    estimator : estimator instance
        An estimator or a transformer of this library, or a scikit-learn Pipeline of
        them; fitted, or not.
    path : str or path-like
        The file. An existing one is replaced.

    Raises
    ------
    TypeError
        If the estimator is of another library, or a parameter or an attribute holds
        what no such file can: callbacks, a RandomState instance, a class.
    OSError
        If the disk is full or the folder not writable. An old file is intact then.
    ImportError
        If safetensors is not installed.

    See Also
    --------
    load_model : The way back.

    Notes
    -----
    Not kept are what names a place on one machine (`memory` of a Pipeline,
    `checkpoint_dir`) and the record of skorch, ``net_.history``; `history_` is.
    Array-likes of pandas come back as arrays.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_seqattn import NextStateMarkov, load_model, save_model
    >>> model = NextStateMarkov(order=1).fit(["a b a b", "b a b"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(model, f"{folder}/states.seqattn")
    ...     copy = load_model(f"{folder}/states.seqattn")
    >>> copy.predict(["b a"])
    array(['b'], dtype='<U1')
    """
    if not isinstance(estimator, BaseEstimator):
        raise TypeError(f"{estimator!r:.80} is no estimator.")
    writer = ModelWriter()
    document = {"estimator": writer.write(estimator, type(estimator).__name__)}
    write_file(path, "model", document, writer.arrays)


def load_model(path):
    """Load what `save_model` has saved; nothing in the file is executed.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    estimator instance
        It predicts as the one that was saved, on the device of its parameter
        `device` or, where there is none such, on the best one there is.

    Raises
    ------
    FileFormatError
        If the file is damaged, hostile or newer than this library: whatever is wrong
        inside. Nothing of the size that it asks for is built then.
    OSError
        If the file cannot be read.
    ImportError
        If safetensors is not installed.

    See Also
    --------
    save_model : The way there, with an example of both.

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
