"""From a folder of JPEGs to batches: ours, Keras's, torchvision's, and decoding alone, in one run.

    python recipes/benchmarks/input.py
    python recipes/benchmarks/input.py --sizes 640x480 --rounds 9

The folder is made of parts of scikit-learn's two photos, in a temporary place. Rounds alternate between all of them, so
that whatever else the machine does hits all alike; numbers are medians.

* "decoding alone" reads the files and decodes the parts that ours decodes, with as many threads, and does no more.
* "Keras" is `image_dataset_from_directory`, cropped to the aspect ratio, not scaled; to crop and flip, its layers
  `RandomCrop` (of 256 pixels) and `RandomFlip`. Squeezed to the size instead, photos need no crop.
* "torchvision" is a `DataLoader` with two workers on an `ImageFolder`; its random crop is `RandomResizedCrop`, as ours.
  "tensors" decodes with `decode_image` in place of Pillow. Without torchvision its lines say so.
* "inception" is crop, flip and colors; beside it stand the others' crop and flip.

CPU seconds are the user time of the process and its workers. The last columns are decoding alone as a share of ours,
in time and in CPU seconds: the medians of the rounds' own shares.

Measured with TensorFlow 2.21 and torchvision 0.29 on two cores that nine others used, so that only CPU seconds can be
relied on, 2026-11-30, 500x375, 384 photos, 3 rounds; CPU seconds for 1,000 images:

                         centre cut   crop and flip   inception
    decoding alone             0.68            0.52        0.53
    kerascnn                   0.77            0.69        0.91
    Keras                      0.85            1.64
    Keras, squeezed            0.76
    torchvision                2.53            2.50
    torchvision, tensors       1.68            1.54
    decoding alone / kerascnn  0.89            0.80        0.56

Of an image of "inception", 0.47 ms are for decoding, 0.1 to resize and round, 0.3 for colors and scaling, which pass
over its floats. Scaling within the color matrix saves 0.03; images one by one, or eight at a time, save nothing.
1280x960, which the decoder halves, without torchvision: shares of 1.27, 1.12 and 1.02.
"""

import argparse
import multiprocessing
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

try:  # before TensorFlow: after it, torch's libraries end the process
    import torch
    import torchvision
    from torchvision import transforms
    from torchvision.transforms import v2
except (ImportError, RuntimeError) as error:  # the latter where the two don't fit together
    torchvision, missing = None, error

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_sample_image

from kerascnn import data
from kerascnn.data import labels
from kerascnn.data.augmentation.augment import draw_parts
from kerascnn.data.pixels import cut_window
from kerascnn.data.sampling.stateless_random import keys
from kerascnn.data.scaling import IMAGENET

AUTOTUNE = tf.data.AUTOTUNE
WORKERS = 2
Peer = Callable[[], Iterator]  # begins anew


def make_photos(folder: Path, count: int, width: int, height: int) -> list[Path]:
    """JPEGs of two classes, each another part of a photo, resized; and one of each to validate."""
    random, paths = np.random.default_rng(0), []
    for name in ("china", "flower"):
        photo = Image.fromarray(load_sample_image(f"{name}.jpg"))
        for side, many in (("train", count // 2), ("val", 1)):
            (folder / side / name).mkdir(parents=True)
            for i in range(many):
                left, top = random.integers(0, 60, 2)
                path = folder / side / name / f"{i:04d}.jpg"
                part = photo.crop((left, top, left + 560, top + 367))
                part.resize((width, height), Image.Resampling.BICUBIC).save(path, quality=92)
                paths += [path] if side == "train" else []
    return paths


def alone(paths: list[Path], parts) -> Peer:
    """Decodes these parts of these files; elements are images."""

    def decode(path, part):
        return tf.io.decode_and_crop_jpeg(tf.io.read_file(path), part, 3)

    files = tf.data.Dataset.from_tensor_slices(([str(path) for path in paths], tf.stack(parts, axis=1)))
    files = files.repeat().map(decode, AUTOTUNE).prefetch(AUTOTUNE)
    return lambda: iter(files)


def ours(folder: Path, size: int, batch: int, augment) -> Peer:
    train = data.load(folder, (size, size, 3), batch=batch, augment=augment).train
    return lambda: iter(train)


def of_keras(folder: Path, size: int, batch: int, layers=(), **options) -> Peer:
    files = keras.utils.image_dataset_from_directory(
        folder / "train", batch_size=batch, image_size=(size, size), verbose=False, **options
    ).repeat()
    if layers:
        augment = keras.Sequential(layers)
        files = files.map(lambda images, classes: (augment(images, training=True), classes), AUTOTUNE)
    files = files.prefetch(AUTOTUNE)
    return lambda: iter(files)


def of_torchvision(folder: Path, batch: int, *steps, tensors: bool = False) -> Peer:
    if tensors:
        load, last = torchvision.io.decode_image, [v2.ToDtype(torch.float32, scale=True)]
    else:
        load, last = torchvision.datasets.folder.default_loader, [transforms.ToTensor()]
    change = transforms.Compose([*steps, *last, transforms.Normalize(*IMAGENET)])
    photos = torchvision.datasets.ImageFolder(folder / "train", change, loader=load)
    order = torch.utils.data.RandomSampler(photos, num_samples=10**9)  # epoch after epoch
    return lambda: iter(torch.utils.data.DataLoader(photos, batch, sampler=order, num_workers=WORKERS))


def cpu() -> float:
    """CPU seconds that this process and its workers have used up to now."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for child in multiprocessing.active_children():
        fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) / os.sysconf("SC_CLK_TCK")
    return used


def timed(peer: Peer, count: int) -> tuple[float, float]:
    """(seconds, CPU seconds) for so many elements after the first."""
    iterator = peer()
    next(iterator)
    begin = perf_counter(), cpu()
    for _ in range(count):
        next(iterator)
    return perf_counter() - begin[0], cpu() - begin[1]


def races(folder: Path, paths: list[Path], photo: tuple[int, int], size: int, batch: int) -> dict[str, dict[str, Peer]]:
    """What is measured: row -> name -> peer. "decoding alone" and "kerascnn" come first."""
    sizes = (*photo, size, size)
    inception = data.AUGMENTS["inception"]
    crop = data.Augment(inception.warp)
    random = draw_parts(crop, keys(0, 0, range(len(paths))), *sizes)
    decoding = alone(paths, random)
    larger = round(size * 256 / 224)
    rows = {
        "centre cut": {
            "decoding alone": alone(paths, [tf.fill([len(paths)], side) for side in cut_window(*sizes)]),
            "kerascnn": ours(folder, size, batch, "none"),
            "Keras": of_keras(folder, size, batch, crop_to_aspect_ratio=True),
            "Keras, squeezed": of_keras(folder, size, batch),
        },
        "random crop and flip": {
            "decoding alone": decoding,
            "kerascnn": ours(folder, size, batch, crop),
            "Keras": of_keras(
                folder,
                larger,
                batch,
                [keras.layers.RandomCrop(size, size), keras.layers.RandomFlip("horizontal")],
                crop_to_aspect_ratio=True,
            ),
        },
        "inception": {"decoding alone": decoding, "kerascnn": ours(folder, size, batch, inception)},
    }
    if torchvision:
        flip = transforms.RandomHorizontalFlip()
        steps = {
            "centre cut": [[kind.Resize(size), kind.CenterCrop(size)] for kind in (transforms, v2)],
            "random crop and flip": [[kind.RandomResizedCrop(size), flip] for kind in (transforms, v2)],
        }
        for row, (with_pillow, with_tensors) in steps.items():
            rows[row]["torchvision"] = of_torchvision(folder, batch, *with_pillow)
            rows[row]["torchvision, tensors"] = of_torchvision(folder, batch, *with_tensors, tensors=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["500x375", "1280x960"], help="of the photos in pixels")
    parser.add_argument("--size", type=int, default=224, help="side of what comes out")
    parser.add_argument("--photos", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    labels.MEMORY = 0  # small as it is, the folder is to be read in each epoch
    if not torchvision:
        print(f"torchvision: left out: {missing}")
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), *map(int, size.split("x")), args)


def measure(folder: Path, width: int, height: int, args) -> None:
    paths = make_photos(folder, args.photos, width, height)
    stored = sum(path.stat().st_size for path in paths) / len(paths)
    print(f"\n{args.photos} photos, {width}x{height}, {stored / 1000:.0f} kB, to {args.size}x{args.size}")
    steps = args.photos // args.batch  # of an epoch
    for row, peers in races(folder, paths, (height, width), args.size, args.batch).items():
        print(f"{row:24}{'images/s':>9}{'CPU s/1000':>12}")
        rounds = [
            {name: timed(peer, args.photos if name == "decoding alone" else steps) for name, peer in peers.items()}
            for _ in range(args.rounds)
        ]
        for name in peers:
            wall, used = (median(one[name][i] for one in rounds) for i in (0, 1))
            line = f"  {name:22}{args.photos / wall:9,.0f}{1000 * used / args.photos:12.2f}"
            if name == "kerascnn":
                shares = (median(one["decoding alone"][i] / one[name][i] for one in rounds) for i in (0, 1))
                line += "   ratio {:.2f}, of CPU {:.2f}".format(*shares)
            print(line, flush=True)


if __name__ == "__main__":
    main()
