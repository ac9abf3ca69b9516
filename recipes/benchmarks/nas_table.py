"""Train every network of a small space on MNIST, once, so that searches can be replayed on what came out.

    python recipes/benchmarks/nas_table.py              adds what is missing to nas_mnist.csv
    python recipes/benchmarks/nas_table.py --part 0/2   one of two halves, to share the work

The space is `staged` with two stages: six kinds of blocks, 1 to 3 of them a stage, 8 to 16 filters, once or twice as
many in the second stage, kernels of 3 or 5: 216 networks. Each is trained for nine epochs on 10,000 images of the
training set, 14x14, by Adam at 2e-3 in batches of 100, batch normalization averaging over some ten steps; after each
epoch it is judged on 2,000 others of the training set, and at the end on the 10,000 test images. A row has the seconds
of an epoch, as one core computes, and what the proxies naswot and early_loss say.
"""

import argparse
import csv
import itertools
import os
import time
from pathlib import Path

TABLE = Path(__file__).with_name("nas_mnist.csv")
CHOICES = {
    "block": ("plain", "residual", "bottleneck", "se", "separable", "inception"),
    "repeats": (1, 2, 3),
    "n_filters": (8, 12, 16),
    "growth": (1, 2),
    "kernel_size": (3, 5),
}
EPOCHS, BATCH, RATE = 9, 100, 2e-3
TRAIN, VALIDATION = 10_000, 2_000
ACCURACIES = [f"accuracy{i}" for i in range(1, EPOCHS + 1)]
COLUMNS = [*CHOICES, "params", "macs", "naswot", "early_loss", "seconds", *ACCURACIES, "test_accuracy"]


def knobs(block, repeats, n_filters, growth, kernel_size):
    """Of the network `staged`, from the numbers of a row."""
    return {
        "name": "staged",
        "blocks": [block] * 2,
        "repeats": [repeats] * 2,
        "n_filters": [n_filters, n_filters * growth],
        "kernel_size": kernel_size,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", default="0/1", help="which part of the networks, of how many")
    part, parts = map(int, parser.parse_args().part.split("/"))
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    path = TABLE if parts == 1 else TABLE.with_suffix(f".{part}.csv")
    done = {tuple(row[name] for name in CHOICES) for file in (TABLE, path) if file.exists() for row in read(file)}
    grid = list(itertools.product(*CHOICES.values()))
    left = [values for values in grid[part::parts] if tuple(map(str, values)) not in done]
    images = load()
    for number, values in enumerate(left, start=1):
        row = train(dict(zip(CHOICES, values, strict=True)), *images)
        is_new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow(row)
        print(
            f"{number} of {len(left)}:", *values, f"{row['accuracy9']:.2%} in {row['seconds']} s an epoch", flush=True
        )


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def load():
    import numpy as np

    import kerascnn

    data = kerascnn.data.load("mnist", (14, 14, 1), batch=1000, limit=TRAIN + VALIDATION)
    batches = list(data.train.take(data.steps)), list(data.validation)
    (x, y), test = ([np.concatenate(part) for part in zip(*found, strict=True)] for found in batches)
    return (x[:TRAIN], y[:TRAIN]), (x[TRAIN:], y[TRAIN:]), test


def train(values, train, validation, test):
    import keras

    import kerascnn
    from kerascnn import nas

    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    spec = knobs(**values) | {"input_shape": [14, 14, 1], "classes": 10}
    model = kerascnn.build(**spec)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9  # the first epoch has a hundred steps
    model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
    clock = Clock()
    history = model.fit(
        *train, batch_size=BATCH, epochs=EPOCHS, validation_data=validation, verbose=0, callbacks=[clock.callback()]
    )
    counted = nas.count(spec)
    found = [round(accuracy, 4) for accuracy in history.history["val_accuracy"]]
    return {
        **values,
        "params": counted.params,
        "macs": counted.macs,
        **told(spec, *train),
        "seconds": round(clock.seconds(), 3),
        **dict(zip(ACCURACIES, found, strict=True)),
        "test_accuracy": round(model.evaluate(*test, batch_size=1000, verbose=0)[1], 4),
    }


def told(spec, images, labels):
    """What the proxies say of a network."""
    import keras
    import numpy as np

    from kerascnn.nas.strategies.proxies import IMAGES, STEPS, early_loss, naswot

    def compile(model):
        model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy")

    batches = zip(*(np.split(part[: STEPS * IMAGES], STEPS) for part in (images, labels)), strict=True)
    said = {"naswot": naswot(spec, images[:IMAGES]), "early_loss": early_loss(spec, batches, compile)}
    return {name: round(value, 4) for name, value in said.items()}


class Clock:
    """Computing time of an epoch, whatever else the machine does; the first epoch compiles and doesn't count."""

    def __init__(self):
        self.times = []

    def callback(self):
        from keras.callbacks import LambdaCallback

        return LambdaCallback(on_epoch_end=lambda epoch, logs: self.times.append(time.process_time()))

    def seconds(self):
        return (self.times[-1] - self.times[0]) / (len(self.times) - 1)


if __name__ == "__main__":
    main()
