"""The site: its reference has every public name, and no page is out of reach.

Sphinx is not needed; `.ci/run` builds the site itself.
"""

import importlib.util
import re
import runpy
from pathlib import Path

import pytest
from numpydoc.validate import validate

import sklearn_seqattn

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

#: What numpydoc reports of docstrings and parameters that are missing or unknown.
OF_PARAMETERS = {"GL08", "PR01", "PR02", "PR03", "PR04", "PR07", "SS01"}


def load_reference():
    """Return the module `docs/api_reference.py`, which is in no package."""
    path = DOCS / "api_reference.py"
    spec = importlib.util.spec_from_file_location("api_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = load_reference()
PATHS = [path for paths in REFERENCE.list_sections().values() for path in paths]


def test_every_public_name_is_in_one_section():
    names = {f"sklearn_seqattn.{name}" for name in sklearn_seqattn.__all__}
    named = [path for path in PATHS if path.count(".") == 1]
    assert {*named} == names - {"sklearn_seqattn.__version__"}
    assert len(PATHS) == len({*PATHS})


def test_every_public_module_has_a_section():
    folder = Path(sklearn_seqattn.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if path.stem[0] != "_"}
    sections = {s["module"] for s in REFERENCE.REFERENCE.values() if "module" in s}
    assert files <= sections


def test_a_name_without_a_section_is_refused(monkeypatch):
    sections = dict(REFERENCE.REFERENCE)
    del sections["Estimators"]
    monkeypatch.setattr(REFERENCE, "REFERENCE", sections)
    with pytest.raises(LookupError, match="AttentionLSTMClassifier"):
        REFERENCE.list_sections()


def test_the_page_of_the_reference_lists_every_name(tmp_path):
    REFERENCE.write_pages(tmp_path)
    written = (tmp_path / "index.rst").read_text()
    assert re.findall(r"^   (sklearn_seqattn\.\S+)$", written, re.MULTILINE) == PATHS


@pytest.mark.parametrize("path", PATHS)
def test_every_parameter_is_documented(path):
    errors = validate(path)["errors"]
    wrong = [error for error in errors if error[0] in OF_PARAMETERS]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(p.name for p in (DOCS / "live").glob("*.py")))
def test_the_first_page_shows_every_live_result(name):
    assert f".. plot:: live/{name}" in (DOCS / "index.md").read_text()
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    before = len(plt.get_fignums())
    runpy.run_path(str(DOCS / "live" / name))
    assert len(plt.get_fignums()) > before
    plt.close("all")


@pytest.mark.parametrize("folder", ["data", "howto"])
def test_every_page_of_a_folder_is_in_its_table_of_contents(folder):
    index = (DOCS / folder / "index.md").read_text()
    contents = re.search(r"```\{toctree\}\n(.*?)```", index, re.DOTALL)[1].split()
    for page in (DOCS / folder).glob("*.md"):
        if page.stem != "index":
            assert page.stem in contents
            assert f"({page.name})" in index  # and in the table that people read


def test_links_between_pages_are_relative_files():
    for page in [*DOCS.glob("*.md"), *(DOCS / "data").glob("*.md")]:
        assert not re.findall(r"\]\([^)]*\.(?:html|rst)[)#]", page.read_text())
