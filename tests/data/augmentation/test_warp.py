"""Distortions against numpy, scipy and algebra; images and masks move together."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import affine_transform, map_coordinates

from kerascnn.data.augmentation.crop import draw_windows
from kerascnn.data.augmentation.policies import WARPS, Crop, Warp
from kerascnn.data.augmentation.warp import cubic, grid, matrices, warp
from kerascnn.data.sampling.stateless_random import fold, keys, uniform

ALL = WARPS["unet"]._replace(
    scale=(0.7, 1.3), stretch=(0.8, 1.2), shear=(-0.3, 0.3), flip_horizontal=0.5, flip_vertical=0.5, quarter_turns=True
)

MANY = keys(0, 0, range(4000))


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def always(**fixed):
    """Distortions that are the same in every image."""
    return Warp(**{name: (value, value) if isinstance(value, (int, float)) else value for name, value in fixed.items()})


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("fill", [None, 7])
def test_nothing_is_exactly_nothing(dtype, fill):
    images, masks = noise(3, 9, 14, 2).astype(dtype), noise(3, 9, 14)
    warped, picked = warp(images, Warp(fill=fill), [0, 0], masks)
    assert (warped.dtype, picked.dtype) == (dtype, np.uint8)
    np.testing.assert_array_equal(warped, images)
    np.testing.assert_array_equal(picked, masks)


@pytest.mark.parametrize(
    ("how", "by_numpy"),
    [
        (always(rotation=90), lambda image: np.rot90(image, 1)),
        (always(rotation=180), lambda image: np.rot90(image, 2)),
        (always(rotation=-90), lambda image: np.rot90(image, 3)),
        (Warp(flip_horizontal=1), np.fliplr),
        (Warp(flip_vertical=1), np.flipud),
        (Warp(flip_vertical=1)._replace(rotation=(90, 90)), lambda image: np.flipud(np.rot90(image))),
        (always(translation=3), lambda image: np.pad(image, ((3, 0), (3, 0), (0, 0)), mode="reflect")[:-3, :-3]),
        (
            always(translation=3)._replace(fill=9, mask_fill=9),
            lambda image: np.pad(image, ((3, 0), (3, 0), (0, 0)), constant_values=9)[:-3, :-3],
        ),
    ],
)
@pytest.mark.parametrize("side", [8, 11])
def test_what_numpy_can_do(how, by_numpy, side):
    images = noise(2, side, side, 3)
    warped, masks = warp(images, how, [0, 0], images[..., 0])
    np.testing.assert_array_equal(warped, [by_numpy(image) for image in images])
    np.testing.assert_array_equal(masks, warped[..., 0])


def test_an_image_is_mirrored_whatever_else_is_drawn():
    """Alone, and where the sampling grid does it, for a shift that is no pixel."""
    images, masks, key = noise(20, 6, 9, 3), noise(20, 6, 9), keys(0, 0, range(20))
    how = Warp(flip_horizontal=0.5, flip_vertical=0.3)
    alone, among = (warp(images, each, key, masks) for each in (how, how._replace(shift=1e-9)))
    for one, other in zip(alone, among, strict=True):
        np.testing.assert_array_equal(one, other)


def test_quarter_turns_come_equally_often():
    image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    turned = warp(np.repeat(image, 400, axis=0), Warp(quarter_turns=True), [0, 0]).numpy().round()
    counts = [sum(np.array_equal(one, np.rot90(image[0], k)) for one in turned) for k in range(4)]
    assert sum(counts) == 400
    assert min(counts) > 60  # 100 each, with a standard deviation of 9


@pytest.mark.parametrize("fill", [None, 50.0])
def test_composition_order_is_scipys(fill):
    """One distortion of all kinds at once, its matrix put together here, from the order that is promised."""
    how = always(rotation=25, scale=1.1, stretch=(0.8, 0.8), shear=0.2, translation=2.5)
    how = how._replace(flip_horizontal=1, fill=fill)
    image = noise(1, 20, 30, 1).astype(np.float32)
    angle = np.deg2rad(25)
    size = np.diag([0.88, 0.88])
    shear = np.array([[1, 0.2], [0.2, 1]])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # y points down
    forward = np.diag([-1, 1]) @ turn @ shear @ size
    backward = np.linalg.inv(forward)[::-1, ::-1]  # scipy's points are (row, column)
    centre = np.array([9.5, 14.5])
    offset = centre - backward @ (centre + 2.5)
    expected = affine_transform(image[0, ..., 0], backward, offset, order=1, mode="mirror")
    found = warp(image, how, [0, 0])[0, ..., 0].numpy()
    if fill is not None:
        rows, columns = np.tensordot(backward, np.mgrid[:20, :30], 1) + offset[:, None, None]
        well_inside = (rows >= 0) & (rows <= 19) & (columns >= 0) & (columns <= 29)
        well_outside = (rows < -0.6) | (rows > 19.6) | (columns < -0.6) | (columns > 29.6)
        assert well_outside.any()
        np.testing.assert_array_equal(found[well_outside], fill)
        found, expected = found[well_inside], expected[well_inside]
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_look_up_is_scipys():
    """Elastic displacement and all else, by the coordinates that `grid` tells."""
    images = noise(4, 24, 33, 1).astype(np.float32)
    masks = noise(4, 24, 33)
    y, x = grid(ALL, keys(3, 4, range(4)), (24, 33), (24, 33))
    warped, picked = warp(images, ALL, [3, 4], masks)
    assert (np.abs(y) > 40).any(), "far outside, so that mirrors are mirrored"
    for i in range(4):
        at = [y[i], x[i]]
        expected = map_coordinates(images[i, ..., 0], at, order=1, mode="mirror")
        np.testing.assert_allclose(warped[i, ..., 0], expected, atol=0.02)
        nearest = map_coordinates(masks[i], at, order=0, mode="mirror")
        assert np.mean(picked[i] != nearest) < 0.01, "but for ties"


def test_image_and_mask_move_together(picture):
    images = picture[None, ..., :1].repeat(20, axis=0).astype(np.float32)
    warped, masks = warp(images, ALL, [0, 0], images[..., 0] > 100)
    sure = np.abs(warped.numpy()[..., 0] - 100) > 8  # two pixels of this picture's slope
    assert sure.mean() > 0.7
    np.testing.assert_array_equal(warped.numpy()[..., 0][sure] > 100, masks.numpy()[sure])


@settings(max_examples=15, deadline=None)
@given(values=st.sets(st.integers(0, 60_000), min_size=1, max_size=4), seed=st.integers(0, 2**62), fill=st.booleans())
def test_masks_keep_their_values(values, seed, fill):
    values = sorted(values)
    masks = np.random.default_rng(0).choice(np.array(values, np.int32), (2, 12, 17))
    how = ALL._replace(fill=0.0, mask_fill=values[0]) if fill else ALL
    _, picked = warp(masks[..., None].astype(np.float32), how, [seed, 1], masks)
    assert picked.dtype == np.int32
    assert set(np.unique(picked)) <= set(values)


def test_the_key_decides():
    images = noise(2, 16, 16, 1)
    one, same, other_step, other_seed = (
        warp(images, ALL, key, window=(8, 8)).numpy() for key in ([5, 1], tf.constant([5, 1]), [5, 2], [6, 1])
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other_step).mean() > 0.5
    assert (one != other_seed).mean() > 0.5
    twins = warp(images[[0, 0]], ALL, [5, 1]).numpy()
    assert (twins[0] != twins[1]).mean() > 0.5, "each image is distorted in a way of its own"


def test_windows_are_everywhere():
    rows, columns = np.meshgrid(np.arange(6), np.arange(9), indexing="ij")
    images = np.stack([rows, columns], -1)[None].repeat(300, 0).astype(np.float32)
    cut = warp(images, Warp(), [0, 0], window=(4, 5)).numpy()
    for axis, most in ((0, 2), (1, 4)):
        first = cut[:, 0, 0, axis]
        assert sorted(set(first)) == list(range(most + 1))
    top, left = cut[:, 0, 0].astype(int).T
    np.testing.assert_array_equal(cut, [images[0, t : t + 4, c : c + 5] for t, c in zip(top, left, strict=True)])


def test_probability_of_each_component():
    """Of Koch's seven components each is drawn for itself, half of the time, within its bounds."""
    draws = iter(tf.unstack(uniform(MANY, 22)))
    found = matrices(WARPS["koch"], draws).numpy()
    plain = np.all(found == np.eye(2), axis=(1, 2)).mean()
    assert plain == pytest.approx(0.5**5, abs=0.01)
    y, x = grid(WARPS["koch"]._replace(rotation=(0, 0), shear=(0, 0), stretch=(1, 1)), MANY, (5, 5), (5, 5))
    shift_y, shift_x = 2 - y[:, 2, 0].numpy(), 2 - x[:, 0, 2].numpy()
    for shift in (shift_y, shift_x):
        assert np.mean(shift == 0) == pytest.approx(0.5, abs=0.03)
        assert (shift.min(), shift.max()) == (pytest.approx(-2, abs=0.02), pytest.approx(2, abs=0.02))
    assert np.mean((shift_x == 0) & (shift_y == 0)) == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(("nodes", "degree"), [(2, 1), (3, 2), (5, 2)])
def test_elastic_grid_interpolates(nodes, degree):
    """Keys's interpolation is exact for parabolas, and hits the nodes."""
    matrix = cubic(nodes, 4 * (nodes - 1) + 1)
    np.testing.assert_allclose(matrix[::4], np.eye(nodes), atol=1e-6)
    places = np.linspace(-1, 2, nodes)
    fine = np.linspace(-1, 2, len(matrix))
    for power in range(degree + 1):
        np.testing.assert_allclose(matrix @ places**power, fine**power, atol=1e-5)


def test_elastic_displacements_are_as_far_as_told():
    y, x = grid(Warp(elastic=10), MANY[:2000], (33, 33), (33, 33))
    for found, plain in ((y, np.arange(33)[:, None]), (x, np.arange(33)[None])):
        moved = found.numpy() - plain
        assert moved[:, ::16, ::16].std() == pytest.approx(10, rel=0.03)
        assert abs(moved.mean()) < 0.5
    y, _ = grid(Warp(elastic=10, probability=0.3), MANY[:2000], (9, 9), (9, 9))
    still = np.all(y == np.arange(9)[:, None], axis=(1, 2))
    assert still.mean() == pytest.approx(0.7, abs=0.03)


def test_in_a_pipeline():
    images = tf.data.Dataset.from_tensors(noise(4, 10, 12, 1)).repeat(3).enumerate()
    warped = images.map(lambda step, batch: warp(batch, ALL, tf.stack([tf.constant(1, tf.int64), step]), window=(6, 6)))
    assert warped.element_spec.shape[1:] == (6, 6, 1)
    for step, batch in enumerate(warped):
        np.testing.assert_allclose(batch, warp(noise(4, 10, 12, 1), ALL, [1, step], window=(6, 6)), atol=1)


@pytest.mark.parametrize("amount", [0.2, -0.2])
def test_lens_is_numpys(amount):
    """Every place further from the middle, or nearer, by the square of its distance: Brown 1966, first term."""
    image = noise(1, 20, 31, 1).astype(np.float32)
    y, x = np.mgrid[:20, :31] - np.array([9.5, 15.0])[:, None, None]
    factor = 1 + amount * (y**2 + x**2) / (9.5**2 + 15**2)
    expected = map_coordinates(image[0, ..., 0], [9.5 + y * factor, 15 + x * factor], order=1, mode="mirror")
    found = warp(image, always(lens=amount), [0, 0])[0, ..., 0]
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_barrel_and_pincushion():
    """A frame's straight edge bends outwards in a barrel: its middle is further out than its ends."""
    image = np.zeros((1, 65, 65, 1), np.float32)
    image[:, 8:57, 8:57] = 255
    for amount, sign in ((0.3, 1), (-0.3, -1)):
        bent = warp(image, always(lens=amount)._replace(fill=0), [0, 0])[0, ..., 0].numpy()
        first = (bent > 127).argmax(axis=0)  # of the upper edge, by column
        assert (first[12] - first[32]) * sign > 0


def test_shifts_are_whole_pixels_and_padded():
    images = noise(300, 8, 8, 3)
    moved = warp(images, Warp(shift=2 / 8, fill=0), [0, 0]).numpy()
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    found = []
    for one, wide in zip(moved, padded, strict=True):
        places = [(t, c) for t in range(5) for c in range(5) if (wide[t : t + 8, c : c + 8] == one).all()]
        assert len(places) == 1
        found += places
    assert set(found) == {(t, c) for t in range(5) for c in range(5)}


@pytest.mark.parametrize("flip", [0, 1])
@pytest.mark.parametrize("crop", [Crop(area=(0.1, 0.9), aspect=(0.7, 1.5)), Crop(side=(1.1, 2.0), central=True)])
def test_a_crop_is_a_resized_part(crop, flip):
    """What tf.image.resize makes of the part that is drawn, but for its rim, where the grid sees what is beyond."""
    images = noise(6, 40, 56, 3).astype(np.float32)
    key = keys(1, 2, range(6))
    found = warp(images, Warp(crop=crop, flip_horizontal=flip), key, None, (24, 32)).numpy()
    for i, part in enumerate(np.transpose(draw_windows(crop, fold(key, 1), 40, 56, 24, 32))):
        top, left, rows, columns = part
        expected = tf.image.resize(images[i, top : top + rows, left : left + columns], (24, 32)).numpy()
        expected = expected[:, ::-1] if flip else expected
        np.testing.assert_allclose(found[i, 2:-2, 2:-2], expected[2:-2, 2:-2], atol=0.05)


def test_masks_follow_crops(picture):
    images = picture[None, ..., :1].repeat(20, axis=0).astype(np.float32)
    how = ALL._replace(crop=Crop(area=(0.3, 1), aspect=(3 / 4, 4 / 3)), shift=0.1, lens=(-0.1, 0.1))
    warped, masks = warp(images, how, [0, 0], images[..., 0] > 100, (30, 30))
    sure = np.abs(warped.numpy()[..., 0] - 100) > 12
    assert sure.mean() > 0.6
    np.testing.assert_array_equal(warped.numpy()[..., 0][sure] > 100, masks.numpy()[sure])


def test_an_image_is_what_its_key_says_in_any_batch():
    images, how = noise(7, 16, 20, 3), ALL._replace(lens=(-0.1, 0.1), crop=Crop(area=(0.2, 1)))
    key = keys(1, 2, range(7))
    together = warp(images, how, key).numpy().astype(int)
    apart = np.concatenate([warp(images[i : i + n], how, key[i : i + n]) for i, n in ((0, 1), (1, 4), (5, 2))])
    assert np.abs(together - apart).max() <= 1
    assert (together != apart).mean() < 0.01, "but for rounding"
