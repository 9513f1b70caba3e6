"""Write and set what `set_output` and the ``set_{method}_request`` methods have set."""

from sklearn_seqattn.persistence.checks import check_choice, check_keys, refuse
from sklearn_seqattn.storage.files import FileFormatError

#: Attributes of scikit-learn that hold the settings, seen in versions 1.7 to 1.9.
SETTINGS = {"_metadata_request", "_sklearn_output_config"}

_OUTPUTS = ("default", "pandas", "polars")


def pack_settings(estimator):
    """Return the output container and the metadata requests of an object.

    Parameters
    ----------
    estimator : object
        An estimator or a scorer.

    Returns
    -------
    settings : dict
        JSON values.
    """
    found = vars(estimator)
    output = found.get("_sklearn_output_config", {}).get("transform")
    requests = {}
    if "_metadata_request" in found:
        for method, request in vars(found["_metadata_request"]).items():
            asked = getattr(request, "requests", {})
            asked = {
                param: alias for param, alias in asked.items() if alias is not None
            }
            if asked:
                requests[method] = asked
    return {"output": output, "requests": requests}


def set_settings(estimator, settings, where):
    """Check settings and set them.

    Parameters
    ----------
    estimator : object
        An estimator or a scorer.
    settings : dict
        As `pack_settings` returns it, but read from a file and not trusted.
    where : str
        Name of the estimator, for messages.

    Raises
    ------
    FileFormatError
        If the estimator does not have such settings.
    """
    check_keys(settings, f"{where}: settings", {"output", "requests"})
    output, requests = settings["output"], settings["requests"]
    if output is not None:
        if not hasattr(estimator, "set_output"):
            raise FileFormatError(f"{where} has no output to set.")
        check_choice(output, f"{where}: output", _OUTPUTS)
        estimator._sklearn_output_config = {"transform": output}
    if not isinstance(requests, dict):
        refuse(f"{where}: requests", requests, "an object")
    if requests:
        known = estimator._get_metadata_request()
        for method, asked in requests.items():
            _set_requests(known, method, asked, where)
        estimator._metadata_request = known


def _set_requests(known, method, asked, where):
    """Set the metadata requests of one method."""
    if method not in vars(known) or not isinstance(asked, dict):
        raise FileFormatError(f"{where} has no method {method!r:.30} to route to.")
    request = getattr(known, method)
    for param, alias in asked.items():
        if param not in request.requests or not isinstance(alias, bool | str | None):
            raise FileFormatError(f"{where}.{method} does not take {param!r:.30}.")
        request.add_request(param=param, alias=alias)
