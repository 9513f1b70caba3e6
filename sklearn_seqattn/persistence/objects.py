"""Write estimators and other objects as JSON and arrays, and build them again.

Each object is ``{"__object__": name, ...}``. Only the names that are known here are
read: estimators and parameter objects of this library, and what `scikit_learn` knows.
"""

import dataclasses
import sys

import numpy as np
from sklearn.utils import Bunch

from sklearn_seqattn._estimator import refuse_renamed
from sklearn_seqattn.nn.components import Component
from sklearn_seqattn.persistence.attributes import (
    check_input,
    check_written,
    pack_attributes,
    set_attributes,
)
from sklearn_seqattn.persistence.checks import check_int, check_keys, refuse
from sklearn_seqattn.persistence.registry import (
    COMPONENTS,
    ESTIMATORS,
    PARAMETER_OBJECTS,
    find,
    find_estimator,
)
from sklearn_seqattn.persistence.scikit_learn import (
    build_from_state,
    dump_with_skops,
    find_class,
    find_distribution,
    find_function,
    is_distribution,
    is_scikit_learn,
    load_with_skops,
    name_function,
    pack_state,
)
from sklearn_seqattn.persistence.settings import LEFT_OUT, pack_settings, set_settings
from sklearn_seqattn.persistence.torch_classes import (
    find_torch_class,
    name_torch_class,
)
from sklearn_seqattn.storage.files import FileFormatError
from sklearn_seqattn.storage.values import Reader, Writer

#: Parameters that name a place on one machine; a file never holds them.
_PLACES = {"checkpoint", "memory"}


class ModelWriter(Writer):
    """Turn an estimator into JSON and collect its arrays."""

    def __init__(self):
        super().__init__()
        self._written = {}  # by id: the index of an object, and the object

    def write(self, value, where, depth=0):
        """Return a value as JSON; parameters are those of `Writer.write`."""
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.device):
            value = str(value)
        if isinstance(value, Bunch):  # a dict whose keys are attributes
            return self.write_object(value, where, depth)
        return super().write(value, where, depth)

    def write_object(self, value, where, depth):
        """Return an object as JSON; one that was written before by its index."""
        if id(value) in self._written:
            return {"__object__": "same", "index": self._written[id(value)][0]}
        node = self._node(value, where, depth)
        self._written[id(value)] = len(self._written), value
        return node

    def _node(self, value, where, depth):
        """Return an object as JSON."""
        name = type(value).__name__
        if name in ESTIMATORS and type(value) is find_estimator(name)[0]:
            return self._estimator(value, where, depth)
        if name in PARAMETER_OBJECTS and type(value) is find(PARAMETER_OBJECTS[name]):
            params = self._values(_without_places(_params_of(value)), where, depth)
            return {"__object__": name, "params": params}
        if isinstance(value, Component):
            is_block = isinstance(value, find(COMPONENTS["block"]).base)
            kind = "block" if is_block else "encoder"
            params = self._values(_params_of(value), where, depth)
            return {"__object__": kind, "name": value.name, "params": params}
        if type(value) is find_class(name):
            return {
                "__object__": name,
                "state": self._values(pack_state(value, LEFT_OUT), where, depth),
                "settings": pack_settings(value),
            }
        function = name_function(value) or name_torch_class(value)
        if function is not None:
            return {"__object__": function}
        if is_distribution(value):
            arguments = {"name": value.dist.name, "args": value.args}
            arguments = self._values({**arguments, "kwds": value.kwds}, where, depth)
            return {"__object__": "distribution", "params": arguments}
        if is_scikit_learn(value):
            content = np.frombuffer(dump_with_skops(value, where), np.uint8)
            return {"__object__": "skops", "content": self.write(content, where)}
        _refuse_code(value, where)
        return super().write_object(value, where, depth)

    def _estimator(self, estimator, where, depth):
        """Return an estimator of this library as JSON."""
        kind, table = find_estimator(type(estimator).__name__)
        params = estimator.get_params(deep=False)
        unknown = sorted(vars(estimator).keys() - {*table, *params, *LEFT_OUT})
        if unknown:
            raise TypeError(
                f"{where} has the attributes {unknown}, which a model file does not "
                "hold; delete them before saving."
            )
        if "module" in (params.get("net_params") or {}):
            raise TypeError(
                f"{where} has a network of your own (net_params), and a model file "
                "holds no code. Pickle the estimator, and unpickle it only where you "
                "trust the file; or keep network_.state_dict()."
            )
        node = {
            "__object__": kind.__name__,
            "params": self._values(_without_places(params), where, depth),
        }
        try:  # a file that would be refused is not written
            estimator._validate_params()
            packed = self._values(pack_attributes(estimator, table), where, depth)
            check_written(estimator, table, packed, self.arrays, where)
        except ValueError as error:
            raise TypeError(f"{where} cannot be saved: {error}") from error
        return {**node, "attributes": packed, "settings": pack_settings(estimator)}

    def _values(self, values, where, depth):
        """Return the values of a dict as JSON."""
        return {
            name: self.write(value, f"{where}.{name}", depth + 1)
            for name, value in values.items()
        }


def _refuse_code(value, where):
    """Raise for a module of the user, or a part of a training in a search."""
    if ".net_params" in where:
        return
    if "net_params" in where:
        raise TypeError(
            f"{where} is {value!r:.80}, which a model file cannot hold. Pickle the "
            "search; or save its best_estimator_, after set_params(net_params=None) "
            "if that is no network of your own."
        )
    torch = sys.modules.get("torch")
    kind = value if isinstance(value, type) else type(value)
    if torch is not None and issubclass(kind, torch.nn.Module):
        raise TypeError(
            f"{where} is a module of your own, {kind.__name__}, and a model file holds "
            "no code. Register it under a name, by register_block or "
            "register_pooling, or pickle the estimator."
        )


class ModelReader(Reader):
    """Build an estimator from JSON and arrays, which are not trusted.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The arrays of the file. Each must be used once.
    """

    def __init__(self, arrays):
        super().__init__(arrays)
        self._built = []

    def read_object(self, node, where, depth):
        """Return the object that `ModelWriter.write_object` has written."""
        name = node["__object__"]
        if name == "same":
            check_keys(node, where, {"__object__", "index"})
            return self._built[check_int(node["index"], where, 0, len(self._built) - 1)]
        value = self._build(name, node, where, depth)
        self._built.append(value)
        return value

    def _build(self, name, node, where, depth):
        """Return an object of a class that may be in a file."""
        if not isinstance(name, str):
            refuse(where, name, "the name of a class")
        if name in ESTIMATORS:
            return self._estimator(name, node, depth)
        if name in PARAMETER_OBJECTS:
            check_keys(node, where, {"__object__", "params"})
            params = self._values(node["params"], name, depth)
            return _make(find(PARAMETER_OBJECTS[name]), params)
        if name in COMPONENTS:
            return self._component(node, where, depth)
        kind = find_class(name)
        if kind is not None:
            check_keys(node, name, {"__object__", "state", "settings"})
            state = self._values(node["state"], name, depth)
            value = build_from_state(kind, state, name)
            set_settings(value, node["settings"], name)
            return value
        if name == "skops":
            check_keys(node, where, {"__object__", "content"})
            content = self.read(node["content"], where, depth)
            if not isinstance(content, np.ndarray) or content.dtype != np.uint8:
                refuse(where, content, "an array of bytes")
            return load_with_skops(content.tobytes(), where)
        if name == "distribution":
            params = self._values(node["params"], where, depth)
            check_keys(params, where, {"name", "args", "kwds"})
            return find_distribution(params["name"])(*params["args"], **params["kwds"])
        value = find_function(name) or find_torch_class(name)
        if value is None:
            raise FileFormatError(
                f"{where} is a {name!r:.60}, which no model file may hold."
            )
        return value

    def _component(self, node, where, depth):
        """Return a component of a network."""
        check_keys(node, where, {"__object__", "name", "params"})
        name = node["name"]
        if not isinstance(name, str):
            refuse(where, name, "the name of a component")
        params = self._values(node["params"], name, depth)
        try:
            return find(COMPONENTS[node["__object__"]]).make({name: params})
        except (TypeError, ValueError) as error:
            raise FileFormatError(f"{where}: {error}") from None

    def _estimator(self, name, node, depth):
        """Return an estimator of this library."""
        check_keys(node, name, {"__object__", "params", "attributes", "settings"})
        kind, table = find_estimator(name)
        params = self._values(node["params"], name, depth)
        try:
            refuse_renamed(kind, params)
        except ValueError as error:
            raise FileFormatError(str(error)) from None
        if params.get("callbacks"):
            raise FileFormatError(f"{name} has callbacks, which no file may hold.")
        estimator = _make(kind, params)
        packed = self._values(node["attributes"], name, depth)
        set_attributes(estimator, table, packed, name)
        if packed:
            check_input(estimator, name)
        set_settings(estimator, node["settings"], name)
        return estimator

    def _values(self, values, where, depth):
        """Return the values of a JSON object."""
        if not isinstance(values, dict):
            refuse(where, values, "an object")
        return {
            name: self.read(value, f"{where}.{name}", depth + 1)
            for name, value in values.items()
        }


def _without_places(params):
    """Return the parameters that a file may hold."""
    return {name: value for name, value in params.items() if name not in _PLACES}


def _params_of(value):
    """Return the parameters of a small object by name."""
    if hasattr(value, "get_params"):
        return value.get_params(deep=False)
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}


def _make(kind, params):
    """Build an object whose class accepts its parameters."""
    if params.keys() & _PLACES:
        raise FileFormatError(f"{kind.__name__} has parameters that no file may hold.")
    try:
        value = kind(**params)
        if hasattr(kind, "_parameter_constraints"):
            value._validate_params()
    except (ValueError, TypeError) as error:
        raise FileFormatError(f"{kind.__name__} is not possible: {error}") from None
    return value
