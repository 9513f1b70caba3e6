"""save_model and load_model: fitted estimators in files without pickle."""

import json

from sklearn.pipeline import Pipeline

import sklearn_seqattn
from sklearn_seqattn.persistence.attributes import (
    ATTRIBUTES,
    pack_attributes,
    set_attributes,
)
from sklearn_seqattn.persistence.checks import (
    check_bool,
    check_choice,
    check_keys,
    refuse,
)
from sklearn_seqattn.persistence.networks import pack_component, unpack_component
from sklearn_seqattn.storage.files import FileFormatError, read_sealed, write_sealed
from sklearn_seqattn.storage.values import Reader, Writer

#: Parameters that name places of one machine; they are not kept.
_PLACES = {"memory", "checkpoint_dir"}
_MAX_DEPTH = 8  # of pipelines in pipelines
_OUTPUTS = ("default", "pandas", "polars")


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
    writer = Writer()
    document = {"estimator": _write(estimator, writer, type(estimator).__name__)}
    try:  # a file that would be refused is not written
        _read_document(json.loads(json.dumps(document)), writer.arrays)
    except FileFormatError as error:
        raise TypeError(f"The estimator cannot be saved: {error}") from error
    write_sealed(path, "model", document, writer.arrays)


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
    document, arrays = read_sealed(path, "model")
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


def _write(estimator, writer, where):
    """Give an estimator, or a Pipeline, as JSON."""
    name = type(estimator).__name__
    if isinstance(estimator, str) or estimator is None:  # of a Pipeline
        return estimator
    if type(estimator) is Pipeline:
        return _write_pipeline(estimator, writer, where)
    if name not in ATTRIBUTES or type(estimator) is not getattr(sklearn_seqattn, name):
        raise TypeError(
            f"{where} is a {name}, but only {', '.join(ATTRIBUTES)} and Pipelines of "
            "them can be saved."
        )
    known = {*ATTRIBUTES[name], *estimator.get_params(deep=False)}
    settings = {"_sklearn_output_config", "_metadata_request"}
    unknown = sorted(vars(estimator).keys() - known - settings)
    if unknown:
        raise TypeError(
            f"{where} has the attributes {unknown}, which a model file does not hold; "
            "delete them before saving."
        )
    params = _kept(estimator.get_params(deep=False))
    return {
        "name": name,
        "params": {
            key: writer.write(pack_component(value), f"{where}.{key}")
            for key, value in params.items()
        },
        "attributes": {
            key: writer.write(value, f"{where}.{key}")
            for key, value in pack_attributes(estimator).items()
        },
        "settings": _write_settings(estimator),
    }


def _kept(params):
    """Leave out parameters that name a place."""
    return {name: value for name, value in params.items() if name not in _PLACES}


def _write_pipeline(pipeline, writer, where):
    """Give a Pipeline as JSON."""
    steps = [
        [key, _write(step, writer, f"{where}.{key}")] for key, step in pipeline.steps
    ]
    names = pipeline.transform_input
    return {
        "name": "Pipeline",
        "steps": steps,
        "transform_input": None if names is None else list(names),
        "verbose": bool(pipeline.verbose),
    }


def _write_settings(estimator):
    """Give what `set_output` and the set_..._request methods have set."""
    output = getattr(estimator, "_sklearn_output_config", {}).get("transform")
    requests = {}
    if hasattr(estimator, "_metadata_request"):
        for method, request in vars(estimator._metadata_request).items():
            if getattr(request, "requests", None):
                requests[method] = dict(request.requests)
    return {"output": output, "requests": requests}


def _read_document(document, arrays):
    """Read the JSON and the arrays of a model file."""
    check_keys(document, "the document", {"estimator"})
    reader = Reader(arrays)
    estimator = _read(document["estimator"], reader, 0)
    if estimator is None or isinstance(estimator, str):
        raise FileFormatError("it holds no estimator.")
    reader.finish()
    return estimator


def _read(node, reader, depth):
    """Read an estimator, a Pipeline, or what stands for none in a Pipeline."""
    if node is None or (depth and node == "passthrough"):
        return node
    if isinstance(node, dict) and node.get("name") == "Pipeline":
        return _read_pipeline(node, reader, depth)
    check_keys(node, "an estimator", {"name", "params", "attributes", "settings"})
    name = check_choice(node["name"], "the name of an estimator", ATTRIBUTES)
    estimator = _make(getattr(sklearn_seqattn, name), node["params"], reader)
    packed = node["attributes"]
    if not isinstance(packed, dict):
        refuse(f"{name}: attributes", packed, "an object")
    values = {key: reader.read(v, f"{name}.{key}") for key, v in packed.items()}
    set_attributes(estimator, values, name)
    if values:
        _check_input(estimator, name)
    _set_settings(estimator, node["settings"], name)
    return estimator


def _check_input(estimator, name):
    """Refuse a fitted estimator that does not know what it was fitted on."""
    needed = {"_input_kind", "_input_columns"}
    if getattr(estimator, "_input_kind", None) == "numbers":
        needed.add("input_size_")
    if not needed <= vars(estimator).keys():
        raise FileFormatError(f"{name} does not say what it was fitted on.")


def _make(kind, params, reader):
    """Make an estimator with parameters that it accepts."""
    name = kind.__name__
    known = _kept(kind().get_params(deep=False))
    if not isinstance(params, dict) or not params.keys() <= known.keys():
        raise FileFormatError(f"{name} does not have the parameters that it holds.")
    values = {
        key: unpack_component(key, reader.read(value, f"{name}.{key}"))
        for key, value in params.items()
    }
    callbacks = values.get("callbacks", ())
    if not isinstance(callbacks, tuple | list) or callbacks:
        raise FileFormatError(f"{name} has callbacks, which no file can hold.")
    estimator = kind(**values)
    try:
        estimator._validate_params()
    except (ValueError, TypeError) as error:
        raise FileFormatError(str(error)) from None
    return estimator


def _read_pipeline(node, reader, depth):
    """Read a Pipeline of estimators."""
    fields = {"name", "steps", "transform_input", "verbose"}
    check_keys(node, "a Pipeline", fields)
    steps, names = node["steps"], node["transform_input"]
    pairs = isinstance(steps, list) and all(
        isinstance(step, list) and len(step) == 2 and isinstance(step[0], str)
        for step in steps
    )
    if not pairs or not steps or depth >= _MAX_DEPTH:
        raise FileFormatError("it has a Pipeline without steps, or nested too deep.")
    if names is not None and not (
        isinstance(names, list) and all(isinstance(name, str) for name in names)
    ):
        refuse("transform_input", names, "a list of names")
    pipeline = Pipeline(
        [(key, _read(step, reader, depth + 1)) for key, step in steps],
        transform_input=names,
        verbose=check_bool(node["verbose"], "verbose"),
    )
    try:
        pipeline._validate_steps()
    except (ValueError, TypeError) as error:
        raise FileFormatError(f"it has a Pipeline that cannot be: {error}") from None
    return pipeline


def _set_settings(estimator, settings, name):
    """Set the output container and the metadata requests."""
    check_keys(settings, f"{name}: settings", {"output", "requests"})
    output, requests = settings["output"], settings["requests"]
    if output is not None:
        if not hasattr(estimator, "set_output"):
            raise FileFormatError(f"{name} has no output to set.")
        check_choice(output, f"{name}: output", _OUTPUTS)
        estimator.set_output(transform=output)
    if not isinstance(requests, dict):
        refuse(f"{name}: requests", requests, "an object")
    if not requests:
        return
    known = estimator._get_metadata_request()
    for method, names in requests.items():
        if method not in vars(known) or not isinstance(names, dict):
            raise FileFormatError(f"{name} has no method {method!r:.30} to route to.")
        request = getattr(known, method)
        for param, alias in names.items():
            if param not in request.requests or not isinstance(
                alias, bool | str | None
            ):
                raise FileFormatError(f"{name}.{method} does not take {param!r:.30}.")
            request.add_request(param=param, alias=alias)
    estimator._metadata_request = known
