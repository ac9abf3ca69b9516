"""What autoencoders are trained on and compared with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn import data
from kerascnn.training.tasks import reconstruction


@pytest.fixture(scope="module")
def digits():
    return data.load("digits", (8, 8, 1), batch=16, scaling="unit", limit=64)


def batches(pairs, count=2):
    return list(pairs.train.take(count).as_numpy_iterator())


def test_without_noise_the_image_is_its_own_answer(digits):
    for (image, _), (seen, answer) in zip(
        batches(digits), batches(reconstruction.to_reconstruct(digits, 0, 0)), strict=True
    ):
        np.testing.assert_array_equal(seen, image)
        np.testing.assert_array_equal(answer, image)


def test_noise_is_on_what_is_seen_alone_and_belongs_to_seed_and_step(digits):
    one, same, other = (batches(reconstruction.to_reconstruct(digits, 0.1, seed)) for seed in (0, 0, 1))
    for (seen, answer), (seen_again, _), (seen_other, _), (image, _) in zip(
        one, same, other, batches(digits), strict=True
    ):
        np.testing.assert_array_equal(answer, image)
        np.testing.assert_array_equal(seen, seen_again)
        assert np.abs(seen - seen_other).max() > 0.1
        grey = (answer > 0.4) & (answer < 0.6)
        assert np.std((seen - answer)[grey]) == pytest.approx(0.1, rel=0.2)
        assert 0 <= seen.min() <= seen.max() <= 1
    assert np.abs((one[0][0] - one[0][1]) - (one[1][0] - one[1][1])).max() > 0.1, "every step has a noise of its own"


def test_validation_is_always_the_same(digits):
    pairs = reconstruction.to_reconstruct(digits, 0.3, 0)
    once, again = (np.concatenate([seen for seen, _ in pairs.validation.as_numpy_iterator()]) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_pca_leaves_what_the_other_singular_values_hold(digits):
    flat = np.concatenate([images.reshape(len(images), -1) for images, _ in batches(digits, digits.steps)])
    pca = reconstruction.fit_pca(reconstruction.to_reconstruct(digits, 0, 0), 10)
    left = reconstruction.mse(pca.inverse_transform(pca.transform(flat)), flat)
    values = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)
    assert left == pytest.approx((values[10:] ** 2).sum() / flat.size, rel=1e-4)


def test_pca_is_the_same_after_a_run_that_goes_on():
    fitted = []
    for step in (0, 7):
        images = data.load("digits", (8, 8, 1), batch=16, scaling="unit", limit=64, start_step=step)
        pairs = reconstruction.to_reconstruct(images, 0.1, 0, step)
        fitted.append(reconstruction.fit_pca(pairs, 10).components_.tobytes())
        first = next(pairs.train.as_numpy_iterator())
        again = next(pairs.train_from(step).as_numpy_iterator())
        assert all(map(np.array_equal, first, again))
    assert fitted[0] == fitted[1]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=50), st.integers(1, 60))
def test_spread_takes_of_each_class_as_many(labels, most):
    chosen = reconstruction.spread(np.array(labels), most)
    assert len(set(chosen)) == len(chosen) == min(most, len(labels))
    taken = np.bincount(np.array(labels)[chosen], minlength=6)
    whole = np.bincount(labels, minlength=6)
    assert all(count == total or count >= taken.max() - 1 for count, total in zip(taken, whole, strict=True))


@pytest.mark.parametrize("shape", [(1, 4), (2, 4), (3, 1), (3, 3), (40, 2), (40, 8)])
def test_any_number_of_codes_has_two_dimensions(shape):
    codes = np.random.default_rng(0).normal(size=shape).astype("float32")
    points = reconstruction.in_two_dimensions(codes, 0)
    assert points.shape == (shape[0], 2)
    assert np.isfinite(points).all()
