"""The measures of segmentation, against scikit-learn and algebra, and the pictures."""

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score

from kerascnn.data.sources.mask_pictures import Picture
from kerascnn.training import tile_shape
from kerascnn.training.tasks.segmentation import (
    TILE,
    as_row,
    colors,
    count,
    draw_overlays,
    hatched,
    images_table,
    mean_iou,
    measure,
    otsu,
    sheets_of,
    summary,
    warnings,
    write_rows,
)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 6))
def test_measures_are_sklearns(seed, classes):
    truth, said = np.random.default_rng(seed).integers(0, classes, (2, 300))
    found = measure(confusion_matrix(truth, said, labels=range(classes)))
    np.testing.assert_allclose(found["dice"], f1_score(truth, said, average=None), err_msg="Dice is the F1 of pixels")
    np.testing.assert_allclose(found["iou"], jaccard_score(truth, said, average=None))
    assert found["pixel_error"] == pytest.approx(np.mean(truth != said))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 4), share=st.floats(0, 1))
def test_void_is_in_no_measure(seed, classes, share):
    """What scikit-learn says of the other pixels alone."""
    rng = np.random.default_rng(seed)
    truth, said = rng.integers(0, classes, (2, 10, 12))
    void = rng.random(truth.shape) < share
    void[0, 0] = False
    found = count(np.where(void, -1, truth), said, classes)
    expected = confusion_matrix(truth[~void], said[~void], labels=range(classes))
    np.testing.assert_array_equal(found, expected)
    metric = mean_iou(1 if classes == 2 else classes)
    onehot = np.eye(classes)[said]
    metric.update_state(np.where(void, -1, truth), onehot if classes > 2 else onehot[..., 1:])
    assert float(metric.result()) == pytest.approx(np.nanmean(measure(expected)["iou"]), rel=1e-5)


def test_a_mask_of_void_alone():
    assert as_row(count(np.full((3, 4), -1), np.zeros((3, 4), np.uint8), 2), "ab") == {
        "pixel_error": None,
        "dice": {"a": None, "b": None},
    }
    rows = [{"image": "0", "pixel_error": None, "dice": {"a": None}, "otsu_pixel_error": None}]
    assert images_table(rows).rows == [("0", "none", "none", "none")]
    assert images_table(rows * 21).rows[0] == ("0", "none", "none", "none")


def test_classes_that_are_not_there():
    counts = np.zeros((2, 3, 3), int)
    counts[0, :2, :2] = [[5, 1], [2, 4]]
    assert as_row(counts[0], "abc")["dice"] == {"a": 10 / 13, "b": 8 / 11, "c": None}
    whole = summary(counts, "abc")
    assert whole["dice"] == pytest.approx((10 / 13 + 8 / 11) / 2)
    assert [row["pixels"] for row in whole["classes"]] == [6, 6, 0]
    assert [whole["classes"][2][what] for what in ("dice", "iou")] == [None, None], "which JSON can say"


@pytest.mark.parametrize("outputs", [1, 3])
def test_mean_iou_while_training(outputs):
    classes = max(2, outputs)
    rng = np.random.default_rng(0)
    truth, said = rng.integers(0, classes, (2, 4, 5)), rng.dirichlet(np.ones(classes), (2, 4, 5))
    metric = mean_iou(outputs)
    metric.update_state(truth, said if outputs > 1 else said[..., 1:])
    expected = jaccard_score(truth.ravel(), said.argmax(-1).ravel(), average="macro")
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), levels=st.integers(2, 256))
def test_otsu_minimizes_the_variance_within(seed, levels):
    """By trying all thresholds; Otsu's equation is that of the variance between, which is the rest of it."""
    image = np.random.default_rng(seed).integers(0, levels, 40).astype(np.uint8)
    within = []
    for threshold in range(256):
        parts = [image[image <= threshold], image[image > threshold]]
        within.append(sum(part.var() * len(part) for part in parts if len(part)))
    found = otsu(image)
    assert within[found] == pytest.approx(min(within), abs=1e-6)


def test_otsu_of_two_heaps():
    image = np.concatenate([np.full(100, 20), np.full(30, 200)]).astype(np.uint8)
    assert 20 <= otsu(image) < 200
    assert 20 <= otsu(image.repeat(10_000)) < 200, "in a large image too"
    assert otsu(np.full(9, 30, np.uint8)) in range(256)


@pytest.mark.parametrize(
    ("native", "size", "expected"),
    [
        ((512, 512, 1), 0, (TILE, TILE, 1)),
        ((64, 64, 1), 0, (64, 64, 1)),
        ((70, 100, 3), 0, (64, 96, 3)),
        ((None, None, 3), 0, (TILE, TILE, 3)),
        ((512, 512, 1), 256, (256, 256, 1)),
        ((9, 9, 1), 0, (16, 16, 1)),
    ],
)
def test_tile_shape(native, size, expected):
    assert tile_shape(native, size) == expected


@pytest.mark.parametrize(("classes", "channels"), [(2, 1), (4, 3), (15, 1)])
def test_overlays(tmp_path, classes, channels):
    rng = np.random.default_rng(0)
    masks = rng.integers(0, classes, (5, 20, 24)).astype(np.uint8)
    held_out = [
        Picture(f"p{i}", rng.integers(0, 256, (20, 24, channels), np.uint8), mask) for i, mask in enumerate(masks)
    ]
    found = [mask if i % 2 else np.zeros_like(mask) for i, mask in enumerate(masks)]
    errors = [float(np.mean(f != m)) for f, m in zip(found, masks, strict=True)]
    draw_overlays(tmp_path / "overlays.png", held_out, found, errors, [str(i) for i in range(classes)], [3, 0, 4])
    picture = matplotlib.image.imread(tmp_path / "overlays.png")
    assert picture.shape[0] > 600
    assert np.ptp(picture[..., :3]) > 0.5
    assert np.ptp(picture[..., :3], axis=-1).max() > 0.4, "in colors"


def test_void_is_hatched_and_no_mistake(tmp_path):
    truth = np.zeros((64, 64), np.int16)
    truth[16:48, 16:48] = 1
    truth[:, :12] = -1
    image, answer = np.full((64, 64, 1), 128, np.uint8), np.ones((64, 64), np.uint8)
    held_out = [Picture("p", image, truth), Picture("q", image, np.full_like(truth, -1))]
    draw_overlays(tmp_path / "overlays.png", held_out, [answer] * 2, [0.5, None], ("a", "b"), [0, 1])
    shown = hatched(np.ones((64, 64, 3)), truth == -1)
    assert (shown[:, 12:] == 1).all()
    assert len(np.unique(shown[:, :12].reshape(-1, 3), axis=0)) == 2, "stripes"


def test_which_pictures_are_shown():
    def pictures(count, side=8):
        return [Picture(str(i), np.zeros((side, side, 1), np.uint8), np.zeros((side, side), int)) for i in range(count)]

    errors = [0.5, 0.1, 0.9, None, 0.3]
    assert sheets_of(pictures(5), errors) == {"overlays.png": [1, 4, 0, 2], "worst.png": []}
    assert sheets_of(pictures(1), [None])["overlays.png"] == [0]
    many = [i / 100 for i in range(40)]
    found = sheets_of(pictures(40), many)
    assert found["overlays.png"] == [0, 6, 11, 17, 22, 28, 33, 39]
    assert found["worst.png"] == [39, 38, 37, 36, 35, 34, 33, 32], "the worst one first"
    assert sheets_of(pictures(40, 500), many)["worst.png"] == [39, 38, 37, 36]


def test_rows_of_images(tmp_path):
    rows = [{"image": "=a.png", "pixel_error": 0.25, "dice": {"b": 0.5, "c": None}, "otsu_pixel_error": 0.5}]
    write_rows(tmp_path / "images.csv", rows, ("b", "c"))
    text = (tmp_path / "images.csv").read_text()
    assert text == "image,pixel_error,otsu_pixel_error,dice of b,dice of c\n'=a.png,0.25,0.5,0.5,\n"


@pytest.mark.parametrize("number", [1, 10, 11, 200])
def test_colors_differ(number):
    assert len({str(color) for color in colors(number)}) == number


def test_table_of_images():
    rows = [{"image": str(i), "pixel_error": i / 100, "dice": {"a": 0.5, "b": None}} for i in range(30)]
    table = images_table(rows)
    assert table.heading == "The 20 worst images"
    assert table.rows[0] == ("29", "0.5000", "none", "29.00%")
    assert images_table([{**row, "otsu_pixel_error": 0.5} for row in rows[:3]]).rows[2][-1] == "50.00%"


def test_one_answer_for_every_pixel_is_said():
    """The first network says sea of all pixels, the second one does not."""
    counts = np.array([[[[0, 5], [0, 3]]] * 2, [[[0, 5], [0, 3]], [[1, 4], [0, 3]]]])
    assert warnings(counts[0], ("sky", "sea")) == ["gives the same answer for every pixel: sea"]
    assert warnings(counts[1], ("sky", "sea")) == []
