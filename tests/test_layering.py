"""The order of the layers, read from the imports; and what an import loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = "sklearn_seqattn"
ROOT = Path(__file__).resolve().parents[1] / PACKAGE

#: What each file may import from the package: these files, and nothing else. A new
#: file gets a line here; put it where DESIGN.md has its layer. `nn/` and
#: `preprocessing/` are written with a dot.
ALLOWED = {
    # what a sequence is
    "_version": set(),
    "sequences.flat_values": set(),
    "sequences.frames": {"sequences.flat_values"},
    "sequences.pieces": {"sequences.flat_values"},
    "sequences.lists": {
        "sequences.flat_values",
        "sequences.frames",
        "sequences.pieces",
    },
    "sequences.containers": {
        "sequences.flat_values",
        "sequences.frames",
        "sequences.lists",
        "sequences.pieces",
    },
    "sequences.validation": {"sequences.containers", "sequences.pieces"},
    "sequences": {"sequences.validation"},
    "events": set(),
    # pickles of all estimators
    "pickles": {"_version"},
    # transformers without torch
    "preprocessing.layout": {"sequences.containers"},
    "preprocessing.padder": {
        "fitting",
        "pickles",
        "sequences",
        "preprocessing.layout",
    },
    "preprocessing.scaler": {
        "fitting",
        "pickles",
        "sequences",
        "preprocessing.layout",
        "sequences.pieces",
    },
    "preprocessing.state_encoder": {
        "fitting",
        "pickles",
        "sequences",
        "preprocessing.layout",
    },
    "preprocessing.event_encoder": {
        "fitting",
        "pickles",
        "sequences",
        "sequences.frames",
        "preprocessing.layout",
    },
    "preprocessing": {
        "preprocessing.padder",
        "preprocessing.scaler",
        "preprocessing.state_encoder",
        "preprocessing.event_encoder",
    },
    # networks, which know torch alone
    "nn": {"nn.forking"},
    "nn.forking": set(),
    "nn.rows": set(),
    "nn.masking": {"nn.rows"},
    "nn.numbers": set(),
    "nn.positions": set(),
    "nn.normal_scores": set(),
    "nn.kernels": {"nn.normal_scores"},
    "nn.kernel_branch": {"nn.kernels"},
    "nn.recomputing": set(),
    "nn.attention": {"nn.masking", "nn.recomputing"},
    "nn.pooling": {"nn.masking"},
    "nn.stretching": set(),
    "nn.blocks": {"nn.masking", "nn.attention"},
    "nn.front_end": {"nn.blocks"},
    "nn.encoders": {
        "nn.attention",
        "nn.blocks",
        "nn.positions",
        "nn.recomputing",
        "nn.rows",
    },
    "nn.networks": {
        "nn.masking",
        "nn.attention",
        "nn.encoders",
        "nn.front_end",
        "nn.kernel_branch",
        "nn.numbers",
        "nn.pooling",
        "nn.stretching",
    },
    "nn.next_state_network": {
        "nn.masking",
        "nn.attention",
        "nn.blocks",
        "nn.encoders",
        "nn.numbers",
    },
    "nn.continuing": {"nn.attention", "nn.encoders", "nn.masking", "nn.positions"},
    # files of JSON and arrays
    "sealed_files": {"_version"},
    "sealed_values": {"sealed_files"},
    # batches, training
    "batching": {"sequences.pieces"},
    "training.generators": set(),
    "training.devices": set(),
    "training.optimization": set(),
    "training.interrupts": set(),
    "training.memory": set(),
    "training.kept_memory": set(),
    "training.precision": set(),
    "training.checkpoint_checks": {"sealed_files"},
    "training.checkpoints": {
        "sealed_files",
        "sealed_values",
        "training.checkpoint_checks",
    },
    "training.callbacks": {"training.checkpoints", "training.optimization"},
    "training.engine": {
        "batching",
        "training.callbacks",
        "training.checkpoints",
        "training.devices",
        "training.interrupts",
        "training.kept_memory",
        "training.memory",
        "training.optimization",
        "training.precision",
    },
    "training.prediction": {
        "batching",
        "training.devices",
        "training.kept_memory",
        "training.memory",
        "training.precision",
    },
    "training.averaging": set(),
    "training": {
        "training.averaging",
        "training.checkpoints",
        "training.devices",
        "training.engine",
        "training.generators",
        "training.memory",
        "training.optimization",
        "training.precision",
        "training.prediction",
    },
    # the classifier, the regressor, and the steps of their fits
    "defaults": set(),
    "canonical": set(),
    "class_weights": set(),
    "fingerprint": set(),
    "fitting": {"sequences"},
    "scaling": set(),
    "inputs": {"preprocessing", "scaling"},
    "architecture": {"defaults", "nn.blocks", "nn.front_end", "nn.pooling"},
    "parameters": {"nn.front_end", "nn.pooling", "pickles"},
    "plans": {"training"},
    "base": {
        "architecture",
        "batching",
        "canonical",
        "defaults",
        "fingerprint",
        "fitting",
        "inputs",
        "kernel_fitting",
        "nn.encoders",
        "nn.networks",
        "parameters",
        "plans",
        "sequences",
        "training",
    },
    "classifier": {"base", "class_weights", "defaults", "fitting"},
    "shrinkage": set(),
    "regressor": {
        "base",
        "defaults",
        "fitting",
        "ridge_readout",
        "shrinkage",
        "training",
    },
    # random convolutions and their readout
    "random_kernels": {
        "fitting",
        "nn.kernels",
        "pickles",
        "preprocessing",
        "scaling",
        "sequences",
    },
    "ridge_readout": set(),
    "kernel_fitting": {"nn.kernels", "ridge_readout"},
    # next state, by counting and by a network
    "next_state": set(),
    "next_state.streams": set(),
    "next_state.event_features": {
        "sequences.frames",
        "sequences.flat_values",
        "next_state.streams",
    },
    "next_state.encoding": {"sequences", "next_state.streams"},
    "next_state.generation": set(),
    "next_state.verbs": {
        "fitting",
        "next_state.generation",
        "next_state.encoding",
        "pickles",
    },
    "next_state.ngrams": {"next_state.streams"},
    "next_state.markov": {
        "fitting",
        "next_state.verbs",
        "next_state.ngrams",
        "next_state.streams",
    },
    "next_state.mixture": set(),
    "next_state.batches": {"batching", "next_state.streams", "training"},
    "next_state.remembering": {"next_state.batches", "nn.continuing", "training"},
    "next_state.repetition": {"next_state.streams"},
    "next_state.choices": {
        "next_state.batches",
        "next_state.mixture",
        "next_state.repetition",
    },
    "next_state.lstm": {
        "base",
        "next_state.event_features",
        "fingerprint",
        "fitting",
        "next_state.mixture",
        "next_state.verbs",
        "next_state.ngrams",
        "nn.encoders",
        "nn.next_state_network",
        "next_state.batches",
        "next_state.choices",
        "next_state.remembering",
        "next_state.repetition",
        "next_state.streams",
        "plans",
        "training",
    },
    # on top, imported by nothing below
    "persistence.checks": {"sealed_files"},
    "persistence.networks": {
        "architecture",
        "base",
        "nn.blocks",
        "nn.front_end",
        "nn.kernels",
        "nn.networks",
        "nn.next_state_network",
        "persistence.checks",
        "sealed_files",
        "training",
    },
    "persistence.transformer_attributes": {
        "persistence.checks",
        "persistence.networks",
        "sealed_files",
    },
    "persistence.network_attributes": {
        "persistence.checks",
        "persistence.networks",
        "sealed_files",
        "training",
    },
    "persistence.state_attributes": {
        "next_state.event_features",
        "next_state.ngrams",
        "next_state.repetition",
        "persistence.checks",
        "sealed_files",
        "next_state.streams",
    },
    "persistence.attributes": {
        "inputs",
        "persistence.checks",
        "persistence.network_attributes",
        "persistence.networks",
        "persistence.state_attributes",
        "persistence.transformer_attributes",
        "preprocessing",
        "sealed_files",
    },
    "persistence.models": {
        "",
        "persistence.attributes",
        "persistence.checks",
        "sealed_files",
        "sealed_values",
    },
    "persistence": {"persistence.models"},
    "metrics": set(),
    "readers": {"events"},
    "search": set(),
    "experiment": {"", "metrics", "readers", "search"},
}

NO_TORCH = {"torch", "skorch"}

#: What a layer must not load, directly; the rest follows from the arrows.
FORBIDDEN = {
    "nn": {"sklearn", "skorch", "pandas"},
    "batching": {"sklearn", "skorch", "pandas"},
    "sequences": NO_TORCH,
    "events": NO_TORCH,
    "preprocessing": NO_TORCH,
    "next_state.streams": NO_TORCH,
    "next_state.encoding": NO_TORCH,
    "next_state.verbs": NO_TORCH,
    "next_state.ngrams": NO_TORCH,
    "next_state.markov": NO_TORCH,
    "readers": NO_TORCH,
    "search": NO_TORCH,
    "metrics": NO_TORCH,
}


def name_of(path):
    """Name a file: "base", "nn.masking", "" for the package itself."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


FILES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}
MODULES = [name for name in FILES if name]


def imported_names(tree):
    """Give the full dotted name of all that a file imports, in functions, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def targets_of(name):
    """Give the files of the package that a file imports."""
    found = set()
    for full in imported_names(ast.parse(FILES[name].read_text())):
        head, _, rest = full.partition(".")
        if head != PACKAGE:
            continue
        while rest and rest not in FILES:  # drop the name of a class or a function
            rest = rest.rpartition(".")[0]
        found.add(rest)
    return found


def libraries_of(name):
    """Give the other libraries that a file imports."""
    names = imported_names(ast.parse(FILES[name].read_text()))
    return {full.partition(".")[0] for full in names} - {PACKAGE}


def applies(layer, name):
    """Tell whether a file is in a layer: the file itself, or one of its folder."""
    return name == layer or name.startswith(f"{layer}.")


@pytest.mark.parametrize("name", MODULES)
def test_arrows_run_one_way(name):
    assert name in ALLOWED, (
        f"{name} has no line in ALLOWED of tests/test_layering.py; add one that names "
        "the files it may import, in the section of its layer"
    )
    wrong = targets_of(name) - ALLOWED[name]
    assert not wrong, f"{name} must not import {sorted(wrong)}"


def test_the_table_names_no_file_that_is_gone():
    assert not set(ALLOWED) - set(MODULES)


def test_the_table_itself_has_no_cycle():
    """Sort the table; every file comes behind all that it may import."""
    remaining = {name: set(allowed) - {""} for name, allowed in ALLOWED.items()}
    while remaining:
        free = {name for name, allowed in remaining.items() if not allowed}
        assert free, f"there is a cycle among {sorted(remaining)}"
        remaining = {
            name: allowed - free
            for name, allowed in remaining.items()
            if name not in free
        }


@pytest.mark.parametrize("name", MODULES)
def test_each_layer_keeps_to_its_libraries(name):
    forbidden = {
        library
        for layer, libraries in FORBIDDEN.items()
        if applies(layer, name)
        for library in libraries
    }
    if name.partition(".")[0] != "training":
        forbidden.add("skorch")
    wrong = libraries_of(name) & forbidden
    assert not wrong, f"{name} must not import {sorted(wrong)}"


@pytest.mark.parametrize("name", FILES)
def test_nothing_hides_a_cycle(name):
    assert "TYPE_CHECKING" not in FILES[name].read_text()


def test_the_package_itself_imports_its_version_alone():
    assert targets_of("") == {"_version"}
    assert libraries_of("") <= {"importlib"}


def test_there_is_no_drawer_for_everything():
    assert not {"utils", "helpers", "common", "misc"} & {
        name.rpartition(".")[2] for name in FILES
    }


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
for transformer in (sa.SequencePadder(), sa.SequenceScaler()):
    transformer.fit_transform([[1.0, 2.0], [3.0]])
sa.StateEncoder().fit_transform(["a b", "c"])
sa.EventEncoder().fit_transform([[1.0, 2.0], [3.0]])
sa.NextStateMarkov().fit(["a b a", "b a b"]).predict(["a b"])
sa.events_to_sequences, sa.sequences_to_events
"""


def test_what_needs_no_network_does_not_load_torch():
    assert not loaded_by(WITHOUT_TORCH) & {"torch", "skorch", "matplotlib"}


def test_estimators_do_not_load_matplotlib():
    loaded = loaded_by("from sklearn_seqattn import AttentionLSTMClassifier as C; C()")
    assert "torch" in loaded
    assert "matplotlib" not in loaded
