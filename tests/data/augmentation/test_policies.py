"""Named policies: their amounts, and what is wrong with them."""

import subprocess
import sys

import pytest

from kerascnn import InputError
from kerascnn.data import AUGMENTS, WARPS, Augment, Crop, Warp
from kerascnn.data.augmentation.policies import AUGMENTS_DO, SIDE, WARPS_DO, check, chosen


def test_pixels_go_with_the_size():
    large, small = chosen("lectures", (SIDE, 300)), chosen("lectures", (SIDE // 7, SIDE // 7))
    assert large == AUGMENTS["lectures"]
    assert small.warp.translation == pytest.approx((-22 / 7, 22 / 7))


def test_amounts_of_a_name_can_be_changed():
    assert chosen("cifar,mixup=0.2, cutout=0.5", (32, 32)) == AUGMENTS["cifar"]._replace(mixup=0.2, cutout=0.5)


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ("inceptoin", "unknown augmentation 'inceptoin': did you mean inception\\?"),
        ("flip,mixin=1", "unknown amount of an augmentation 'mixin': did you mean mixup.*"),
        ("flip,mixup", "augment: mixup: must be an amount and its value, like mixup=0.2"),
        ("flip,hue='red'", "hue='red': must be a number from 0 to 0.5"),
        (Augment(brightness=2), "brightness=2: must be a number from 0 to 1"),
        (Augment(mixup=-1), "mixup=-1: must be a number from 0 to 100"),
        (Augment(randaugment=1.5), "randaugment=1.5: must be a whole number"),
        (Augment(Warp(rotation=(10, -10))), r"warp.rotation=\(10, -10\): must be \(low, high\)"),
        (Augment(Warp(scale=(0, 1))), r"warp.scale=\(0, 1\): must be \(low, high\), both from 0.01 to 100"),
        (Augment(Warp(crop=Crop(area=(0, 1)))), r"crop.area=\(0, 1\): must be \(low, high\), both from 0.0001 to 1"),
        (Augment(Warp(crop=Crop(side=(0.5, 1)))), r"crop.side=\(0.5, 1\): must be \(low, high\), both from 1 to 100"),
        (Augment("flip"), "warp='flip': must be a Warp"),
    ],
)
def test_wrong_input_is_one_line(how, line):
    with pytest.raises(InputError, match=f"^{line}$"):
        chosen(how, (32, 32))


@pytest.mark.parametrize("name", AUGMENTS)
def test_what_has_a_name_is_right(name):
    check(AUGMENTS[name])


@pytest.mark.parametrize(("names", "does"), [(AUGMENTS, AUGMENTS_DO), (WARPS, WARPS_DO)])
def test_what_has_a_name_says_what_it_does(names, does):
    assert list(does) == list(names)
    assert all(10 <= len(line) <= 120 and "\n" not in line for name, line in does.items() if name != "none")


def test_names_are_read_without_tensorflow():
    script = "import sys, kerascnn; kerascnn.data.AUGMENTS, kerascnn.data.WARPS; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "keras", "numpy"} & set(loaded)
