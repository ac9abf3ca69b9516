"""What a recipe's loop costs: its images per second beside those of a bare `model.fit(x, y)`.

    python recipes/benchmarks/fit.py
    python recipes/benchmarks/fit.py --data mnist --epochs 1

Both train the same network on the same images with the same batch and validate after every epoch. The recipe's has its
pipeline, history, TensorBoard curves, checks and saving of the best model on top. They take turns in one process; the
median of the rounds counts.

Measured on two busy CPU cores, LeNet-5 on digits, --epochs 4: 1,104 images/s beside 1,082, a ratio of 1.02.
"""

import statistics
import tempfile
import time

import kerascnn
from kerascnn import training

CONFIG = {"model": "lenet5", "data": "digits", "batch": 32, "epochs": 10, "rounds": 7}
SMOKE = {"epochs": 1, "rounds": 1}


def main(cfg):
    import numpy as np
    from rich.console import Console
    from rich.table import Table

    card = kerascnn.info(cfg.model)
    shape = training.input_shape(card, kerascnn.data.native_shape(cfg.data))
    images = kerascnn.data.load(cfg.data, shape, batch=cfg.batch, scaling=card.scaling, seed=cfg.seed)
    x, y = (np.concatenate(parts) for parts in zip(*images.train.take(images.steps), strict=True))
    validation = tuple(np.concatenate(parts) for parts in zip(*images.validation, strict=True))

    def network():
        model = kerascnn.build(cfg.model, input_shape=shape, classes=len(images.classes), **cfg.knobs)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    with tempfile.TemporaryDirectory() as cfg.out:
        run = training.Run(cfg)
        ours, bare = network(), network()
        run.open(ours, images)
        loops = {
            "recipe": lambda epochs: ours.fit(
                images.train, validation_data=images.validation, epochs=epochs, **run.fit_args()
            ),
            "bare fit": lambda epochs: bare.fit(
                x, y, batch_size=cfg.batch, epochs=epochs, validation_data=validation,
                validation_batch_size=cfg.batch, verbose=2,
            ),
        }  # fmt: skip
        speeds = {name: [] for name in loops}
        for fit in loops.values():
            fit(1)  # compiles
        for _ in range(cfg.rounds):
            for name, fit in loops.items():
                began = time.perf_counter()
                fit(cfg.epochs)
                speeds[name].append(cfg.epochs * images.train_size / (time.perf_counter() - began))

    medians = {name: statistics.median(values) for name, values in speeds.items()}
    table = Table("loop", "images/s, median", "lowest", "highest", "ratio")
    for name, values in speeds.items():
        numbers = [f"{value:,.0f}" for value in (medians[name], min(values), max(values))]
        table.add_row(name, *numbers, f"{medians[name] / medians['bare fit']:.3f}")
    Console().print(table)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE)
