"""What is drawn: how often, how much."""

import numpy as np
import pytest

from kerascnn.data.augmentation.randaugment import OPERATIONS, draw
from kerascnn.data.sampling.stateless_random import keys

MANY = keys(0, 0, range(6000))


def drawn(operations, magnitude):
    found = draw(operations, magnitude, MANY, (224, 448))
    matrices, (x, y) = found.more
    return matrices.numpy(), x.numpy(), y.numpy(), {name: part.numpy() for name, part in found.factors.items()}, found


def test_one_operation_for_each_image_and_all_equally_often():
    matrices, x, y, factors, found = drawn(1, 10)
    turned = ~np.isclose(matrices[:, 0, 1], -matrices[:, 1, 0]) | np.isclose(matrices[:, 0, 1], 0)
    values = {name: part.numpy() for name, part in found.values.items()}
    happened = {
        "rotate": ~turned,
        "shear_x": ~np.isclose(matrices[:, 0, 1], 0) & turned,
        "shear_y": ~np.isclose(matrices[:, 1, 0], 0) & turned,
        "translate_x": x != 0,
        "translate_y": y != 0,
        **{name: factor != 1 for name, factor in factors.items()},
        "stretch": values["stretch"],
        "equalize": values["equalize"],
        "posterize": values["bits"] != 8,
        "solarize": values["threshold"] != 256,
    }
    assert set(happened) | {"nothing"} == set(OPERATIONS)
    assert np.sum(list(happened.values()), axis=0).max() == 1
    for share in [np.mean(one) for one in happened.values()]:
        assert share == pytest.approx(1 / 13, abs=0.015)


def test_full_magnitude_is_torchvisions():
    """`_augmentation_space` of torchvision.transforms.RandAugment at its last bin."""
    matrices, x, y, factors, found = drawn(1, 10)
    np.testing.assert_allclose(np.unique(np.abs(x)), [0, 150 / 331 * 448], rtol=1e-6)
    np.testing.assert_allclose(np.unique(np.abs(y)), [0, 150 / 331 * 224], rtol=1e-6)
    np.testing.assert_allclose(np.unique(np.abs(matrices[matrices[:, 0, 0] == 1][:, 0, 1])), [0, 0.3], rtol=1e-6)
    assert matrices[:, 0, 0].min() == pytest.approx(np.cos(np.pi / 6), abs=1e-5)
    for factor in factors.values():
        np.testing.assert_allclose(np.unique(factor), [0.1, 1, 1.9], rtol=1e-5)
    assert set(found.values["bits"].numpy()) == {4, 8}
    assert set(found.values["threshold"].numpy()) == {0, 256}


def test_no_magnitude_is_nothing_but_for_what_has_none():
    matrices, x, y, factors, found = drawn(3, 0)
    np.testing.assert_allclose(matrices, np.eye(2)[None].repeat(6000, 0))
    assert not x.any()
    assert not y.any()
    assert all((factor == 1).all() for factor in factors.values())
    assert set(found.values["bits"].numpy()) == {8}


def test_an_operation_drawn_twice_counts_twice():
    _, x, _, factors, _ = drawn(2, 5)
    assert np.abs(x).max() == pytest.approx(150 / 331 * 448, abs=0.01)
    assert factors["contrast"].max() == pytest.approx(1.45**2)
    assert factors["contrast"].min() == pytest.approx(0.55**2, abs=1e-4)
