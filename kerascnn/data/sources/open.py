"""Opens a set by its name, or a folder by its path."""

from pathlib import Path, PurePath

from ...errors import InputError
from . import class_folder, tfds


def native_shape(name: str | Path) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of a set's images as they are, None where they differ."""
    return class_folder.native_shape(Path(name).expanduser()) if is_folder(name) else tfds.native_shape(name)


def opened(name: str | Path, limit: int | None = None) -> tuple:
    """(name, class names in label order, training examples, validation examples) of a set, of which none is decoded."""
    if is_folder(name):
        return class_folder.open_folder(Path(name).expanduser(), limit)
    return tfds.open_named(name, limit)


def is_folder(name):
    if isinstance(name, PurePath) or name.startswith((".", "/", "~")):
        return True
    return name != "digits" and Path(name).is_dir()


def target_shape(name, image_shape):
    """The shape of what comes out: `image_shape` where it is one, by default the set's own."""
    if image_shape is None:
        image_shape = native_shape(name)
        if None in image_shape:
            raise InputError(f"{name}: its images differ in size: pass image_shape=(height, width, channels)")
    right = isinstance(image_shape, (tuple, list)) and len(image_shape) == 3
    if not right or not all(isinstance(n, int) and n > 0 for n in image_shape) or image_shape[2] not in (1, 3):
        raise InputError(f"image_shape={image_shape!r}: must be (height, width, channels) with 1 or 3 channels")
    return tuple(image_shape)
