"""Settings and data that all tests share."""

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # before scipy loads, or one check is skipped
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the test processes share the cores

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sklearn_seqattn.nn.blocks import BLOCKS
from sklearn_seqattn.nn.encoders import ENCODERS
from sklearn_seqattn.nn.pooling import POOLINGS

settings.register_profile(  # the machine may be busy; fixtures are of the whole test
    "untimed",
    derandomize=True,  # a run of CI finds what the last one found
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def python_handles_ctrl_c():
    """Handle Ctrl-C as in a terminal; a run in the background may ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def parts_of_networks():
    """Forget the blocks, encoders and poolings that a test has registered."""
    registries = BLOCKS.classes, ENCODERS.classes, POOLINGS
    before = [dict(registry) for registry in registries]
    yield
    for registry, parts in zip(registries, before, strict=True):
        registry.clear()
        registry.update(parts)


@pytest.fixture(scope="session")
def shared_data():
    """Folder of the development data sets; the test is skipped without it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data sets are not on this machine")
    return folder
