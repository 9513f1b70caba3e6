"""Training and prediction as a competent user would write them, and ours.

Each contender takes the same sequences, network, batch size and optimizer: two LSTM
layers, the mean over the real steps, one linear layer, AdamW. It warms up on an eighth
of the data, begins anew, and returns its seconds for an epoch and its mean loss.

    python benchmarks/contenders.py NAME JSON

runs one of them in a process of its own, as `measuring.py` does, and prints JSON.
"""

import gc
import os
import resource
import time

import numpy as np
from measuring import child

N_CLASSES, CHANNELS, LR = 5, 12, 1e-3


def start():
    """Give the time to count from.

    Python looks through all objects now and then, a tenth of a second after torch was
    imported. It is done before, so that it does not fall into some measurements.
    """
    gc.collect()
    return time.perf_counter()


def make_data(spec):
    """Draw sequences with classes that can be told: n, "fixed" or "ragged" lengths."""
    rng = np.random.RandomState(0)
    n = spec["n"]
    if spec.get("length"):
        lengths = np.full(n, spec["length"])
    else:  # log-normal, mean 80, at most 500
        drawn = np.exp(rng.normal(np.log(80) - 0.5 * 0.8**2, 0.8, n))
        lengths = np.clip(drawn, 2, 500).astype(int)
    y = np.arange(n) % N_CLASSES
    X = [rng.standard_normal((m, CHANNELS)).astype(np.float32) for m in lengths]
    for x, label in zip(X, y, strict=True):
        x[:, label] += 0.5
    return X, y


def ours(spec, **options):
    """Return our classifier with that network."""
    from sklearn_seqattn import AttentionLSTMClassifier

    return AttentionLSTMClassifier(
        blend=None,
        front_end=None,
        hidden_size=spec["hidden"],
        num_layers=2,
        bidirectional=spec.get("bidirectional", False),
        residual=False,
        attention=None,
        pooling=("mean",),
        head_units=(),
        dropout=0.0,
        standardize=False,
        time_warp=0.0,
        lr=LR,
        batch_size=64,
        max_epochs=1,
        early_stopping=False,
        random_state=0,
        net_params={"callbacks__lr_schedule": None, "callbacks__gradient_clip": None},
        **{**spec.get("options", {}), **options},
    )


def fit_ours(spec):
    """Fit for an epoch, the whole of `fit` timed."""
    from skorch.callbacks import Callback

    class Steps(Callback):
        seconds = 0.0

        def on_batch_begin(self, net, **kwargs):
            self.began = time.perf_counter()

        def on_batch_end(self, net, **kwargs):
            Steps.seconds += time.perf_counter() - self.began

    X, y = make_data(spec)
    ours(spec).fit(X[: len(X) // 8], y[: len(X) // 8])
    before = resident()
    Steps.seconds = 0.0
    model = ours(spec, callbacks=[Steps()])
    started = start()
    model.fit(X, y)
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "loss": float(model.history_["train_loss"].iloc[0]),
        "steps": Steps.seconds,
        "before": before,
    }


def torch_network(spec):
    """Make the network in plain torch."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            wide = 1 + spec.get("bidirectional", False)
            self.lstm = nn.LSTM(
                CHANNELS,
                spec["hidden"],
                num_layers=2,
                batch_first=True,
                bidirectional=wide == 2,
            )
            self.linear = nn.Linear(wide * spec["hidden"], N_CLASSES)

        def forward(self, x, lengths):
            if spec.get("packed"):
                packed = nn.utils.rnn.pack_padded_sequence(
                    x, lengths, batch_first=True, enforce_sorted=False
                )
                h = nn.utils.rnn.pad_packed_sequence(
                    self.lstm(packed)[0], batch_first=True
                )[0]
            else:
                h = self.lstm(x)[0]
            mask = torch.arange(h.shape[1]) < lengths[:, None]
            h = h.masked_fill(~mask[..., None], 0.0)
            return self.linear(h.sum(dim=1) / lengths[:, None])

    torch.manual_seed(0)
    return Network()


def collate(rows):
    """Pad a batch to its own maximum."""
    import torch

    X, y = zip(*rows, strict=True)
    lengths = torch.tensor([len(x) for x in X])
    padded = torch.nn.utils.rnn.pad_sequence(X, batch_first=True)
    return padded, lengths, torch.tensor(y)


def fit_loop(spec):
    """Train by a loop over a DataLoader, batches drawn at random."""
    import torch

    X, y = make_data(spec)
    rows = [(torch.from_numpy(x), int(label)) for x, label in zip(X, y, strict=True)]

    def epoch(rows):
        network = torch_network(spec)
        optimizer = torch.optim.AdamW(network.parameters(), lr=LR)
        loader = torch.utils.data.DataLoader(
            rows, batch_size=64, shuffle=True, collate_fn=collate
        )
        losses = []
        for x, lengths, labels in loader:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(x, lengths), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return float(np.mean(losses))

    epoch(rows[: len(rows) // 8])
    before, started = resident(), start()
    loss = epoch(rows)
    return {"seconds": time.perf_counter() - started, "loss": loss, "before": before}


def fit_packed(spec):
    """Train by the same loop on packed sequences."""
    return fit_loop({**spec, "packed": True})


def keras_network(spec, n_steps):
    """Make the network in Keras, with masking."""
    import keras

    inputs = keras.Input((n_steps, CHANNELS))
    h = keras.layers.Masking()(inputs)
    bound = spec["hidden"] ** -0.5
    drawn = keras.initializers.RandomUniform(-bound, bound)  # as torch does
    for _ in range(2):
        layer = keras.layers.LSTM(
            spec["hidden"],
            return_sequences=True,
            kernel_initializer=drawn,
            recurrent_initializer=drawn,
            bias_initializer=drawn,
            unit_forget_bias=False,
        )
        if spec.get("bidirectional"):
            layer = keras.layers.Bidirectional(layer)
        h = layer(h)
    h = keras.layers.GlobalAveragePooling1D()(h)
    dense = keras.layers.Dense(
        N_CLASSES, kernel_initializer=drawn, bias_initializer=drawn
    )
    network = keras.Model(inputs, dense(h))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.AdamW(LR), loss=loss)
    return network


def padded_data(spec):
    """Pad all sequences to the longest, as Keras takes them."""
    import keras

    X, y = make_data(spec)
    return keras.utils.pad_sequences(X, padding="post", dtype="float32"), y


def fit_keras(spec):
    """Train by Keras on TensorFlow, on sequences padded to the longest."""
    set_keras_threads()
    import keras

    X, y = padded_data(spec)
    network = keras_network(spec, X.shape[1])
    weights = network.get_weights()
    network.fit(X[: len(X) // 8], y[: len(X) // 8], batch_size=64, verbose=0)
    network.set_weights(weights)
    for state in network.optimizer.variables:
        if state is not network.optimizer.learning_rate:
            state.assign(keras.ops.zeros_like(state))
    before, started = resident(), start()
    history = network.fit(X, y, batch_size=64, verbose=0)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "loss": history.history["loss"][0], "before": before}


def set_keras_threads():
    """Give TensorFlow as many threads as torch has."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    n_threads = int(os.environ["OMP_NUM_THREADS"])
    tf.config.threading.set_intra_op_parallelism_threads(n_threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def best_of(predict, repeats=3):
    """Time the fastest of some predictions, the first of them to warm up."""
    predict()
    seconds = []
    for _ in range(repeats):
        started = start()
        predict()
        seconds.append(time.perf_counter() - started)
    return {"seconds": min(seconds)}


def predict_ours(spec):
    """Predict all sequences in one call, or one a call."""
    X, y = make_data(spec)
    model = ours(spec).fit(X[:200], y[:200])
    if spec.get("single"):
        return best_of(lambda: [model.predict_proba([x]) for x in X])
    return best_of(lambda: model.predict_proba(X))


def predict_floor(spec):
    """Run the network of our fitted model by itself, one sequence a call."""
    import torch

    X, y = make_data(spec)
    network = ours(spec).fit(X[:200], y[:200]).net_.module_
    inputs = [(torch.from_numpy(x)[None], torch.tensor([len(x)])) for x in X]

    @torch.inference_mode()
    def predict():
        return [torch.softmax(network(*one), dim=1) for one in inputs]

    return best_of(predict)


def predict_loop(spec):
    """Predict by a loop over batches in the order of the data."""
    import torch

    X, y = make_data(spec)
    network = torch_network(spec).eval()
    rows = [(torch.from_numpy(x), int(label)) for x, label in zip(X, y, strict=True)]
    size = 1 if spec.get("single") else 64

    @torch.inference_mode()
    def predict():
        for start in range(0, len(rows), size):
            x, lengths, _ = collate(rows[start : start + size])
            torch.softmax(network(x, lengths), dim=1)

    return best_of(predict)


def predict_packed(spec):
    """Predict by the same loop on packed sequences."""
    return predict_loop({**spec, "packed": True})


def predict_keras(spec):
    """Predict by Keras on TensorFlow."""
    set_keras_threads()
    X, _ = padded_data(spec)
    network = keras_network(spec, X.shape[1])
    return best_of(lambda: network.predict(X, batch_size=64, verbose=0), repeats=1)


def predict_onnx(spec):
    """Predict by ONNX Runtime, from the plain torch network."""
    import io
    import warnings

    import onnxruntime
    import torch

    network = torch_network(spec).eval()
    X, y = make_data(spec)
    rows = [(torch.from_numpy(x), int(label)) for x, label in zip(X, y, strict=True)]
    batch = collate(rows[:3])[:2]
    file, names = io.BytesIO(), ["x", "lengths"]
    axes = {"x": {0: "b", 1: "t"}, "lengths": {0: "b"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            batch,
            file,
            input_names=names,
            dynamic_axes=axes,
            dynamo=False,
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    session = onnxruntime.InferenceSession(file.getvalue(), options)

    def run(x, lengths):
        return session.run(None, {"x": x.numpy(), "lengths": lengths.numpy()})[0]

    other = collate(rows[3:9])[:2]  # lengths that the export has not seen
    with torch.inference_mode():
        np.testing.assert_allclose(run(*other), network(*other), atol=1e-5)
    size = 1 if spec.get("single") else 64

    def predict():
        for start in range(0, len(rows), size):
            run(*collate(rows[start : start + size])[:2])

    return best_of(predict)


def resident():
    """Give the largest resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def with_peak(contender):
    """Add the largest resident memory to what a contender gives."""
    return lambda spec: {**contender(spec), "peak": resident()}


if __name__ == "__main__":
    child({name: with_peak(make) for name, make in globals().items() if callable(make)})
