"""Write and set what `set_output` and the ``set_{method}_request`` methods have set."""

from sklearn import config_context

from sklearn_seqattn.persistence.checks import check_choice, check_keys, refuse
from sklearn_seqattn.storage.files import FileFormatError

#: Attributes of scikit-learn that hold the settings, seen in versions 1.7 to 1.9.
SETTINGS = {"_metadata_request", "_sklearn_output_config"}

#: Attributes that are not written as they are: settings have a place of their own, and
#: the callbacks of scikit-learn have none.
LEFT_OUT = SETTINGS | {"_skl_callbacks"}

_OUTPUTS = ("default", "pandas", "polars")


def pack_settings(estimator):
    """Return the output container and the metadata requests of an object."""
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
    """Check settings, which are not trusted, and set them."""
    check_keys(settings, f"{where}: settings", {"output", "requests"})
    output, requests = settings["output"], settings["requests"]
    if output is not None:
        if not hasattr(estimator, "set_output"):
            raise FileFormatError(f"{where} has no output to set.")
        check_choice(output, f"{where}: output", _OUTPUTS)
        estimator._sklearn_output_config = {"transform": output}
    if not isinstance(requests, dict):
        refuse(f"{where}: requests", requests, "an object")
    with config_context(enable_metadata_routing=True):
        for method, asked in requests.items():
            ask = getattr(estimator, f"set_{method}_request", None)
            if ask is None or not isinstance(asked, dict):
                raise FileFormatError(f"{where} has no method {method!r:.30}.")
            try:
                ask(**asked)
            except (TypeError, ValueError) as error:
                raise FileFormatError(f"{where}.{method}: {error}") from None
