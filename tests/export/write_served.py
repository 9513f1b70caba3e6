"""Write models, sequences and what is predicted for them, for another environment.

``python tests/export/write_served.py FOLDER`` writes folders with ``model.onnx``,
``sequences.json`` and ``expected.txt``, what ``examples/serve_onnx.py`` must print.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model_zoo import MODELS, fitted

from sklearn_seqattn.export import to_onnx

SERVED = ["default", "tokens", "ngram classes", "tags"]


def write(folder, name):
    """Write one model."""
    folder = Path(folder) / name
    folder.mkdir(parents=True)
    estimator, X = fitted(name), MODELS[name][1]
    if isinstance(X[0][0], str):  # tokens: some are unknown, but not their characters
        X = [*X, ["yesno", "ba"], ["ba", "Yés", "dido"]]
    to_onnx(estimator, folder / "model.onnx")
    lists = [x.tolist() if hasattr(x, "tolist") else x for x in X]
    (folder / "sequences.json").write_text(json.dumps(lists))
    lines = [f"{label}\n" for label in estimator.predict(X)]
    (folder / "expected.txt").write_text("".join(lines))


if __name__ == "__main__":
    for name in SERVED:
        write(sys.argv[1], name)
