"""Put load on examples/service.py: answers that are lost or mixed up, and its memory.

The service runs in a process of its own, on the loopback address, with a network for
numbers and one for tokens. 64 clients at once send it one to eight ragged sequences,
wait for the answer, compare it with that of the estimator itself, and send the next::

    pip install "sklearn_seqattn[persistence,serve]"
    python benchmarks/service.py [--seconds 60] [--clients 64]

Printed are the requests a second, how long they took, and the memory of the service
after each quarter of the time.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np

from sklearn_seqattn import AttentionLSTMClassifier, save_model

SERVICE = Path(__file__).resolve().parents[1] / "examples" / "service.py"
SETTINGS = {"OMP_NUM_THREADS": "1", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64"}


def make_models(folder):
    """Save two models, and return by name sequences and their probabilities."""
    rng = np.random.default_rng(0)
    lengths, y = rng.integers(1, 60, size=200), np.arange(200) % 2
    numbers = [
        rng.normal(c, 1, (n, 3)).tolist() for n, c in zip(lengths, y, strict=True)
    ]
    tokens = [rng.choice(list("abcdefgh"), n).tolist() for n in lengths]
    known = {}
    for name, X in {"numbers": numbers, "tokens": tokens}.items():
        model = AttentionLSTMClassifier(max_epochs=1, blend=None, random_state=0)
        save_model(model.fit(X, y), Path(folder) / f"{name}.seqattn")
        known[name] = X, model.predict_proba(X)
    return known


def free_port():
    """Return a port of the loopback address that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def memory_of(process):
    """Return the resident memory of a process in megabytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def wait_until_ready(client):
    """Return when the service answers."""
    for _ in range(600):
        try:
            await client.get("/models")
        except httpx.TransportError:
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError("The service does not start.")


async def ask(client, known, until, seed, seconds):
    """Send one request after the other; append how long each took."""
    rng = np.random.default_rng(seed)
    while time.monotonic() < until:
        name = str(rng.choice(list(known)))
        X, expected = known[name]
        rows = rng.choice(len(X), rng.integers(1, 9), replace=False)
        sent = time.monotonic()
        payload = {"sequences": [X[i] for i in rows]}
        answer = await client.post(f"/models/{name}/predict", json=payload)
        seconds.append(time.monotonic() - sent)
        answer.raise_for_status()
        found = answer.json()["probabilities"]
        np.testing.assert_allclose(found, expected[rows], atol=1e-5)


async def watch(process, n_seconds):
    """Return the memory of a process after each quarter of the time."""
    memories = []
    for _ in range(4):
        await asyncio.sleep(n_seconds / 4)
        memories.append(memory_of(process))
    return memories


async def load(url, process, known, n_clients, n_seconds):
    """Run all clients, and return the seconds of requests and the memories."""
    limits, seconds = httpx.Limits(max_connections=n_clients), []
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as client:
        await wait_until_ready(client)
        until = time.monotonic() + n_seconds
        clients = (
            ask(client, known, until, seed, seconds) for seed in range(n_clients)
        )
        memories, *_ = await asyncio.gather(watch(process, n_seconds), *clients)
    return seconds, memories


def main():
    """Start the service, load it and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=64)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        known, port = make_models(folder), free_port()
        command = [sys.executable, SERVICE, folder, "--port", str(port)]
        environment = {**os.environ, **SETTINGS}
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
        try:
            url = f"http://127.0.0.1:{port}"
            measured = load(url, process, known, args.clients, args.seconds)
            seconds, memories = asyncio.run(measured)
        finally:
            process.terminate()
            process.wait()
    quantiles = 1e3 * np.quantile(seconds, [0.5, 0.99])
    print(f"requests answered as expected: {len(seconds)}")
    print(f"requests a second: {len(seconds) / args.seconds:.0f}")
    print("milliseconds, median and 99 %: {:.0f}, {:.0f}".format(*quantiles))
    print("memory in MB after each quarter:", *map(round, memories))


if __name__ == "__main__":
    main()
