"""Print what docs/design.md says of the imports of the package.

Run with

    PYTHONPATH=tests python docs/import_graph.py
"""

from functools import cache

from test_layering import FILES, LAYERS, layer_of, targets_of

TARGETS = {name: {*targets_of(name)} - {name, ""} for name in FILES if name}


@cache
def longest_chain(name):
    """Return the longest chain of files, each of which imports the next one."""
    chains = [longest_chain(target) for target in sorted(TARGETS[name])]
    return [name, *max(chains, key=len, default=[])]


arrows = {
    (layer_of(name), layer_of(target))
    for name, targets in TARGETS.items()
    for target in targets
    if layer_of(name) != layer_of(target)
}
print(f"{len(arrows)} arrows between layers:")
for top in range(len(LAYERS)):
    below = [LAYERS[low] for high, low in sorted(arrows) if high == top]
    if below:
        print(f"  {LAYERS[top]} -> {', '.join(below)}")
chain = max(map(longest_chain, TARGETS), key=len)
print(f"The longest chain has {len(chain)} files: {' -> '.join(chain)}")
