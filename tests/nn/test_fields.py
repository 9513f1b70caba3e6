"""Fields are checked against their annotations and become plain values."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest

from sklearn_seqattn.nn.fields import Share, Size, checked_values


@dataclass
class Record:
    size: Size = 1
    share: Share = 0.0
    flag: bool = True
    kind: Literal["a", "b"] | None = None
    names: tuple[str, ...] = ()
    free: int | float = 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"size": np.int32(3)}, ("size", 3)),
        ({"size": 2**31 - 1}, ("size", 2**31 - 1)),
        ({"share": 0}, ("share", 0.0)),
        ({"share": np.float32(0.5)}, ("share", 0.5)),
        ({"flag": np.bool_(False)}, ("flag", False)),
        ({"kind": "b"}, ("kind", "b")),
        ({"names": ["x", "y"]}, ("names", ("x", "y"))),
        ({"free": -3}, ("free", -3)),
        ({"free": 0.5}, ("free", 0.5)),
    ],
)
def test_values_become_plain(options, expected):
    name, value = expected
    found = checked_values(Record(**options))[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size=0 must be an integer from 1 to"),
        ({"size": 2**31}, "size=2147483648 must be an integer"),
        ({"size": True}, "size=True must be an integer"),
        ({"size": 2.0}, "size=2.0 must be an integer"),
        ({"size": "3"}, "size='3' must be an integer"),
        ({"size": None}, "size=None must be an integer"),
        ({"share": 1.0}, "share=1.0 must be a number from 0 to below 1"),
        ({"share": -0.1}, "share=-0.1 must be a number"),
        ({"share": np.nan}, "share=nan must be a number"),
        ({"share": True}, "share=True must be a number"),
        ({"share": 10**400}, "must be a number from 0 to below 1"),
        ({"flag": 1}, "flag=1 must be True or False"),
        ({"kind": "c"}, "kind='c' must be 'a' or 'b' or None"),
        ({"kind": ["a"]}, r"kind=\['a'\] must be 'a' or 'b' or None"),
        ({"names": "xy"}, "names='xy' must be a list of which each item is a name"),
        ({"names": [1]}, r"names=\[1\] must be a list"),
        ({"free": "1"}, "free='1' must be an integer or a number"),
    ],
)
def test_other_types_and_ranges_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        checked_values(Record(**options))
