"""From a folder of JPEGs to batches, beside `tf.image.decode_and_crop_jpeg` alone on the same files, in one run.

    python recipes/benchmarks/input.py
    python recipes/benchmarks/input.py --width 1280 --height 960

The folder is made of parts of scikit-learn's two photos, in a temporary place. "Alone" decodes the same parts of the
same files in parallel and does nothing else: no resizing, no batches, no scaling. Rounds alternate; the ratio is the
median of the rounds' own ratios, alone over ours in seconds: above 1 ours is faster. "inception" is with random crops,
flips and colors, "random crop" with the crops alone.

Measured on two CPU cores with TensorFlow 2.21, 2026-11-25. 500x375: ratio 0.58 with the centre cut, 0.52 with random
crops, 0.32 with inception; an image takes 0.45 ms to decode, 0.13 ms more to resize, 0.06 ms to round, and the rest is
for batches and scaling, so that resizing alone allows 0.76. 1280x960, which the decoder halves: 0.93, 0.90 and 0.66.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_sample_image

from kerascnn import data
from kerascnn.data.augmentation.augment import draw_parts
from kerascnn.data.pixels import cut_window
from kerascnn.data.sampling.stateless_random import keys

AUTOTUNE = tf.data.AUTOTUNE


def make_photos(folder: Path, count: int, width: int, height: int) -> list[Path]:
    """JPEGs of two classes, each another part of a photo, resized; and as many again to validate."""
    random, paths = np.random.default_rng(0), []
    for name in ("china", "flower"):
        photo = Image.fromarray(load_sample_image(f"{name}.jpg"))
        for side in ("train", "val"):
            (folder / side / name).mkdir(parents=True)
            for i in range(count // 2):
                left, top = random.integers(0, 60, 2)
                path = folder / side / name / f"{i:04d}.jpg"
                part = photo.crop((left, top, left + 560, top + 367))
                part.resize((width, height), Image.Resampling.BICUBIC).save(path, quality=92)
                paths += [path] if side == "train" else []
    return paths


def alone(paths, parts):
    """Decodes these parts of these files."""

    def decode(path, part):
        return tf.io.decode_and_crop_jpeg(tf.io.read_file(path), part, 3)

    files = tf.data.Dataset.from_tensor_slices(([str(path) for path in paths], tf.stack(parts, axis=1)))
    return files.repeat().map(decode, AUTOTUNE).prefetch(AUTOTUNE)


def seconds(dataset, count: int) -> float:
    """Of so many elements, after the first, with an iterator of their own, so that none is ready from before."""
    iterator = iter(dataset)
    next(iterator)
    begin = perf_counter()
    for _ in range(count):
        next(iterator)
    return perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=500, help="of the photos in pixels")
    parser.add_argument("--height", type=int, default=375)
    parser.add_argument("--size", type=int, default=224, help="side of what comes out")
    parser.add_argument("--photos", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    shape, sizes = (args.size, args.size, 3), (args.height, args.width, args.size, args.size)
    inception = data.AUGMENTS["inception"]
    crop = data.Augment(data.Warp(crop=inception.warp.crop))
    with tempfile.TemporaryDirectory() as folder:
        paths = make_photos(Path(folder), args.photos, args.width, args.height)
        size = sum(path.stat().st_size for path in paths) / len(paths)
        print(f"{args.photos} photos, {args.width}x{args.height}, {size / 1000:.0f} kB, to {args.size}x{args.size}")
        numbers = range(len(paths))
        central = [tf.fill([len(paths)], side) for side in cut_window(*sizes)]
        random = draw_parts(crop, keys(0, 0, numbers), *sizes)

        def ours(augment):
            return data.load(folder, shape, batch=args.batch, augment=augment).train

        data.labels.MEMORY = 0  # small as it is, the folder is to be read in each epoch
        races = {
            "centre cut": (alone(paths, central), ours("none")),
            "random crop": (alone(paths, random), ours(crop)),
            "inception": (alone(paths, random), ours(inception)),
        }
        steps = args.photos // args.batch  # of an epoch
        for name, (theirs, mine) in races.items():
            pairs = [(seconds(theirs, args.photos), seconds(mine, steps)) for _ in range(args.rounds)]
            speeds = (args.photos / median(times) for times in zip(*pairs, strict=True))
            both = "".join(f"{speed:8,.0f} {who}" for speed, who in zip(speeds, ("alone", "images/s"), strict=True))
            print(f"{name:14}{both}   ratio {median(a / b for a, b in pairs):.2f}", flush=True)


if __name__ == "__main__":
    main()
