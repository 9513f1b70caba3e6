"""The API reference: which public names the site documents, and in which order.

`REFERENCE` is the one place to change. A name of `sklearn_seqattn` belongs to the
first section that has the folder it is defined in, so a new name appears by itself.
Run by `conf.py`; `tests/test_docs_site.py` compares it with the public names.
"""

import inspect
from importlib import import_module
from pathlib import Path

PACKAGE = "sklearn_seqattn"

#: Sections of the names of the package, then of its public modules.
REFERENCE = {
    "Estimators": {
        "about": "Fit these on sequences.",
        "folders": ["attention_lstm", "next_state.lstm", "next_state.markov"],
    },
    "Partners of a network": {
        "about": "Values of `blend`: the classical model beside the network. "
        "`RandomKernelFeatures` is the transformer alone.",
        "folders": ["kernels", "ngrams", "windows", "next_state"],
    },
    "Preparing sequences": {
        "about": "Transformers for a Pipeline, sequences in files, and functions that "
        "make sequences.",
        "folders": ["preprocessing", "sequences"],
    },
    "Saving and long fits": {
        "about": "Model files that run no code when they are loaded, and checkpoints.",
        "folders": ["persistence", "storage", "training"],
    },
    "Blocks of a network": {
        "about": "Parts of `front_end`, `encoder` and `pooling`.",
        "module": "blocks",
    },
    "Inspection": {
        "about": "Importance of steps and channels, and displays.",
        "module": "inspection",
    },
    "Export": {"about": "Models for other runtimes.", "module": "export"},
    "Metrics": {"about": "Scorers for model selection.", "module": "metrics"},
    "Readers": {"about": "Sequences from files.", "module": "readers"},
    "Search": {
        "about": "Search spaces for scikit-learn and Optuna, and pruning.",
        "module": "search",
    },
    "Experiments": {
        "about": "Comparisons from a configuration file.",
        "module": "experiment",
    },
}


def public_names(module):
    """Return the sorted public names of a module: `__all__`, or what it defines."""
    if hasattr(module, "__all__"):
        return sorted(name for name in module.__all__ if not name.startswith("__"))
    return sorted(
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == module.__name__
    )


def list_sections():
    """Return the full paths of the names of each section."""
    package = import_module(PACKAGE)
    left = {
        name: getattr(package, name).__module__.removeprefix(f"{PACKAGE}.")
        for name in public_names(package)
    }
    sections = {}
    for title, section in REFERENCE.items():
        if "module" in section:
            path = f"{PACKAGE}.{section['module']}"
            names = public_names(import_module(path))
        else:
            path = PACKAGE
            names = [
                name
                for name, home in left.items()
                if any(f"{home}.".startswith(f"{f}.") for f in section["folders"])
            ]
            for name in names:
                del left[name]
        sections[title] = [f"{path}.{name}" for name in names]
    if left:
        raise LookupError(f"REFERENCE has no section for {left}")
    return sections


def write_pages(folder):
    """Write the page of the reference, with a summary table for each section."""
    lines = ["API reference", "=============", ""]
    for title, paths in list_sections().items():
        section = REFERENCE[title]
        lines += [title, "-" * len(title), "", section["about"].replace("`", "``"), ""]
        lines += [".. autosummary::", "   :toctree: generated", "   :nosignatures:", ""]
        lines += [f"   {path}" for path in paths] + [""]
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    page, text = folder / "index.rst", "\n".join(lines)
    if not page.exists() or page.read_text() != text:  # an equal page is not rebuilt
        page.write_text(text)
