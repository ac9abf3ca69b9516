"""Labelled examples of three kinds: arrays in memory, image files, and records of TensorFlow Datasets.

All three have a `size`, the `native` shape of their images (None where they differ), and

    in_memory(image_shape)                 all of them as `Arrays`, cropped and resized
    parted(share)                          (examples that train, examples that are held out, about this share): always
                                           the same ones
    in_order(), shuffled(seed, epoch)      a dataset of examples, as numbers or as encoded records
    batches(examples, batch, image_shape)  their batches (uint8 images, int32 labels, numbers in the set): the images at
                                           their native shape if they all have the same, else cropped and resized to
                                           `image_shape`

`batches` also takes a `window`: (numbers, rows, columns, height, width) -> crops (top, left, rows, columns), all of
shape (n,). By default crops are central.
"""

import os
import re
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..pixels import fit
from ..sampling.shuffling import shuffled
from ..sampling.split import held_out
from .decoding import UPRIGHT, decode_files, decode_jpeg, decode_other, jpeg_parts
from .file_checks import measure

AUTOTUNE = tf.data.AUTOTUNE
CHUNK = 256  # images that are resized together
WINDOW = 4096  # records that are shuffled together, still encoded: a photo of ImageNet has 110 kB


class Indexed:
    """Examples that can be reached by their number."""

    def __init__(self, labels):
        with tf.device("CPU:0"):
            self.labels = tf.cast(labels, tf.int32)
        self.size = len(labels)

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

    def batches(self, examples, batch, image_shape, window=None):
        return examples.batch(batch).map(lambda i: (tf.gather(self.images, i), tf.gather(self.labels, i), i))


class Files(Indexed):
    """Image files and their EXIF orientations."""

    native = (None, None, 3)

    def __init__(self, paths: list[Path], turns: list[int], labels):
        super().__init__(labels)
        self.paths, self.turns = paths, turns
        with tf.device("CPU:0"):
            self.read_from = tf.constant([os.fsencode(path) for path in paths]), tf.constant(turns)

    def in_memory(self, image_shape):
        return Arrays(decode_files(self.paths, self.turns, image_shape), self.labels)

    def parted(self, share):
        held = held_out([f"held out {path.parent.name}/{path.name}" for path in self.paths], self.labels, share)

        def part(of):
            chosen = np.flatnonzero(of)
            return Files([self.paths[i] for i in chosen], [self.turns[i] for i in chosen], self.labels.numpy()[chosen])

        return part(~held), part(held)

    def batches(self, examples, batch, image_shape, window=None):
        sizes, jpeg = self.measured
        upright = all(turn == UPRIGHT for turn in self.turns)

        def planned(numbers):
            """Work that is done for many images at once, and so not for each."""
            rows, columns = tf.unstack(tf.gather(sizes, numbers), axis=1)
            turns = tf.gather(self.read_from[1], numbers)
            found = jpeg_parts(rows, columns, image_shape, window and partial(window, numbers), turns)
            paths, labels = tf.gather(self.read_from[0], numbers), tf.gather(self.labels, numbers)
            return paths, turns, tf.gather(jpeg, numbers), *found, labels, numbers

        def read(path, turn, is_jpeg, part, ratio, label, number):
            def photo():
                contents = tf.io.read_file(path)
                return decode_jpeg(contents, part, ratio, UPRIGHT if upright else turn, image_shape)

            def other():
                return fit(decode_other(path), image_shape, _for_one(window, number))

            return photo() if all(jpeg) else tf.cond(is_jpeg, photo, other), label, number

        known = tf.data.experimental.assert_cardinality(examples.cardinality())  # which `unbatch` forgets
        return examples.batch(CHUNK).map(planned).unbatch().apply(known).map(read, AUTOTUNE).batch(batch)

    @cached_property
    def measured(self):
        return measure(self.paths)


class Records:
    """A part of a set of TensorFlow Datasets; `split` in its own language, like "train[:100]"."""

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

    def in_memory(self, image_shape):
        batches = self.batches(self.in_order(), CHUNK, image_shape)
        batches = batches.map(lambda images, labels, _: (fit(images, image_shape), labels), AUTOTUNE)
        images, labels = zip(*batches.as_numpy_iterator(), strict=True)
        return Arrays(np.concatenate(images), np.concatenate(labels))

    def batches(self, examples, batch, image_shape, window=None):
        def read(number, contents, label):
            def photo():
                rows, columns = (side[None] for side in tf.unstack(tf.io.extract_jpeg_shape(contents))[:2])
                part, ratio = jpeg_parts(rows, columns, image_shape, window and partial(window, number[None]))
                return decode_jpeg(contents, part[0], ratio[0], UPRIGHT, image_shape)

            def other():
                return fit(self.feature.decode_example(contents), image_shape, _for_one(window, number))

            if None in self.native:
                image = tf.cond(tf.io.is_jpeg(contents), photo, other)
            else:
                image = self.feature.decode_example(contents)
            return image, tf.cast(label, tf.int32), number

        return examples.map(read, AUTOTUNE).batch(batch)


def _for_one(window, number):
    """A `window` for one image, as `fit` takes it."""
    return window and (lambda *sizes: tuple(part[0] for part in window(number[None], *sizes)))
