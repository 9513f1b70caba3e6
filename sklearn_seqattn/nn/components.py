"""Parts of a network that users choose by name, as an object or in JSON."""

from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches

from sklearn_seqattn.nn.fields import checked_values


class Component:
    """Base of blocks and encoders: parameters that know how to build a module.

    Subclasses are frozen dataclasses, which `Registry.register` makes of them.

    Attributes
    ----------
    name : str
        The name under which the class is registered.
    """

    def build(self, input_size, config):
        """Build the module.

        Parameters
        ----------
        input_size : int
            Channels that the module takes.
        config : SequenceConfig or NextStateConfig
            The whole network.

        Returns
        -------
        module : nn.Module
            With the attribute `output_size`.

        Raises
        ------
        NotImplementedError
            If a class of blocks has no `build` of its own.
        """
        raise NotImplementedError

    def get_params(self, deep=False):
        """Return the parameters.

        Parameters
        ----------
        deep : bool, default=False
            Ignored; there are no nested parameters.

        Returns
        -------
        params : dict
            From name to value.
        """
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def set_params(self, **params):
        """Set parameters, as a grid search does on its own copies.

        Parameters
        ----------
        **params : object
            New values by name.

        Returns
        -------
        self : Component
        """
        _check_names(type(self), params)
        for name, value in params.items():
            object.__setattr__(self, name, value)  # a copy of its own, not yet used
        return self

    def checked(self):
        """Return a copy whose values have their annotated types.

        Returns
        -------
        component : Component

        Raises
        ------
        ValueError
            If a value has another type or is out of range.
        """
        try:
            return type(self)(**checked_values(self))
        except ValueError as error:
            raise ValueError(f"{self!r}: {error}") from None

    def to_json(self):
        """Return the component as ``{name: parameters}``.

        Returns
        -------
        value : dict
        """
        return {self.name: self.get_params()}

    def __repr__(self):
        shown = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.default is MISSING:
                shown.append(repr(value))
            elif value != field.default:
                shown.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


class Registry:
    """The components of one kind by name.

    Parameters
    ----------
    base : type
        Their base class.
    noun : str
        What one is called in messages.
    aliases : dict, default={}
        By a further name, the ``(name, parameters)`` that it means.
    renamed : dict of str, default={}
        New names by old ones, for messages.
    """

    def __init__(self, base, noun, *, aliases=(), renamed=()):
        self.base = base
        self.noun = noun
        self.aliases = dict(aliases)
        self.renamed = dict(renamed)
        self.classes = {}

    def register(self, name):
        """Return a decorator that makes a class a component of this name.

        Parameters
        ----------
        name : str
            How users and files name the class.

        Returns
        -------
        decorator : callable
            Makes the class a frozen dataclass and returns it.
        """

        def decorate(cls):
            cls = dataclass(frozen=True, repr=False)(cls)
            cls.name = name
            self.classes[name] = cls
            return cls

        return decorate

    def read(self, value):
        """Return a checked copy of a component.

        Parameters
        ----------
        value : str, dict or Component
            As `make` takes it.

        Returns
        -------
        component : Component

        Raises
        ------
        TypeError
            If the value is of another type.
        ValueError
            If a name is unknown or a parameter is invalid.
        """
        return self.make(value).checked()

    def make(self, value):
        """Return a component that was named, described or given as an object.

        Parameters
        ----------
        value : str, dict or Component
            A name stands for the defaults; a dict is ``{name: parameters}``.

        Returns
        -------
        component : Component
            Its parameters are not checked.

        Raises
        ------
        TypeError
            If the value is of another type.
        ValueError
            If a name is unknown.
        """
        if isinstance(value, self.base):
            return value
        if isinstance(value, str):
            value = {value: {}}
        if not isinstance(value, dict):
            raise TypeError(
                f"{value!r} is of type {type(value).__name__}; a {self.noun} is one of "
                f"{', '.join(map(repr, self.classes))}, an object of one of these "
                "classes, or a dict {name: parameters}."
            )
        if len(value) != 1:
            raise ValueError(f"{value!r} must have one key, the name of a {self.noun}.")
        ((name, params),) = value.items()
        name, preset = self.aliases.get(name, (name, {}))
        cls = self._find(name)
        return cls(**{**preset, **self._params(cls, params)})

    def _find(self, name):
        """Return the class of a name."""
        if name in self.classes:
            return self.classes[name]
        hint = ""
        names = [*self.classes, *self.aliases]
        if name in self.renamed:
            hint = f" It is called {self.renamed[name]!r} now."
        elif close := get_close_matches(str(name), names, n=1):
            hint = f" Did you mean {close[0]!r}?"
        known = ", ".join(map(repr, names))
        raise ValueError(f"Unknown {self.noun} {name!r}; known are {known}.{hint}")

    def _params(self, cls, params):
        """Return the parameters of a class as a dict."""
        if isinstance(params, list | tuple) and len(fields(cls)) == 1:
            params = {fields(cls)[0].name: params}  # such as {"residual": [...]}
        if not isinstance(params, dict):
            raise ValueError(
                f"{cls.name!r} has the parameters {params!r}, but a dict is expected."
            )
        _check_names(cls, params)
        for field in fields(cls):
            if field.default is MISSING and field.name not in params:
                raise ValueError(f"{cls.name!r} needs the parameter {field.name!r}.")
        return params


def _check_names(cls, params):
    """Raise ValueError where a parameter is unknown."""
    known = [field.name for field in fields(cls)]
    for name in params:
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"{cls.__name__} has no parameter {name!r}; it has "
                f"{', '.join(map(repr, known)) or 'none'}.{hint}"
            )
