"""Searches have the same scores on every backend, to the last bit."""

import json
from functools import cache

import pytest
from processes import ROOT, run_python
from search_backends import ALL, all_scores

RUN = f"""
import runpy
runpy.run_path({str(ROOT / "tests" / "search_backends.py")!r}, run_name="__main__")
"""


@cache
def expected():
    """Return the scores of this process, one fit after another."""
    return all_scores()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "kinds"),
    [
        ("loky", [*ALL]),
        ("dask", [*ALL]),
        ("ray", ["random"]),  # it starts new processes for every search
    ],
)
def test_scores_are_those_of_one_process(backend, kinds):
    pytest.importorskip(backend if backend != "loky" else "joblib")
    printed = run_python(RUN, backend, *kinds, timeout=300, PYTHONWARNINGS="error")
    found = json.loads(printed.splitlines()[-1])
    assert len(found) == 2 * len(kinds)
    assert found == {name: expected()[name] for name in found}
