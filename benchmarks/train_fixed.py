"""A fit on sequences of one length, against a loop in plain torch.

    python benchmarks/train_fixed.py [--hidden 64 128] [--threads 1 2] [--repeats 5]

Two LSTM layers over 100 steps of 12 channels, batches of 64, one epoch; the whole of
`fit` is timed. "loss" is the mean loss of the epoch, "steps" the seconds inside
network steps.
"""

from measuring import arguments, compare, describe, save, show


def main():
    """Print a table for each size and number of threads."""
    args = arguments(__doc__, hidden=[64, 128], n=2048)
    describe()
    all_results = {}
    for n_threads in args.threads:
        for hidden in args.hidden:
            spec = {"n": args.n, "length": 100, "hidden": hidden}
            half = {**spec, "options": {"precision": "bfloat16"}}
            unkept = {"GLIBC_TUNABLES": "glibc.malloc.check=0"}  # no change but this
            contenders = {
                "ours": ("fit_ours", spec),
                "ours, bfloat16": ("fit_ours", half),
                "ours, memory not kept": ("fit_ours", spec, unkept),
                "plain torch loop": ("fit_loop", spec),
            }
            results = compare(contenders, n_threads, args.repeats)
            show(f"Hidden {hidden}, {n_threads} thread(s)", results, ("loss", "steps"))
            all_results[f"{hidden}, {n_threads}"] = results
    save(args.json, all_results)


if __name__ == "__main__":
    main()
