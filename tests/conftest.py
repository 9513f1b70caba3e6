"""Settings and data that all tests share."""

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # before scipy loads, or one check is skipped
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the test processes share the cores

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # the machine may be busy
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def shared_data():
    """Folder of the development data sets; the test is skipped without it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data sets are not on this machine")
    return folder
