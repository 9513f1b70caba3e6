"""Serve model files over HTTP: ragged sequences in, predictions out.

``sklearn_seqattn.save_model(model, "models/vowels.seqattn")`` writes a model. Then

    pip install "sklearn_seqattn[persistence,serve]"
    python service.py models --port 8000

serves every model of the folder by its name::

    curl localhost:8000/models/vowels/predict -H "Content-Type: application/json" \
        -d '{"sequences": [[[0.1, 2.0], [0.3, 1.5]], [[0.2, 1.0]]]}'

``python service.py models --onnx`` serves the exported models of the folder, "*.onnx",
in the same way. It needs ``serve_onnx.py`` beside it, fastapi, uvicorn, numpy and
onnxruntime, but neither torch nor this library, and cannot update a model.

Requests run in a pool of threads; one model may be used by many of them at once. What
the library refuses is answered with the status 422 and its message.
"""

import argparse
import os
import threading
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Payload(BaseModel):
    """Sequences: lists of numbers, of steps (lists of numbers) or of tokens."""

    sequences: list[list]


class Examples(Payload):
    """Sequences with what they should have been predicted as.

    Targets of a model of states may be left out: each state is that of those before it.
    """

    targets: list | None = None


class Exported:
    """An exported model."""

    def __init__(self, path):
        import serve_onnx

        self._predict = serve_onnx.predict
        self._model = serve_onnx.open_model(path)

    def answer(self, X):
        """Return what `answer` returns."""
        if not X:
            raise ValueError("There are no sequences.")
        found = self._predict(*self._model, X)
        numbers = found["probabilities" if "label" in found else "prediction"]
        for row, values in enumerate(numbers):
            if not np.isfinite(values).all():
                raise ValueError(f"X[{row}] has missing or infinite values.")
        if "label" not in found:
            return {"predictions": as_lists(numbers)}
        return {
            "predictions": as_lists(found["label"]),
            "classes": self._model[1]["classes"],
            "probabilities": as_lists(numbers),
        }


def open_models(folder, *, onnx):
    """Return the models of a folder by name, and the paths of their files."""
    kind = "*.onnx" if onnx else "*.seqattn"
    paths = {path.stem: path for path in sorted(Path(folder).glob(kind))}
    if onnx:
        return {name: Exported(path) for name, path in paths.items()}, paths
    import torch

    from sklearn_seqattn import load_model

    torch.set_num_threads(1)  # requests use the processors, one thread each
    return {name: load_model(path) for name, path in paths.items()}, paths


def updated(path, examples):
    """Call `partial_fit` of the model of a file, and write it."""
    from sklearn_seqattn import load_model, save_model

    model = load_model(path)
    model.partial_fit(examples.sequences, examples.targets)
    save_model(model, path)
    return model


def answer(model, sequences):
    """Return predictions; of a classifier the probabilities of its classes, too."""
    if isinstance(model, Exported):
        return model.answer(sequences)
    if not hasattr(model, "predict"):
        raise TypeError(f"{type(model).__name__} has no predict.")
    if not hasattr(model, "predict_proba"):
        return {"predictions": as_lists(model.predict(sequences))}
    probabilities = model.predict_proba(sequences)
    if predicts_the_most_probable(model):  # one pass through the network is enough
        predictions = model.classes_[probabilities.argmax(axis=1)]
    else:
        predictions = model.predict(sequences)
    return {
        "predictions": as_lists(predictions),
        "classes": as_lists(model.classes_),
        "probabilities": as_lists(probabilities),
    }


def predicts_the_most_probable(model):
    """Return whether a model predicts one class, the most probable one."""
    from sklearn.pipeline import Pipeline

    from sklearn_seqattn import AttentionLSTMClassifier, NextStateLSTM, NextStateMarkov

    last = model[-1] if isinstance(model, Pipeline) else model
    if isinstance(last, AttentionLSTMClassifier):
        return not last.target_encoder_.multilabel
    return isinstance(last, NextStateLSTM | NextStateMarkov)


def as_lists(values):
    """Return an array, or what is predicted for each sequence, as lists."""
    return [np.asarray(one).tolist() for one in values]


@asynccontextmanager
async def few_threads(app):
    """Answer as many requests at once as there are processors; others wait."""
    current_default_thread_limiter().total_tokens = os.cpu_count()
    yield


def create_app(folder, *, onnx=False):
    """Return the application that serves the models of a folder."""
    models, paths = open_models(folder, onnx=onnx)
    updating = threading.Lock()
    app = FastAPI(title="Models of sequences", lifespan=few_threads)

    @app.exception_handler(ValueError)
    @app.exception_handler(TypeError)
    @app.exception_handler(FloatingPointError)
    def refuse(request, error):
        return JSONResponse({"detail": str(error)}, status_code=422)

    @app.exception_handler(RequestValidationError)
    def refuse_fields(request, error):  # without the input, which may be no JSON
        fields = ("type", "loc", "msg")
        found = [{name: one[name] for name in fields} for one in error.errors()]
        return JSONResponse({"detail": found}, status_code=422)

    def find(name):
        if name not in models:
            raise HTTPException(404, f"There is no model {name!r}.")
        return models[name]

    @app.get("/models")
    def names():
        return sorted(models)

    @app.post("/models/{name}/predict")
    def predict(name: str, payload: Payload):
        return answer(find(name), payload.sequences)

    @app.post("/models/{name}/update")
    def update(name: str, examples: Examples):
        if not hasattr(find(name), "partial_fit"):
            raise HTTPException(409, f"The model {name!r} has no partial_fit.")
        with updating:  # others predict with the old model until the new one is whole
            model = models[name] = updated(paths[name], examples)
        found = {"sequences": len(examples.sequences)}
        if hasattr(model, "history_"):  # models that count have no epochs
            found["epochs"] = len(model.history_)
        return found

    return app


def main():
    """Serve a folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--onnx", action="store_true", help="serve exported models")
    args = parser.parse_args()
    app = create_app(args.folder, onnx=args.onnx)
    uvicorn.run(app, host=args.host, port=args.port)


if __name__ == "__main__":
    main()
