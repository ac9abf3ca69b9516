"""Named sets and folders of images, as training and validation pipelines.

load(name, ...)           a set's name or a folder -> Data: pipelines, sizes, classes, statistics
native_shape(name)        the size of its images before anything is done to them
read_images(paths, ...)   files, decoded, cut and resized as for training
read_whole(path, ...)     a file at its own size
load_masks(name, ...)     images with masks -> Masks: the same, and the held-out images whole
native_mask_shape(name)   the size of these images
load_pairs(name, ...)     pairs of images, of the same class or not -> Pairs: the same, and the unseen classes
read_runs(path, ...)      the official one-shot trials of Omniglot; sample_trials(group, ...) draws others
weight_map(mask, ...)     weights of pixels that keep touching cells apart
AUGMENTS                  what is done to training images, by name, after the papers; Augment(...) of one's own
augment(images, ...)      does it to a batch of images and its labels
Warp(rotation=..., ...)   geometric distortions, of images and masks together; WARPS names some
scale(images, ...)        pixels -> the range that a network wants; SCALINGS names the ranges
STATISTICS                mean and standard deviation of known sets
"""

from .augmentation.crop import Crop
from .augmentation.policies import AUGMENTS, Augment, augment
from .augmentation.warp import WARPS, Warp
from .labels import Data, load
from .masks import Masks, load_masks
from .one_shot import Trial, read_runs, sample_trials
from .pairs import Pairs, load_pairs
from .pixel_weights import weight_map
from .scaling import SCALINGS, STATISTICS, scale
from .sources.decoding import read_images
from .sources.mask_folder import read_whole
from .sources.open import native_mask_shape, native_shape

__all__ = [
    "AUGMENTS",
    "SCALINGS",
    "STATISTICS",
    "WARPS",
    "Augment",
    "Crop",
    "Data",
    "Masks",
    "Pairs",
    "Trial",
    "Warp",
    "augment",
    "load",
    "load_masks",
    "load_pairs",
    "native_mask_shape",
    "native_shape",
    "read_images",
    "read_runs",
    "read_whole",
    "sample_trials",
    "scale",
    "weight_map",
]
