"""Named sets and folders of images, as training and validation pipelines.

load(name, ...)           a set's name or a folder -> Data: pipelines, sizes, classes, statistics
native_shape(name)        the size of its images before anything is done to them
read_images(paths, ...)   files, decoded, cut and resized as for training
load_pairs(name, ...)     pairs of images, of the same class or not -> Pairs: the same, and the unseen classes
read_runs(path, ...)      the official one-shot trials of Omniglot; sample_trials(group, ...) draws others
scale(images, ...)        pixels -> the range that a network wants; SCALINGS names the ranges
STATISTICS                mean and standard deviation of known sets
"""

from .images import read_images
from .oneshot import Trial, read_runs, sample_trials
from .pairs import Pairs, load_pairs
from .pipeline import Data, load, native_shape
from .scaling import SCALINGS, STATISTICS, scale

__all__ = [
    "SCALINGS",
    "STATISTICS",
    "Data",
    "Pairs",
    "Trial",
    "load",
    "load_pairs",
    "native_shape",
    "read_images",
    "read_runs",
    "sample_trials",
    "scale",
]
