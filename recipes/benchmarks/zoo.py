"""Our networks beside those of keras.applications: time to build, to answer and to train, in one run.

    python recipes/benchmarks/zoo.py                      # eight networks that both have
    python recipes/benchmarks/zoo.py --only resnet50 --size 128 --batch 4

Rounds of ours and theirs alternate; each figure is the median of its rounds, each ratio the median of the rounds' own
ratios, ours over theirs in seconds: below 1 ours is faster.

Ratios measured on two CPU cores with TensorFlow 2.21, 224x224, batch 8, 7 rounds, 2026-11-25:

    network               build  answer  train
    resnet50               0.94    1.00   0.95
    mobilenet_v1           0.94    0.96   0.96
    mobilenet_v2           1.01    0.99   0.98
    mobilenet_v3_large     0.96    0.94   0.96
    inception_v3           0.69    1.01   1.03
    xception               1.07    1.03   1.00
    densenet121            1.01    1.00   1.00
    efficientnet_b0        0.87    0.95   0.97
"""

import argparse
from statistics import median
from time import perf_counter

import keras
import numpy as np

import kerascnn

TWINS = {
    "resnet50": keras.applications.ResNet50,
    "mobilenet_v1": keras.applications.MobileNet,
    "mobilenet_v2": keras.applications.MobileNetV2,
    "mobilenet_v3_large": keras.applications.MobileNetV3Large,
    "inception_v3": keras.applications.InceptionV3,
    "xception": keras.applications.Xception,
    "densenet121": keras.applications.DenseNet121,
    "efficientnet_b0": keras.applications.EfficientNetB0,
}


def seconds(work) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def race(ours, theirs, rounds: int) -> tuple[float, float, float]:
    """Median seconds of both, alternating after a warm-up, and the median of their ratios."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return *(median(times) for times in zip(*pairs, strict=True)), median(a / b for a, b in pairs)


def compare(name: str, size: int, batch: int, rounds: int) -> dict[str, tuple]:
    shape = (size, size, 3)
    makers = [lambda: kerascnn.build(name, input_shape=shape), lambda: TWINS[name](weights=None, input_shape=shape)]
    result = {"build": race(*makers, rounds)}
    models = [make() for make in makers]
    images = np.random.default_rng(0).standard_normal((batch, *shape), dtype="float32")
    labels = np.arange(batch)
    for model in models:
        model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy", jit_compile=False)
    result["answer"] = race(*(lambda m=model: m.predict_on_batch(images) for model in models), rounds)
    result["train"] = race(*(lambda m=model: m.train_on_batch(images, labels) for model in models), rounds)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=TWINS, help="one network")
    parser.add_argument("--size", type=int, default=224, help="side of the images in pixels")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    print(f"backend {keras.backend.backend()}, {args.size}x{args.size}, batch {args.batch}, {args.rounds} rounds")
    headings = "".join(f"{what + ', ours s':>17}{'theirs s':>10}{'ratio':>7}" for what in ("build", "answer", "train"))
    print(" " * 20 + headings)
    for name in [args.only] if args.only else TWINS:
        result = compare(name, args.size, args.batch, args.rounds)
        cells = "".join(f"{ours:17.3f}{theirs:10.3f}{ratio:7.2f}" for ours, theirs, ratio in result.values())
        print(f"{name:20}{cells}", flush=True)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
