"""Labelled examples of three kinds: arrays in memory, image files, and records of TensorFlow Datasets.

All three have a `size`, the `native` shape of their images (None where they differ), the `bits` that are filled in
files of 16 (None where there are none), and

    in_memory(image_shape)                 all of them as `Arrays`, cropped and resized
    parted(share)                          (examples that train, examples that are held out): always the same ones, this
                                           share of each class; of records the last ones, whose classes are not known
    counts(classes)                        how many have which class, (classes,)
    in_order(), shuffled(seed, epoch)      a dataset of examples, as numbers or as encoded records
    batches(examples, batch, image_shape)  their batches (uint8 images, int32 labels, numbers in the set): the images at
                                           their native shape if they all have the same, else cropped and resized to
                                           `image_shape`

Where images may have several labels, these are float32 (n, classes), 0 or 1.

`batches` also takes a `window`: (numbers, rows, columns, height, width) -> crops (top, left, rows, columns), all of
shape (n,). By default crops are central. And it takes what is `mirrored`: numbers -> bool (n,).
"""

import os
import re
from functools import partial
from pathlib import Path
from weakref import WeakSet

import numpy as np
import tensorflow as tf

from ...errors import InputError
from ..pixels import fit, mirrored_if
from ..sampling.shuffling import shuffled
from ..sampling.split import held_out
from .decoding import UPRIGHT, decode_files, decode_jpeg, decode_other, jpeg_parts
from .file_checks import Header, check_unchanged

AUTOTUNE = tf.data.AUTOTUNE
CHUNK = 256  # images that are resized together
WINDOW = 4096  # records that are shuffled together, still encoded: a photo of ImageNet has 110 kB


class Indexed:
    """Examples that can be reached by their number."""

    bits = None

    def __init__(self, labels):
        with tf.device("CPU:0"):
            self.labels = tf.cast(labels, tf.int32 if np.ndim(labels) == 1 else tf.float32)
        self.size = len(labels)

    def counts(self, classes):
        labels = self.labels.numpy()
        return np.bincount(labels, minlength=classes) if labels.ndim == 1 else np.count_nonzero(labels, axis=0)

    def in_order(self):
        return tf.data.Dataset.range(self.size)

    def shuffled(self, seed, epoch):
        return tf.data.Dataset.from_tensor_slices(shuffled(self.size, [seed, epoch]))


class Arrays(Indexed):
    """Images in memory, uint8 of shape (n, height, width, channels)."""

    def __init__(self, images, labels):
        super().__init__(labels)
        with tf.device("CPU:0"):
            self.images = tf.convert_to_tensor(images)
        self.native = tuple(self.images.shape[1:])

    def in_memory(self, image_shape):
        if self.native == image_shape:
            return self
        chunks = range(0, self.size, CHUNK)
        return Arrays(np.concatenate([fit(self.images[i : i + CHUNK], image_shape) for i in chunks]), self.labels)

    def parted(self, share):
        held = held_out([f"held out {i}" for i in range(self.size)], self.labels, share)
        return tuple(Arrays(self.images[of], self.labels[of]) for of in (~held, held))

    def batches(self, examples, batch, image_shape, window=None, mirrored=None):
        return examples.batch(batch).map(lambda i: (tf.gather(self.images, i), tf.gather(self.labels, i), i))


class Files(Indexed):
    """Image files and what their headers say; see `file_checks.read_headers`."""

    native = (None, None, 3)

    def __init__(self, paths: list[Path], headers: list[Header], labels):
        super().__init__(labels)
        self.paths, self.headers = paths, headers
        self.bits = next((header.filled for header in headers if header.bits == 16), None)
        self.names = [os.fsencode(path) for path in paths]
        OPENED.add(self)

    def in_memory(self, image_shape):
        return Arrays(decode_files(self.paths, self.headers, image_shape), self.labels)

    def parted(self, share):
        held = held_out([f"held out {path.parent.name}/{path.name}" for path in self.paths], self.labels, share)

        def part(of):
            chosen = np.flatnonzero(of)
            paths, headers = ([some[i] for i in chosen] for some in (self.paths, self.headers))
            return Files(paths, headers, self.labels.numpy()[chosen])

        return part(~held), part(held)

    def batches(self, examples, batch, image_shape, window=None, mirrored=None):
        jpeg = [header.format == "JPEG" for header in self.headers]
        upright = all(header.turn == UPRIGHT for header in self.headers)
        with tf.device("CPU:0"):
            names = tf.constant(self.names)
            sizes = tf.constant([header.size for header in self.headers])
            turns, are_jpeg = tf.constant([header.turn for header in self.headers]), tf.constant(jpeg)

        def unchanged(numbers):
            for number in numbers:
                check_unchanged(self.paths[number], self.headers[number].stamp)
            return numbers

        def other(number):
            return decode_other(self.paths[number], self.headers[number], image_shape)

        def planned(numbers):
            """Work that is done for many images at once, and so not for each."""
            numbers = tf.ensure_shape(tf.numpy_function(unchanged, [numbers], numbers.dtype, stateful=False), [None])
            rows, columns = tf.unstack(tf.gather(sizes, numbers), axis=1)
            turn = tf.gather(turns, numbers)
            found = jpeg_parts(rows, columns, image_shape, window and partial(window, numbers), turn)
            flips = [mirrored(numbers)] if mirrored else []
            return tf.gather(names, numbers), turn, *found, tf.gather(self.labels, numbers), numbers, *flips

        def read(name, turn, part, ratio, label, number, *flips):
            def photo():
                contents = tf.io.read_file(name)
                return decode_jpeg(contents, part, ratio, UPRIGHT if upright else turn, image_shape)

            def picture():
                image = tf.numpy_function(other, [number], tf.uint8, stateful=False)
                return fit(tf.ensure_shape(image, [None, None, 3]), image_shape, _for_one(window, number))

            image = photo() if all(jpeg) else tf.cond(are_jpeg[number], photo, picture)
            return mirrored_if(*flips, image) if flips else image, label, number

        known = tf.data.experimental.assert_cardinality(examples.cardinality())  # which `unbatch` forgets
        return examples.batch(CHUNK).map(planned).unbatch().apply(known).map(read, AUTOTUNE).batch(batch)


OPENED: WeakSet[Files] = WeakSet()  # by this process


def broken_file(error: Exception) -> InputError | None:
    """The file that made TensorFlow stop; None if none did.

    An `InputError` of ours is within TensorFlow's words. Its own decoder of JPEG names no file, but sometimes its size:
    such files are tried first.
    """
    if found := re.search(r"InputError: (.+)", str(error)):
        return InputError(found[1])
    if "JPEG" not in str(error) and not isinstance(error, (tf.errors.NotFoundError, tf.errors.PermissionDeniedError)):
        return None
    sizes = set(map(int, re.findall(r"data size (\d+)", str(error))))
    files = [file for some in list(OPENED) for file in zip(some.paths, some.headers, strict=True)]
    files = sorted(files, key=lambda file: file[1].stamp[0] not in sizes)
    try:
        for path, header in files:
            if header.format == "JPEG":  # all others are decoded by us
                decode_files([path], [header], (8, 8, 3))
    except InputError as found:
        return found
    return None


class Records:
    """A part of a set of TensorFlow Datasets; `split` in its own language, like "train[:100]"."""

    bits = None

    def __init__(self, builder, split: str, size: int):
        self.builder, self.split, self.size = builder, split, size
        self.image_name, _ = builder.info.supervised_keys
        self.feature = builder.info.features[self.image_name]
        self.native = self.feature.shape

    def in_order(self):
        from tensorflow_datasets import ReadConfig, decode

        records = self.builder.as_dataset(
            split=self.split,
            as_supervised=True,
            decoders={self.image_name: decode.SkipDecoding()},
            read_config=ReadConfig(try_autocache=False),
        )
        return records.enumerate().map(lambda number, record: (number, *record))

    def shuffled(self, seed, epoch):
        """Windows of records, with other borders in each epoch. (`Dataset.shuffle` also depends on the global seed.)"""
        records, key = self.in_order(), tf.stack([seed, epoch])
        border = tf.random.stateless_uniform([], key, 1, WINDOW, tf.int64)
        windows = records.take(border).batch(WINDOW).concatenate(records.skip(border).batch(WINDOW))

        def mixed(window, examples):
            order = shuffled(tf.size(examples[0]), tf.random.fold_in(key, window))
            return tuple(tf.gather(part, order) for part in examples)

        return windows.enumerate().map(mixed).prefetch(1).unbatch()

    def parted(self, share):
        split, start, stop = re.fullmatch(r"(.+)\[(\d+):(\d+)\]", self.split).groups()
        cut = int(stop) - max(1, round(self.size * share))
        parts = [(int(start), cut), (cut, int(stop))]
        return tuple(Records(self.builder, f"{split}[{first}:{last}]", last - first) for first, last in parts)

    def counts(self, classes):
        """All records are read, but no image is decoded."""
        labels = self.in_order().map(lambda number, contents, label: label).batch(WINDOW)
        return sum(np.bincount(some, minlength=classes) for some in labels.as_numpy_iterator())

    def in_memory(self, image_shape):
        batches = self.batches(self.in_order(), CHUNK, image_shape)
        batches = batches.map(lambda images, labels, _: (fit(images, image_shape), labels), AUTOTUNE)
        images, labels = zip(*batches.as_numpy_iterator(), strict=True)
        return Arrays(np.concatenate(images), np.concatenate(labels))

    def batches(self, examples, batch, image_shape, window=None, mirrored=None):
        def read(number, contents, label):
            def photo():
                rows, columns = (side[None] for side in tf.unstack(tf.io.extract_jpeg_shape(contents))[:2])
                part, ratio = jpeg_parts(rows, columns, image_shape, window and partial(window, number[None]))
                return decode_jpeg(contents, part[0], ratio[0], UPRIGHT, image_shape)

            def other():
                return fit(self.feature.decode_example(contents), image_shape, _for_one(window, number))

            if None in self.native:
                image = tf.cond(tf.io.is_jpeg(contents), photo, other)
                image = mirrored_if(mirrored(number[None])[0], image) if mirrored else image
            else:
                image = self.feature.decode_example(contents)
            return image, tf.cast(label, tf.int32), number

        return examples.map(read, AUTOTUNE).batch(batch)


def _for_one(window, number):
    """A `window` for one image, as `fit` takes it."""
    return window and (lambda *sizes: tuple(part[0] for part in window(number[None], *sizes)))
