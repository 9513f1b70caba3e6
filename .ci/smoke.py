"""Check a wheel in FOLDER, which is first on the path: python .ci/smoke.py FOLDER."""

import sys
from pathlib import Path

import numpy as np

import sklearn_seqattn
from sklearn_seqattn import AttentionLSTMClassifier, load_model, save_model

folder = Path(sys.argv[1]).resolve()
package = Path(sklearn_seqattn.__file__).resolve().parent
assert package.parent == folder, f"{package} is imported, not the wheel"
assert (package / "py.typed").is_file(), "py.typed is missing"
assert (package / "__init__.pyi").is_file(), "__init__.pyi is missing"
assert not list(folder.rglob("test*.py")), "tests are in the wheel"
for name in sklearn_seqattn.__all__:
    getattr(sklearn_seqattn, name)

X = [np.random.default_rng(i).normal(i % 2, 1, (3 + i % 5, 2)) for i in range(30)]
classifier = AttentionLSTMClassifier(max_epochs=1).fit(X, np.arange(30) % 2)
save_model(classifier, folder / "model.seqattn")
copy = load_model(folder / "model.seqattn")
assert (copy.predict_proba(X) == classifier.predict_proba(X)).all()
print("The wheel of", sklearn_seqattn.__version__, "works.")
