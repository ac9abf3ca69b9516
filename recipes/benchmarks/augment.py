"""All geometric distortions in one look-up, beside the same ones as stacked Keras layers, in one run.

    python recipes/benchmarks/augment.py
    python recipes/benchmarks/augment.py --size 64 --batch 16 --rounds 3

Both translate, flip, rotate, stretch and shear, bilinearly, mirroring at the edges. Rounds of ours and theirs
alternate, both compiled by tf.function; the ratio is the median of the rounds' own ratios, Keras over ours: above 1
ours is faster. The other lines are named augmentations, whole: "lectures" bends like a lens, too, which Keras can't,
others have crops, colors and mixing.

Measured on two busy CPU cores with TensorFlow 2.21, twice 9 rounds, 2026-11-25: 584 and 538 ms for the Keras layers,
178 and 161 ms for the one grid, ratio 3.05 and 3.31; whole augmentations from 23 ms (flip) to 183 ms (inception).
"""

import argparse
from statistics import median
from time import perf_counter

import keras
import numpy as np
import tensorflow as tf

from kerascnn import data


def stacked() -> keras.Sequential:
    """What "lectures" does, as far as Keras has it, a layer for each; RandomZoom draws each axis for itself."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.RandomTranslation(22 / 224, 22 / 224, fill_mode="reflect"),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(15 / 360, fill_mode="reflect"),
            layers.RandomZoom(0.15, 0.15, fill_mode="reflect"),
            layers.RandomShear(0.15, 0.15, fill_mode="reflect"),
        ]
    )


def seconds(work) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=224, help="side of the images in pixels")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    shape = (args.size, args.size, 3)
    images = tf.constant(np.random.default_rng(0).integers(0, 256, (args.batch, *shape), np.uint8))
    labels, step = tf.range(args.batch), tf.Variable(0, dtype=tf.int64)
    layers = stacked()

    def ours(name, **changes):
        pixels = data.AUGMENTS[name].warp.translation
        how = data.AUGMENTS[name]
        pixels = tuple(bound * args.size / 224 for bound in pixels)
        how = how._replace(warp=how.warp._replace(translation=pixels, **changes))
        return tf.function(lambda: data.augment(images, labels, how, [0, step.assign_add(1)], args.batch, shape)[0])

    theirs = tf.function(lambda: layers(tf.cast(images, tf.float32), training=True))
    fused = ours("lectures", lens=(0, 0))
    theirs(), fused()
    pairs = [(seconds(theirs), seconds(fused)) for _ in range(args.rounds)]
    stack, one = (1000 * median(times) for times in zip(*pairs, strict=True))
    print(f"batch {args.batch}, {args.size}x{args.size}x3, {args.rounds} rounds")
    print(f"{'five Keras layers':28}{stack:8.0f} ms")
    print(f"{'one grid':28}{one:8.0f} ms")
    print(f"{'ratio':28}{median(a / b for a, b in pairs):8.2f}")
    for name in data.AUGMENTS:
        work = ours(name)
        work()
        print(f"{name:28}{1000 * median(seconds(work) for _ in range(args.rounds)):8.0f} ms", flush=True)


if __name__ == "__main__":
    main()
