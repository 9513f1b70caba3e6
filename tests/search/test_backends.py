"""Searches have the same scores on every backend, to the last bit."""

import importlib.util
import json
from functools import cache

import pytest
from processes import ROOT, run_python
from search_backends import SEARCHES, all_scores

RUN = f"""
import runpy, sys
sys.argv = ["search_backends.py", sys.argv[1]]
runpy.run_path({str(ROOT / "tests" / "search_backends.py")!r}, run_name="__main__")
"""


@cache
def expected():
    """Return the scores of this process, one fit after another."""
    return all_scores()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "dask", "ray"])
def test_scores_are_those_of_one_process(backend):
    if importlib.util.find_spec(backend) is None and backend != "loky":
        pytest.skip(f"{backend} is not installed")
    printed = run_python(RUN, backend, timeout=300, PYTHONWARNINGS="error")
    found = json.loads(printed.splitlines()[-1])
    assert len(found) == 2 * (len(SEARCHES) + 1)
    assert found == expected()
