"""What is known of a network before it is built."""

from typing import NamedTuple

TASKS = ("classify", "segment", "reconstruct", "verify")
SCALINGS = {
    "standard": "each channel minus its mean over its standard deviation",
    "symmetric": "-1 to 1",
    "unit": "0 to 1",
}


class Paper(NamedTuple):
    title: str
    authors: str
    year: int
    link: str


class Card(NamedTuple):
    """What is known of a network before it is built.

    `trainable` and `params` count the parameters that training changes and all of them (Keras's `count_params()`);
    `macs` counts the multiply-accumulates of convolutions and dense layers for one image of `input_shape` (height,
    width, channels), or for the pair that a network verifies. `published` holds what the paper itself prints, `departs`
    what here differs from the paper. `scaling` is the range that the network's images come in, a key of `SCALINGS`;
    `min_size` the smallest height and width.
    """

    name: str
    module: str
    paper: Paper
    where: str
    input_shape: tuple[int, int, int]
    classes: int
    trainable: int
    params: int
    macs: int
    same_as: str = "the paper's table, worked out by hand"
    published: dict[str, str] = {}
    departs: str = ""
    scaling: str = "standard"
    min_size: int = 1
    task: str = "classify"
