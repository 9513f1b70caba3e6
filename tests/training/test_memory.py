import ctypes
import json
import platform

import numpy as np
import pytest
import torch
from processes import run_python

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.training.memory import kept_memory, named_memory_errors

LENGTHS = torch.tensor([3, 500, 7])
MESSAGE = "Out of memory on a batch of 3 sequences, the longest of 500 steps"


def test_what_torch_raises_on_the_cpu():
    with pytest.raises(MemoryError, match=MESSAGE), named_memory_errors(LENGTHS):
        torch.empty(2**55, dtype=torch.uint8)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA"), MemoryError()])
def test_other_errors_of_memory(error):
    with pytest.raises(MemoryError, match=MESSAGE), named_memory_errors(LENGTHS):
        raise error


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="shape"), named_memory_errors(LENGTHS):
        raise RuntimeError("wrong shape")


# What a fresh process finds: an older one may have free memory of any size.
OBSERVE = """
import contextlib, ctypes, json, os, resource, sys
from pathlib import Path
import numpy as np
from small_trainings import FirstValue, make_plan, train_line
from sklearn_seqattn.training import forward
from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.training.memory import kept_memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def faults(n_bytes=40 << 20):
    # page faults of taking memory again after it was freed
    counts = []
    for _ in range(3):
        place = libc.malloc(n_bytes)
        ctypes.memset(place, 1, n_bytes)
        libc.free(place)
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    return counts[-1] - counts[0]

usual = faults()

def is_kept():
    return faults() < usual / 2

def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

class Watching(FirstValue):
    def forward(self, values, lengths):
        found.add(is_kept())
        return super().forward(values, lengths)

def data(n, lengths):
    lengths = np.resize(lengths, n)
    values = np.ones((int(lengths.sum()), 1), np.float32)
    return SequenceDataset(values, lengths, np.zeros((n, 1), np.float32))

seen = {"page faults": usual}
for name, lengths in (("many", np.array([4, 5])), ("one", np.array([4, 4]))):
    with contextlib.suppress(KeyError), kept_memory(lengths):
        seen[f"block, {name}"] = is_kept()
        inside = resident()
        raise KeyError
    seen[f"returned, {name}"] = inside - resident() > 30 << 20
    seen[f"after the block, {name}"] = is_kept()
    found, module = set(), Watching()
    plan = make_plan(max_epochs=1)
    net, _ = train_line(data(8, lengths), plan=plan, module=module)
    seen[f"fit, {name}"] = found == {True}
    for n in (64, 65):
        found = set()
        forward(net, data(n, lengths))
        seen[f"predict {n}, {name}"] = found == {True}
for variable in sys.argv[1:]:
    os.environ[variable] = "1"  # too late for glibc itself
    with kept_memory(np.array([4, 4])):
        seen[f"block, {variable}"] = is_kept()
    del os.environ[variable]
print(json.dumps(seen))
"""

TUNED_BY = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")
KEPT = {"block, one", "returned, one", "fit, one", "predict 65, one"}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can keep it")
def test_memory_is_kept_on_one_length_unless_the_user_has_set_thresholds(monkeypatch):
    for name in TUNED_BY:
        monkeypatch.delenv(name, raising=False)
    seen = json.loads(run_python(OBSERVE, *TUNED_BY))
    if not seen.pop("page faults"):
        pytest.skip("This system counts no page faults.")
    assert {name for name, kept in seen.items() if kept} == KEPT


@pytest.mark.parametrize("error", [OSError, TypeError, AttributeError])
def test_a_system_without_glibc_is_left_alone(monkeypatch, error):
    calls = []

    def fail(name):
        calls.append(name)
        raise error

    for name in TUNED_BY:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ctypes, "CDLL", fail)
    with kept_memory(np.array([4, 4])):
        assert calls == [None]


def test_results_are_the_same_bits_without_it(monkeypatch):
    X = np.random.RandomState(0).standard_normal((70, 30, 2))
    y = np.arange(70) % 2
    model = AttentionLSTMClassifier(max_epochs=2, random_state=0)
    kept = model.fit(X, y).predict_proba(X)
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=0")
    assert (model.fit(X, y).predict_proba(X) == kept).all()
