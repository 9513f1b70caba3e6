"""Configuration of the documentation site. `sphinx-build` reads it.

    sphinx-build -W docs docs/_build

Nothing is downloaded: examples run on data that packages ship or that they make.
"""

import os
import re
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny networks: threads only wait
DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))

import api_reference  # noqa: E402
import matplotlib as mpl  # noqa: E402
from api_reference import PACKAGE  # noqa: E402

import sklearn_seqattn  # noqa: E402

mpl.use("Agg")

project = "sklearn_seqattn"
author = "the contributors of sklearn_seqattn"
project_copyright = author
version = release = sklearn_seqattn.__version__

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
default_role = "literal"  # docstrings write `name` for code
toc_object_entries_show_parents = "hide"  # "fit()", or the column cuts it off
nitpicky = False
suppress_warnings = ["config.cache"]  # the gallery configuration holds functions

# Markdown
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Docstrings
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_validation_checks = set()  # tests/test_docstrings.py validates

# Figures
plot_html_show_source_link = False
plot_html_show_formats = False
plot_include_source = True
plot_basedir = str(DOCS)
plot_formats = [("png", 120)]

# Gallery
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    # Scripts that only print, or ask for data, are not pages.
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"(^|/)(?!plot_)[^/]*\.py$",
    "abort_on_example_error": True,
    # Pages of the reference end with the examples that use the name.
    "backreferences_dir": "api/backreferences",
    "doc_module": (PACKAGE,),
    "reference_url": {PACKAGE: None},  # names in examples lead to the reference
    "ignore_repr_types": "Display|matplotlib",  # pictures are shown, not their names
    "download_all_examples": False,
    "min_reported_time": 1,
    "plot_gallery": True,
    "show_memory": False,
    "write_computation_times": False,  # its page loads scripts from elsewhere
    "show_signature": False,
}

# Pages
html_theme = "pydata_sphinx_theme"
html_title = "sklearn_seqattn"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 5,
    "logo": {"text": "sklearn_seqattn"},
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
}

#: Links that lead out of this folder on disk, and to a page of the site here.
LINKS = [
    (r"\]\(((?:\.\./)*)\.\./README\.md", r"](\1index.md"),
    (r"\]\(((?:\.\./)*)\.\./examples/(plot_\w+)\.py\)", r"](\1gallery/\2.rst)"),
    (r"\]\(((?:\.\./)*)\.\./examples\)", r"](\1gallery/index.rst)"),
    (r"\]\(docs/", r"]("),
    (r"\]\(CHANGELOG\.md", r"](changelog.md"),
    (r"\]\(CODE_OF_CONDUCT\.md", r"](code_of_conduct.md"),
]


def list_pages():
    """Return the names of the pages of this folder that no table of contents has."""
    written = "\n".join(page.read_text() for page in DOCS.rglob("*.md"))
    names = sorted(page.stem for page in DOCS.glob("*.md") if page.stem != "index")
    listed = re.findall(r"^(?:.* <)?(\w+)>?$", written, re.MULTILINE)
    return [name for name in names if name not in listed]


def read_body(match):
    """Return a file of the root without its title, for `{{ NAME.md }}`."""
    return (DOCS.parent / match[1]).read_text().partition("\n")[2]


def lead_into_the_site(app, docname, source):
    """Point links out of this folder at pages of the site; fill in `{{ ... }}`."""
    source[0] = re.sub(r"\{\{ (\w+\.md) \}\}", read_body, source[0])
    for pattern, target in LINKS:
        source[0] = re.sub(pattern, target, source[0])
    source[0] = source[0].replace("{{ pages }}", "\n".join(list_pages()))


def skip_methods_of_others(app, what, name, obj, skip, options):
    """Leave out what scikit-learn, torch and Python bring, but for what users call."""
    if name in ("fit_predict", "fit_transform", "get_params", "set_params"):
        return None
    ours = str(getattr(obj, "__module__", PACKAGE)).startswith(PACKAGE)
    is_request = name.startswith("set_") and name.endswith("_request")
    return None if ours and not is_request and name != "set_output" else True


def setup(app):
    """Write the API reference and register the hooks."""
    api_reference.write_pages(DOCS / "api")
    app.connect("source-read", lead_into_the_site)
    app.connect("autodoc-skip-member", skip_methods_of_others)
