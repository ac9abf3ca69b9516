"""Whether several devices, and several machines, train as one does: the loss of every step, and the evaluation.

    python recipes/benchmarks/equivalence.py
    python recipes/benchmarks/equivalence.py --model resnet20_cifar --batch 16

One device, two devices of one process and two processes train the same network on the same batches, with batch
normalization synchronized. The set that they are judged on doesn't divide by batch and devices. One device that takes
every batch backwards shows what rounding alone does; --double, that it is nothing else.

Measured on one CPU core, 50 steps, the largest difference of a loss from one device's (backwards; two devices; two
processes): ResNet-20 --double 2e-15, 5e-15, 5e-15; in single precision 1.4e-2, 1.8e-2, 1.8e-2; with one block a stage
(--knob repeats=1,1,1 --lr 2e-4) 3.3e-5, 3.4e-5, 3.4e-5.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import kerascnn
from kerascnn import training

CONFIG = {"model": "resnet20_cifar", "data": "digits", "batch": 32, "lr": 1e-3, "steps": 50, "double": False}
CONFIG |= {"devices": 1, "backwards": False, "losses": ""}  # of one of the processes that train
SMOKE = {"model": "lenet5", "steps": 3}
LAUNCH = ["-m", "kerascnn.training.launch", "--workers", "2"]
HOW = {
    "one device": ([], []),
    "one, batches backwards": ([], ["--backwards"]),
    "two devices": ([], ["--devices", "2"]),
    "two processes": (LAUNCH, []),
}


def main(cfg):
    if cfg.losses:
        train(cfg)
        return
    from rich.console import Console
    from rich.table import Table

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (launcher, how) in HOW.items():
            file = Path(folder) / "losses.json"
            flags = [*sys.argv[1:], *how, "--losses", str(file)]
            subprocess.run([sys.executable, *launcher, __file__, *flags], check=True)
            found[name] = json.loads(file.read_text())
    table = Table("", "last step's loss", "largest difference in a step", "loss on held-out images", "accuracy")
    for name, (steps, loss, accuracy) in found.items():
        differ = max(abs(a - b) for a, b in zip(steps, found["one device"][0], strict=True))
        table.add_row(name, f"{steps[-1]:.6f}", f"{differ:.1e}", f"{loss:.6f}", f"{accuracy:.6f}")
    Console().print(table)


def train(cfg):
    import keras
    import tensorflow as tf

    from kerascnn.training.distribution import devices, replicas

    if cfg.double:
        keras.config.set_floatx("float64")
    if cfg.devices > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * cfg.devices)
    strategy = devices.strategy()
    keras.utils.set_random_seed(cfg.seed)
    card = kerascnn.info(cfg.model)
    shape = training.input_shape(card, kerascnn.data.native_shape(cfg.data))
    images = kerascnn.data.load(cfg.data, shape, batch=cfg.batch, scaling=card.scaling, seed=cfg.seed, replicas=2)
    batches = images.train.map(lambda *batch: [part[::-1] for part in batch]) if cfg.backwards else images.train
    with strategy.scope():
        model = kerascnn.build(cfg.model, input_shape=shape, classes=len(images.classes), **cfg.knobs)
        optimizer = keras.optimizers.SGD(cfg.lr, momentum=0.9)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    if strategy.num_replicas_in_sync > 1:
        replicas.prepare_for_replicas(model, synchronized=True)
    steps = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: model.reset_metrics(),  # else they are means since the epoch began
        on_train_batch_end=lambda batch, logs: steps.append(logs["loss"]),
    )
    model.fit(batches, shuffle=False, steps_per_epoch=cfg.steps, callbacks=[note], verbose=0)
    judged = model.evaluate(images.validation, verbose=0, return_dict=True)
    if devices.is_chief():
        Path(cfg.losses).write_text(json.dumps([steps, judged["loss"], judged["accuracy"]]))
    if devices.workers() > 1:
        replicas.wait_for_all()


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE)
