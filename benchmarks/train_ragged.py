"""A fit on sequences of very different lengths, against what users write instead.

    python benchmarks/train_ragged.py [--hidden 64 128] [--threads 1 2] [--repeats 5]

Lengths are log-normal with mean 80, at most 500; two LSTM layers, batches of 64, one
epoch; the whole of `fit` is timed. Rivals: batches drawn at random and padded to their
own maximum, the same packed, and Keras with Masking (where the extra `bench` is
installed). "loss" is the mean loss of the epoch, "steps" the seconds inside network
steps, "peak" the largest resident memory in MB, "before" the same before the epoch.
"""

from measuring import arguments, compare, describe, has, save, show


def contenders(spec):
    """List who trains on ragged sequences."""
    half = {**spec, "options": {"precision": "bfloat16"}}
    listed = {
        "ours": ("fit_ours", spec),
        "ours, bfloat16": ("fit_ours", half),
        "random batches, padded": ("fit_loop", spec),
        "random batches, packed": ("fit_packed", spec),
    }
    if has("keras", "tensorflow-cpu") or has("keras", "tensorflow"):
        listed["Keras, Masking"] = ("fit_keras", spec)
    return listed


def main():
    """Print a table for each size and number of threads, then one of two directions."""
    args = arguments(__doc__, hidden=[64, 128], n=2048)
    describe()
    columns, all_results = ("loss", "steps", "before", "peak"), {}
    for n_threads in args.threads:
        for hidden in args.hidden:
            results = compare(
                contenders({"n": args.n, "hidden": hidden}), n_threads, args.repeats
            )
            show(f"Hidden {hidden}, {n_threads} thread(s)", results, columns)
            all_results[f"{hidden}, {n_threads}"] = results
        spec = {"n": args.n, "hidden": 64, "bidirectional": True}
        both = {"ours": ("fit_ours", spec), "packed": ("fit_packed", spec)}
        results = compare(both, n_threads, args.repeats)
        show(f"Two directions, hidden 64, {n_threads} thread(s)", results, columns)
        all_results[f"bidirectional, {n_threads}"] = results
    save(args.json, all_results)


if __name__ == "__main__":
    main()
