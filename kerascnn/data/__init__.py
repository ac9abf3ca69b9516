"""Named sets and folders of images, as training and validation pipelines.

load(name, ...)           a set's name or a folder -> Data: pipelines, sizes, classes, statistics
native_shape(name)        the size of its images before resizing
read_images(paths, ...)   image files, cropped and resized as for training
read_whole(path, ...)     an image file at its own size
load_masks(name, ...)     images with masks -> Masks: the same, and the validation images as a whole
native_mask_shape(name)   the size of these images
load_pairs(name, ...)     pairs of images, of the same class or not -> Pairs: the same, and the unseen classes
read_runs(path, ...)      the official one-shot trials of Omniglot; sample_trials(group, ...) draws others
check_folder(path, ...)   all that is wrong with a folder of images or of masks -> FolderCheck
weight_map(mask, ...)     pixel weights that make a network separate touching cells
AUGMENTS                  augmentation policies of the papers, by name; Augment(...) makes another one
augment(images, ...)      applies a policy to a batch of images and labels
Warp(rotation=..., ...)   geometric distortions of images and their masks; WARPS has some by name
scale(images, ...)        pixels -> the range that a network expects; SCALINGS names the ranges
STATISTICS                mean and standard deviation of the pixels of known sets
"""

from .augmentation.crop import Crop
from .augmentation.policies import AUGMENTS, Augment, augment
from .augmentation.warp import WARPS, Warp
from .checking.folder_check import check_folder
from .checking.report import FolderCheck
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
    "FolderCheck",
    "Masks",
    "Pairs",
    "Trial",
    "Warp",
    "augment",
    "check_folder",
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
