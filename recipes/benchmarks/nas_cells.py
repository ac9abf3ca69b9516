"""Ask a proxy about cells of NAS-Bench-201, for nas_replay.py: the smallest first.

    python recipes/benchmarks/nas_cells.py naswot path/to/nb201.npz nas_cells.csv        a quarter of the 15,625 cells
    python recipes/benchmarks/nas_cells.py early_loss path/to/nb201.npz nas_cells.csv --share 1      all

Each network is built as in Dong and Yang 2020 (arXiv:2001.00326, Section 2.1): three stages of five cells with 16, 32,
64 filters, and between them a residual block that halves the maps. It sees training images of CIFAR-10: for naswot 32
before it is trained, for early_loss 60 steps of 32, by Adam at 2e-3. Of cells that compute the same one is asked, and
none that the file has already.

In the end it prints rank correlations. For the smallest quarter naswot's is 0.68 with the validated accuracy after 12
epochs and 0.85 with the test accuracy after 200, that of early_loss 0.81 and 0.60, that of MACs 0.52 and 0.69. To ask
early_loss about the 839 cells that differ there takes two cores about an hour and a half.
"""

import argparse
import csv
import multiprocessing
import os
from functools import partial
from itertools import combinations
from pathlib import Path
from time import perf_counter

import numpy as np
from nas_table import RATE

from kerascnn.nas.strategies.proxies import IMAGES, PROXIES, STEPS, loss_after, told_apart
from kerascnn.nas.strategies.surrogate import correlation

NONE, SKIP, CONV1, CONV3, POOL = range(5)  # what an edge of a cell is, as the table has it
EDGES = sorted(combinations(range(4), 2), key=lambda edge: edge[::-1])  # from node to node, in the table's order
CELLS, FILTERS = 5, (16, 32, 64)


def relu_conv_bn(x, filters, kernel_size, strides=1):
    from keras import layers

    x = layers.Activation("relu")(x)
    x = layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def edge(x, kind):
    from keras import layers

    if kind == POOL:
        return layers.AveragePooling2D(3, 1, padding="same")(x)
    return x if kind == SKIP else relu_conv_bn(x, x.shape[-1], {CONV1: 1, CONV3: 3}[kind])


def cell(x, kinds):
    """Nodes add up what reaches them; None where nothing reaches the last one."""
    from keras import layers

    nodes = [x, None, None, None]
    for (start, end), kind in zip(EDGES, kinds, strict=True):
        if kind != NONE and nodes[start] is not None:
            reached = edge(nodes[start], kind)
            nodes[end] = reached if nodes[end] is None else layers.Add()([nodes[end], reached])
    return nodes[-1]


def halve(x, filters):
    from keras import layers

    shortcut = layers.Conv2D(filters, 1, use_bias=False)(layers.AveragePooling2D(2)(x))
    return layers.Add()([relu_conv_bn(relu_conv_bn(x, filters, 3, strides=2), filters, 3), shortcut])


def network(kinds):
    """The `keras.Model` of a cell; None where no path leads through it."""
    import keras
    from keras import layers

    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(FILTERS[0], 3, padding="same", use_bias=False)(inputs)
    x = layers.BatchNormalization()(x)
    for filters in FILTERS:
        if filters > FILTERS[0]:
            x = halve(x, filters)
        for _ in range(CELLS):
            if (x := cell(x, kinds)) is None:
                return None
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x)


def computed(kinds):
    """What a cell computes, the same for cells that write it differently: its last node as terms of the input, and how
    many convolutions are in them, as one may be in several."""
    terms, used = [("input",), (), (), ()], [set(), set(), set(), set()]
    for (start, end), kind in zip(EDGES, kinds, strict=True):
        if kind != NONE and terms[start]:
            reached = terms[start] if kind == SKIP else ((kind, terms[start]),)
            terms[end] = tuple(sorted(terms[end] + reached, key=repr))
            used[end] |= used[start] | ({(start, end)} if kind in (CONV1, CONV3) else set())
    return terms[-1], len(used[-1])


def load():
    """In each process: batches that networks are asked about."""
    import kerascnn

    global batches
    data = kerascnn.data.load("cifar10", (32, 32, 3), batch=IMAGES, limit=2 * STEPS * IMAGES)
    batches = list(data.train.take(STEPS).as_numpy_iterator())


def ask(proxy, kinds):
    import keras

    began = perf_counter()
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    model, score = network(kinds), -np.inf
    if model and proxy == "naswot":
        score = told_apart(model, batches[0][0])
    elif model:
        model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy")
        score = loss_after(model, batches)
    return round(score, 4), round(perf_counter() - began, 3)


def read(path, proxy):
    """{what a cell computes: score} of a file, if there is one."""
    path = Path(path)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) if path.exists() else []
    if rows and proxy not in rows[0]:
        raise SystemExit(f"{path}: has no column {proxy!r}; it has {', '.join(rows[0])}")
    return {computed(map(int, row["cell"])): float(row[proxy]) for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proxy", choices=PROXIES)
    parser.add_argument("table", help="nb201.npz")
    parser.add_argument("out", help="a CSV file")
    parser.add_argument("--share", type=float, default=0.25, help="of the cells, those with the fewest MACs")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args()
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    table, done = np.load(given.table), read(given.out, given.proxy)
    macs = table["cell_macs"]
    small = np.argsort(macs, kind="stable")[: (macs <= np.quantile(macs, given.share)).sum()]
    cells, different = table["ops"][small].tolist(), {}
    for kinds in cells:
        different.setdefault(computed(kinds), kinds)
    left = [kinds for what, kinds in different.items() if what not in done]
    with (
        Path(given.out).open("a", newline="", encoding="utf-8") as file,
        multiprocessing.get_context("spawn").Pool(given.processes, load, maxtasksperchild=100) as pool,
    ):
        writer = csv.writer(file, lineterminator="\n")
        if not done:
            writer.writerow(("cell", given.proxy, "seconds"))
        told = pool.imap(partial(ask, given.proxy), left)
        for number, (kinds, row) in enumerate(zip(left, told, strict=True), start=1):
            writer.writerow(("".join(map(str, kinds)), *row))
            file.flush()
            if number % 100 == 0 or number == len(left):
                print(f"{number} of {len(left)}", flush=True)
    scores = read(given.out, given.proxy)
    for name, evidence in {given.proxy: [scores[computed(kinds)] for kinds in cells], "MACs": macs[small]}.items():
        found = (correlation(evidence, table[accuracy][small]) for accuracy in ("val12_cifar10", "test_cifar10"))
        print(name, "and accuracy, validated after 12 epochs and tested after 200: {:.2f}, {:.2f}".format(*found))


if __name__ == "__main__":
    main()
