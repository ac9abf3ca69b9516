"""What checkpoints cost: the share of a ResNet-20's training time on CIFAR that writing one every 50 steps takes.

    python recipes/benchmarks/checkpoint.py
    python recipes/benchmarks/checkpoint.py --model resnet50 --size 64 --steps 100

The images are noise of CIFAR's size, which take as long. The time within `Checkpoints` is set against the time of the
whole training, so that other work on the machine changes both.
"""

import tempfile
import time

import kerascnn
from kerascnn import training

CONFIG = {"model": "resnet20_cifar", "size": 32, "batch": 128, "steps": 200, "checkpoint_every": "50"}
SMOKE = {"model": "lenet5", "batch": 4, "steps": 8, "checkpoint_every": "2"}


def main(cfg):
    from pathlib import Path

    import tensorflow as tf

    from kerascnn.training.resume.callback import Checkpoints

    spent = dict.fromkeys(("on_train_begin", "on_train_batch_end", "on_epoch_end"), 0.0)

    def timed(name):
        method = getattr(Checkpoints, name)

        def call(*args, **kwargs):
            began = time.perf_counter()
            method(*args, **kwargs)
            spent[name] += time.perf_counter() - began

        return call

    shape = (cfg.size, cfg.size, kerascnn.info(cfg.model).input_shape[2])
    model = kerascnn.build(cfg.model, input_shape=shape, classes=10, **cfg.knobs)
    model.compile(training.SGD(0.1, momentum=0.9, weight_decay=1e-4), training.CrossEntropy())
    batch = tf.random.stateless_normal((cfg.batch, *shape), (0, 0)), tf.range(cfg.batch) % 10
    batches = tf.data.Dataset.from_tensors(batch).repeat()
    model.fit(batches, steps_per_epoch=2, shuffle=False, verbose=0)  # compiles
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = Checkpoints(Path(folder), cfg.checkpoint_every, [], batches.element_spec)
        for name in spent:
            setattr(checkpoints, name, timed(name).__get__(checkpoints))
        began = time.perf_counter()
        model.fit(batches, steps_per_epoch=cfg.steps, shuffle=False, verbose=0, callbacks=[checkpoints])
        seconds = time.perf_counter() - began
        size = sum(path.stat().st_size for path in Path(folder).glob("checkpoints/step-*/*")) / 3
    cost = sum(spent.values())
    print(f"{cfg.model}, batches of {cfg.batch}: {1000 * seconds / cfg.steps:.0f} ms a step; {size / 1e6:.1f} MB")
    print(f"a checkpoint every {cfg.checkpoint_every} steps takes {cost / seconds:.2%} of the time")


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE)
