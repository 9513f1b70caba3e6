"""The base of the configurations: checked fields, and their plain values."""

from dataclasses import fields

from sklearn_seqattn.nn.components import Component
from sklearn_seqattn.nn.fields import checked_values


class Config:
    """Base of the configurations: values that are checked when they are set."""

    def __post_init__(self):
        self._set(self._read())
        self._set(checked_values(self))
        self._check()

    def _read(self):
        """Return what some fields hold, read from names, single values and dicts."""
        return {}

    def _set(self, values):
        """Set fields of this frozen instance while it is made."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _check(self):
        """Raise ValueError where fields contradict each other."""

    def to_dict(self):
        """Return the configuration in plain values of JSON.

        Returns
        -------
        values : dict
        """
        return {
            field.name: _to_json(getattr(self, field.name)) for field in fields(self)
        }

    @classmethod
    def from_dict(cls, values):
        """Return a configuration from plain values that need not be valid.

        Parameters
        ----------
        values : dict
            As `to_dict` returns it.

        Returns
        -------
        config : Config

        Raises
        ------
        ValueError
            If names are unknown or missing, or values are invalid.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(values, dict) or values.keys() != names:
            found = sorted(map(str, values)) if isinstance(values, dict) else values
            raise ValueError(f"{cls.__name__} needs {sorted(names)}, but has {found}.")
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(str(error)) from None


def _to_json(value):
    """Return a value of a field in JSON."""
    if isinstance(value, Component):
        return value.to_json()
    if isinstance(value, Config):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_to_json(one) for one in value]
    return value
