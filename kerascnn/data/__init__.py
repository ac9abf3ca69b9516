"""Named sets and folders of images, as training and validation pipelines.

load(name, ...)           a set's name or a folder -> Data: pipelines, sizes, classes, statistics
native_shape(name)        the size of its images before anything is done to them
read_images(paths, ...)   files, decoded, cut and resized as for training
scale(images, ...)        pixels -> the range that a network wants; SCALINGS names the ranges
STATISTICS                mean and standard deviation of known sets
"""

from .images import read_images
from .pipeline import Data, load, native_shape
from .scaling import SCALINGS, STATISTICS, scale

__all__ = ["SCALINGS", "STATISTICS", "Data", "load", "native_shape", "read_images", "scale"]
