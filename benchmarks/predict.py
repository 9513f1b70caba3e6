"""Predictions for sequences of very different lengths, all at once and one by one.

    python benchmarks/predict.py [--hidden 64 128] [--threads 1 2] [--repeats 5]

Lengths are log-normal with mean 80, at most 500. "The network alone" is the fitted
network of ours called by itself for each sequence: what no library can be faster than.
ONNX Runtime and Keras take part where the extra `bench` is installed.
"""

from measuring import arguments, compare, describe, has, save, show


def contenders(spec):
    """List who predicts many sequences in a call."""
    half = {**spec, "options": {"precision": "bfloat16"}}
    listed = {
        "ours": ("predict_ours", spec),
        "ours, bfloat16": ("predict_ours", half),
        "batches, padded": ("predict_loop", spec),
        "batches, packed": ("predict_packed", spec),
    }
    if has("onnx", "onnxruntime"):
        listed["ONNX Runtime"] = ("predict_onnx", spec)
    if has("keras", "tensorflow-cpu") or has("keras", "tensorflow"):
        listed["Keras, Masking"] = ("predict_keras", spec)
    return listed


def single_contenders(spec):
    """List who predicts one sequence a call."""
    listed = {
        "ours": ("predict_ours", spec),
        "the network alone": ("predict_floor", spec),
    }
    if has("onnx", "onnxruntime"):
        listed["ONNX Runtime"] = ("predict_onnx", spec)
    return listed


def main():
    """Print the tables."""
    args = arguments(__doc__, hidden=[64, 128], n=2048)
    describe()
    all_results = {}
    for n_threads in args.threads:
        for hidden in args.hidden:
            spec = {"n": args.n, "hidden": hidden}
            results = compare(contenders(spec), n_threads, args.repeats)
            show(f"All at once, hidden {hidden}, {n_threads} thread(s)", results, ())
            all_results[f"{hidden}, {n_threads}"] = results
            spec = {"n": 256, "hidden": hidden, "single": True}
            results = compare(single_contenders(spec), n_threads, args.repeats)
            show(f"One by one, hidden {hidden}, {n_threads} thread(s)", results, ())
            all_results[f"single, {hidden}, {n_threads}"] = results
    save(args.json, all_results)


if __name__ == "__main__":
    main()
