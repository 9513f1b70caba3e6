"""Imports run down the list of folders; and what an import loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = "sklearn_seqattn"
ROOT = Path(__file__).resolve().parents[1] / PACKAGE

#: The layers, from the top down: each may import itself and those below it.
LAYERS = [
    "root",  # the public modules
    "inspection",
    "export",
    "persistence",
    "next_state",
    "attention_lstm",
    "kernels",
    "windows",
    "ngrams",
    "training",
    "preprocessing",
    "storage",
    "_estimator",
    "nn",
    "sequences",
    "_ids",
    "_progress",
    "_version",
]

NO_TORCH = {"torch", "skorch"}

#: Libraries that a layer, or a file of one, does not import.
FORBIDDEN = {
    "nn": {"sklearn", "skorch", "pandas"},
    "sequences": NO_TORCH,
    "_estimator": NO_TORCH,
    "preprocessing": NO_TORCH,
    "ngrams": NO_TORCH,
    "windows": NO_TORCH,
    "next_state.streams": NO_TORCH,
    "next_state.encoding": NO_TORCH,
    "next_state.base": NO_TORCH,
    "next_state.ngrams": NO_TORCH,
    "next_state.markov": NO_TORCH,
    "readers": NO_TORCH,
    "search": NO_TORCH,
    "metrics": NO_TORCH,
}


def name_of(path):
    """Name a file: "readers", "nn.masking", "" for the package itself."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


FILES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def layer_of(name):
    """Give the place of a file in the list of layers."""
    head = name.partition(".")[0]
    return LAYERS.index(head if head in LAYERS else "root")


def imported_names(name):
    """Give the full dotted names of all that a file imports, in functions, too."""
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def targets_of(name):
    """Give the files of the package that a file imports."""
    for full in imported_names(name):
        head, _, rest = full.partition(".")
        if head == PACKAGE:
            while rest and rest not in FILES:  # drop the name of a class or a function
                rest = rest.rpartition(".")[0]
            yield rest


@pytest.mark.parametrize("name", [name for name in FILES if name])
def test_imports_run_down_the_layers(name):
    upward = {
        target for target in targets_of(name) if layer_of(target) < layer_of(name)
    }
    assert not upward, f"{name} must not import {sorted(upward)}"


def test_there_is_no_cycle():
    remaining = {name: {*targets_of(name)} - {name, ""} for name in FILES if name}
    while remaining:
        free = {name for name, targets in remaining.items() if not targets}
        assert free, f"there is a cycle among {sorted(remaining)}"
        remaining = {
            name: targets - free
            for name, targets in remaining.items()
            if name not in free
        }


@pytest.mark.parametrize("name", FILES)
def test_each_layer_keeps_to_its_libraries(name):
    places = (name, name.partition(".")[0])
    forbidden = set().union(*(FORBIDDEN.get(place, set()) for place in places))
    if places[1] != "training":
        forbidden |= {"skorch"}
    wrong = {full.partition(".")[0] for full in imported_names(name)} & forbidden
    assert not wrong, f"{name} must not import {sorted(wrong)}"


def test_there_is_no_drawer_for_everything():
    drawers = {"utils", "helpers", "common", "misc"}
    assert not drawers & {name.rpartition(".")[2] for name in FILES}


def loaded_by(statement):
    """Run a statement in a fresh process, and give the libraries that it loads."""
    watched = ["torch", "skorch", "sklearn", "matplotlib", "pandas", "numpy", "tqdm"]
    code = (
        f"import sys\n{statement}\nprint(*[m for m in {watched} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT.parent,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_no_library():
    assert (
        loaded_by(f"import {PACKAGE}; dir({PACKAGE}); {PACKAGE}.__version__") == set()
    )


WITHOUT_TORCH = """
import sklearn_seqattn as sa
import sklearn_seqattn.search
for transformer in (
    sa.SequencePadder(), sa.SequenceScaler(),
    sa.SequenceImputer(), sa.SequenceResampler(1),
):
    transformer.fit_transform([[1.0, 2.0], [3.0]])
sa.StateEncoder().fit_transform(["a b", "c"])
sa.EventEncoder().fit_transform([[1.0, 2.0], [3.0]])
sa.NextStateMarkov().fit(["a b a", "b a b"]).predict(["a b"])
sa.make_windows([1.0, 2.0, 3.0], 2, 1)
sa.events_to_sequences, sa.sequences_to_events
"""


def test_what_needs_no_network_does_not_load_torch():
    assert not loaded_by(WITHOUT_TORCH) & {"torch", "skorch", "matplotlib"}


def test_estimators_and_displays_do_not_load_matplotlib():
    loaded = loaded_by(
        "from sklearn_seqattn import AttentionLSTMClassifier as C; C()\n"
        "import sklearn_seqattn.inspection"
    )
    assert "torch" in loaded
    assert "matplotlib" not in loaded
