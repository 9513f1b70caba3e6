"""The conda recipe asks for what the wheel asks for."""

import ast
import re
from pathlib import Path

from sklearn_seqattn import __version__

ROOT = Path(__file__).resolve().parents[1]


def test_the_recipe_has_the_version_and_the_requirements_of_setup():
    recipe = (ROOT / "recipe" / "meta.yaml").read_text()
    assert f'version = "{__version__}"' in recipe
    run = re.search(r"  run:\n((?:    - .+\n)+)", recipe)[1]
    found = {line.strip("- ").replace(" ", "") for line in run.splitlines()}
    for call in ast.walk(ast.parse((ROOT / "setup.py").read_text())):
        if isinstance(call, ast.keyword) and call.arg == "install_requires":
            needed = set(ast.literal_eval(call.value))
        if isinstance(call, ast.keyword) and call.arg == "python_requires":
            python = ast.literal_eval(call.value)
    torch = next(one for one in needed if one.startswith("torch"))
    needed = needed - {torch} | {"py" + torch, f"python{python}"}
    assert found == needed
