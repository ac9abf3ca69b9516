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

Importing this package brings in no TensorFlow: what is used of it does.
"""

from typing import TYPE_CHECKING

from ..late_imports import late

if TYPE_CHECKING:  # what editors and type checkers see; at run time `__getattr__` imports it
    from .augmentation.augment import augment
    from .augmentation.policies import AUGMENTS, WARPS, Augment, Crop, Warp
    from .checking.folder_check import check_folder
    from .checking.report import FolderCheck
    from .labels import Data, load, native_shape
    from .masks import Masks, load_masks
    from .one_shot import Trial, read_runs, sample_trials
    from .pairs import Pairs, load_pairs
    from .pixel_weights import weight_map
    from .scaling import SCALINGS, STATISTICS, scale
    from .sources.decoding import read_images
    from .sources.mask_folder import read_whole
    from .sources.open import native_mask_shape

_HOMES = {
    "augment": "augmentation.augment",
    "AUGMENTS": "augmentation.policies",
    "WARPS": "augmentation.policies",
    "Augment": "augmentation.policies",
    "Crop": "augmentation.policies",
    "Warp": "augmentation.policies",
    "check_folder": "checking.folder_check",
    "FolderCheck": "checking.report",
    "Data": "labels",
    "load": "labels",
    "Masks": "masks",
    "load_masks": "masks",
    "Trial": "one_shot",
    "read_runs": "one_shot",
    "sample_trials": "one_shot",
    "Pairs": "pairs",
    "load_pairs": "pairs",
    "weight_map": "pixel_weights",
    "SCALINGS": "scaling",
    "STATISTICS": "scaling",
    "scale": "scaling",
    "read_images": "sources.decoding",
    "read_whole": "sources.mask_folder",
    "native_mask_shape": "sources.open",
    "native_shape": "labels",
}
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
__getattr__, __dir__ = late(__name__, _HOMES)
