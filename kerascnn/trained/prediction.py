"""What trained networks say of image files, task by task."""

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from ..data.sources.decoding import decode_files, fill_bits
from ..data.sources.file_checks import EXTENSIONS, Header, read_headers
from ..data.sources.folder_tree import FolderTree
from ..errors import InputError, count
from ..training import files
from ..training.tasks.sliding_window import bands
from .prediction_files import (
    KINDS,
    SHEET,
    SHOWN,
    as_table,
    cells_of,
    draw_sheet,
    file_names,
    pictures_of,
    written,
)  # fmt: skip
from .verdict import scaled, sound

BATCH, BATCH_PIXELS = 64, 2**21  # the most that are predicted at once
NEAREST = 5
SURE = 0.5  # above which a class, or a pair, is named


def predict(
    model: str | Path,
    images: Iterable[str | Path],
    top: int | None = None,
    tta: bool = False,
    *,
    out: str | Path | None = None,
    csv: str | Path | None = None,
    overwrite: bool = False,
    pictures: bool = True,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[dict]:
    """What a network says of images: classes, masks, reconstructions, or whether two show the same.

    The headers of all images are read before the first one is decoded, and of the files none is there until all are.

    Args:
        model: a run folder, or its `model.keras`.
        images: image files, or folders in which they lie, wherever. For a network that verifies, two images; or an
            image and a folder, with each of whose other images it is compared.
        top: how many of the likeliest classes to name, by default one, and of a network with several labels all above
            0.5; or how many of the nearest images in the folder, by default up to 5.
        tta: for segmenters, test-time augmentation: the average of eight answers; see `sliding_window.probabilities`.
        out: a folder for files, which is made where it is missing: `sheet.png`, a picture of the first answers, and for
            each image `NAME.mask.png` (8 bits, the numbers of the classes, with a palette) and `NAME.overlay.png`, or
            `NAME.reconstruction.png`.
        csv: a file for the answers as a table.
        overwrite: whether files that are there may be replaced.
        pictures: whether masks and reconstructions are in the answers, where there is no `out`.
        progress: is called with the number of images that are done, and of all.

    Returns:
        For each image a dict, by what the network is there for:

        * classify: `{"image": path, "classes": {name: probability}}`, the likeliest class first.
        * segment: `{"image": path, "shares": {name: share of the pixels}, "mask": array}`, uint8 (height, width): the
          number of the likeliest class, at the image's own size, which should be that of the images of the training.
        * reconstruct: `{"image": path, "mse": mean squared error, "reconstruction": array}`, white being 1; uint8
          (height, width, channels), as the network gets to see the image.
        * verify: `{"left": path, "right": path, "same": bool, "probability": that they show the same}`, the nearest
          first.

        With `out`, arrays are paths of files, and segmenters name their `overlay`, too.

    Raises:
        InputError: no such model or image, an answer that is no number; a broken image or one of too many pixels (see
            `data.read_images`), an empty folder, an argument that doesn't suit the task, a file that is there.
    """
    network, about = files.trained(model)
    images = [images] if isinstance(images, (str, Path)) else list(images)
    paths = _paths(about, images)
    _check(about, top, tta, nearest=len(images) == 2 and Path(images[1]).is_dir())
    headers = fill_bits(paths, read_headers(paths), about.get("bits"))
    asked = Asked(network, about, model, paths, headers, top, tta, progress)
    task, answers, cells = about["task"], [], []
    kinds, out, csv = KINDS[task], out and Path(out), csv and Path(csv)
    names = file_names(paths) if kinds else repeat("")
    places = [out / f"{name}.{kind}.png" for kind in kinds for name in names] if out else []
    with written([*([out / SHEET] if out else []), *places, *([csv] if csv else [])], overwrite) as draft:
        for (answer, shown), name in zip(TASKS[task](asked), names, strict=False):
            if out:
                for kind, picture in pictures_of(about, shown).items():
                    place = out / f"{name}.{kind}.png"
                    picture.save(draft(place))
                    answer[kind] = str(place)
                if len(answers) < SHOWN:
                    cells += cells_of(about, answer, shown, first=not answers)
            elif pictures:
                answer |= {kind: shown[kind] for kind in kinds if kind in shown}
            answers.append(answer)
        if out:
            draw_sheet(draft(out / SHEET), about, cells, len(answers))
        if csv:
            files.write_csv(draft(csv), *as_table(answers))
    return answers


class Asked(NamedTuple):
    """A network, what it says about itself, what it was called, and what it is asked."""

    network: keras.Model
    about: dict
    model: str | Path
    paths: list[Path]
    headers: list[Header]
    top: int | None
    tta: bool
    progress: Callable[[int, int], None]

    def scaled(self, images: np.ndarray) -> np.ndarray:
        return scaled(self.about, images)

    def decoded(self, numbers: slice, size: tuple[int, int] | None = None) -> np.ndarray:
        """Images (n, height, width, channels), uint8, of the size that the network takes or another one."""
        shape = self.about["input_shape"]
        return decode_files(self.paths[numbers], self.headers[numbers], (*(size or shape[:2]), shape[2]))

    def batches(self, start: int = 0) -> Iterator[tuple[slice, np.ndarray]]:
        """The images from a number on, as the network takes them, and which they are."""
        height, width, _ = self.about["input_shape"]
        size = min(BATCH, max(1, BATCH_PIXELS // (height * width)))
        for i in range(start, len(self.paths), size):
            part = slice(i, min(i + size, len(self.paths)))
            yield part, self.decoded(part)
            self.progress(part.stop, len(self.paths))


def name_classes(asked: Asked) -> Iterator[tuple[dict, dict]]:
    """The answers of a classifier, each with its image."""
    names, several = asked.about["classes"], asked.about.get("multi_label") is True
    for part, images in asked.batches():
        answers = sound(asked.model, asked.network.predict_on_batch(asked.scaled(images)))
        for path, image, answer in zip(asked.paths[part], images, answers, strict=True):
            best = np.argsort(-answer, kind="stable")
            best = best[answer[best] > SURE] if several and not asked.top else best[: asked.top or 1]
            yield {"image": str(path), "classes": {names[i]: float(answer[i]) for i in best}}, {"image": image}


def segment(asked: Asked) -> Iterator[tuple[dict, dict]]:
    """The answers of a segmenter, each with its image at its own size and the mask."""
    names, tile = asked.about["classes"], asked.about["input_shape"][:2]
    for i, (path, header) in enumerate(zip(asked.paths, asked.headers, strict=True)):
        (image,) = asked.decoded(slice(i, i + 1), header.shape[:2])
        found = bands(asked.network, image, tta=asked.tta, tile=tile, scaled=asked.scaled)
        parts = [sound(asked.model, band).argmax(-1).astype(np.uint8) for band in found]
        shares = sum(np.bincount(part.ravel(), minlength=len(names)) for part in parts) / image[..., 0].size
        answer = {"image": str(path), "shares": dict(zip(names, shares.tolist(), strict=True))}
        yield answer, {"image": image, "mask": np.concatenate(parts)}
        asked.progress(i + 1, len(asked.paths))


def reconstruct(asked: Asked) -> Iterator[tuple[dict, dict]]:
    """The answers of an autoencoder, each with its image and what becomes of it."""
    ends = np.array([0, 255], np.uint8)[:, None].repeat(asked.about["input_shape"][2], axis=-1)
    black, white = asked.scaled(ends)
    for part, images in asked.batches():
        answers = sound(asked.model, asked.network.predict_on_batch(asked.scaled(images)), probabilities=False)
        answers = (answers - black) / (white - black)
        errors = ((answers - images / 255) ** 2).mean(axis=(1, 2, 3), dtype=np.float64)
        answers = np.rint(255 * answers.clip(0, 1)).astype(np.uint8)
        for path, image, answer, error in zip(asked.paths[part], images, answers, errors, strict=True):
            yield {"image": str(path), "mse": float(error)}, {"image": image, "reconstruction": answer}


def verify(asked: Asked) -> Iterator[tuple[dict, dict]]:
    """The answers of a network that verifies, about the first image and each of the others, the nearest first."""
    (left,), found = asked.decoded(slice(1)), []
    for _, images in asked.batches(start=1):
        pairs = [asked.scaled(np.broadcast_to(left, images.shape)), asked.scaled(images)]
        found.extend(sound(asked.model, asked.network.predict_on_batch(pairs))[:, 0].tolist())
    nearest = sorted(range(len(found)), key=lambda i: -found[i])
    for i in nearest[: asked.top or NEAREST]:
        answer = {"left": str(asked.paths[0]), "right": str(asked.paths[i + 1])}
        answer |= {"same": found[i] > SURE, "probability": found[i]}
        yield answer, {"left": left, "right": asked.decoded(slice(i + 1, i + 2))[0]}


TASKS = {"classify": name_classes, "segment": segment, "reconstruct": reconstruct, "verify": verify}


def _check(about, top, tta, nearest):
    """Raise an `InputError` for an argument that doesn't suit the task."""
    task, classes = about["task"], len(about["classes"])
    if top is not None:
        count("top", top)
        if task != "classify" and not nearest:
            here = "two images" if task == "verify" else f"{about['name']}, which is there to {task}"
            raise InputError(f"top={top}: is for classifiers, and for one image and a folder; not for {here}")
        if task == "classify" and top > classes:
            raise InputError(f"top={top}: must be from 1 to {classes}, the number of classes")
    if tta and task != "segment":
        raise InputError(f"tta=True: is for segmenters; {about['name']} is there to {task}")
    if task == "segment" and classes > 256:
        raise InputError(f"{about['name']} with {classes} classes: a mask of 8 bits has no more than 256")


def _paths(about, images: list) -> list[Path]:
    """The files of images and of folders."""
    images = list(map(Path, images))
    if about["task"] != "verify":
        found = [path for image in images for path in _files(image)]
        if not found:
            raise InputError("no image is given")
        return found
    if len(images) != 2 or images[0].is_dir():
        given = f"{images[0]} is a folder" if len(images) == 2 else f"{len(images)} given"
        raise InputError(
            f"{about['name']} takes two images, LEFT RIGHT, or an image and a folder, IMAGE FOLDER: {given}"
        )
    one, other = images
    if not other.is_dir():
        return images
    read_headers([one])
    others = [path for path in _files(other) if not path.exists() or not path.samefile(one)]
    if not others:
        raise InputError(f"{other}: has no image but {one} itself")
    return [one, *others]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = FolderTree(path).images("")
    if not found:
        raise InputError(f"{path}: has no images; allowed are {', '.join(EXTENSIONS)}")
    return [path / name for name in found]
