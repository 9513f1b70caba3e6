"""Serve model files over HTTP: ragged sequences in, predictions out.

``sklearn_seqattn.save_model(model, "models/vowels.seqattn")`` writes a model. Then

    pip install "sklearn_seqattn[persistence,serve]"
    python service.py models --port 8000

serves every model of the folder by its name::

    curl localhost:8000/models/vowels/predict -H "Content-Type: application/json" \
        -d '{"sequences": [[[0.1, 2.0], [0.3, 1.5]], [[0.2, 1.0]]]}'

Requests run in a pool of threads; one model may be used by many of them at once. What
the library refuses is answered with the status 422 and its message.
"""

import argparse
import os
import threading
from contextlib import asynccontextmanager
from pathlib import Path

import torch
import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from sklearn_seqattn import load_model, save_model


class Payload(BaseModel):
    """Sequences: lists of numbers, of steps (lists of numbers) or of tokens."""

    sequences: list[list]


class Examples(Payload):
    """Sequences with what they should have been predicted as."""

    targets: list


def answer(model, sequences):
    """Return predictions; of a classifier the probabilities of its classes, too."""
    if not hasattr(model, "predict_proba"):
        return {"predictions": model.predict(sequences).tolist()}
    probabilities, classes = model.predict_proba(sequences), model.classes_
    return {
        "predictions": classes[probabilities.argmax(axis=1)].tolist(),
        "classes": classes.tolist(),
        "probabilities": probabilities.tolist(),
    }


@asynccontextmanager
async def few_threads(app):
    """Answer as many requests at once as there are processors; others wait."""
    current_default_thread_limiter().total_tokens = os.cpu_count()
    yield


def create_app(folder):
    """Return the application that serves the models of a folder."""
    paths = {path.stem: path for path in sorted(Path(folder).glob("*.seqattn"))}
    models = {name: load_model(path) for name, path in paths.items()}
    updating = threading.Lock()
    torch.set_num_threads(1)  # requests use the processors, one thread each
    app = FastAPI(title="Models of sequences", lifespan=few_threads)

    @app.exception_handler(ValueError)
    @app.exception_handler(TypeError)
    def refuse(request, error):
        return JSONResponse({"detail": str(error)}, status_code=422)

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
        find(name)
        with updating:  # others predict with the old model until the new one is whole
            model = load_model(paths[name])
            if not hasattr(model, "partial_fit"):
                raise HTTPException(409, f"The model {name!r} has no partial_fit.")
            model.partial_fit(examples.sequences, examples.targets)
            save_model(model, paths[name])
            models[name] = model
        return {"epochs": len(model.history_)}

    return app


def main():
    """Serve a folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    args = parser.parse_args()
    uvicorn.run(create_app(args.folder), host=args.host, port=args.port)


if __name__ == "__main__":
    main()
