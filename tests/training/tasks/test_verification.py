"""Verifiers are judged on unseen classes: embeddings, trials, the paper's procedure."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.data import Trial, Warp, sample_trials
from kerascnn.data.class_sets import Group
from kerascnn.training.reporting import plots
from kerascnn.training.tasks.contrastive import AllPairs
from kerascnn.training.tasks.verification import (
    Judge,
    ask,
    by_one_shot,
    compile_as_paper,
    draw_pairs,
    draw_trial,
    mean_interval,
    nearest_pixels,
    warnings,
)

from .test_contrastive import build

UNIT = SimpleNamespace(scaling="unit", mean=(), std=())


@pytest.fixture(scope="module")
def group():
    """Classes of noisy images that lie far apart."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 6)
    centres = random.integers(40, 215, (5, 6, 6, 1))
    images = np.clip(centres[labels] + random.integers(-9, 10, (30, 6, 6, 1)), 0, 255).astype(np.uint8)
    return Group(images, labels, tuple("abcde"))


def test_judge_answers_as_the_network_does(group):
    network = build("l1")
    judge, images = Judge(network, UNIT, group.images), group.images.astype(np.float32) / 255
    left, right = np.array([0, 5, 9]), np.array([29, 1, 9])
    probabilities = network.predict_on_batch([images[left], images[right]])[:, 0]
    np.testing.assert_allclose(1 / (1 + np.exp(-judge.logits(left, right))), probabilities, rtol=1e-5)
    trial = Trial(np.array([1, 2]), np.array([7, 8, 9]), np.array([0, 0, 1]))
    pairs = [[network.predict_on_batch([images[[q]], images[[c]]])[0, 0] for c in (1, 2)] for q in (7, 8, 9)]
    np.testing.assert_allclose(1 / (1 + np.exp(-judge.trial(trial))), pairs, rtol=1e-5)
    (accuracy,) = judge.accuracy([trial])
    assert accuracy == np.mean(np.argmax(pairs, axis=1) == trial.truth)


def test_classes_far_apart_are_told_apart(group):
    network = build("cosine")
    AllPairs(network)  # a head that starts with the right sign
    judge = Judge(network, UNIT, group.images)
    judge.embeddings = group.images.reshape(30, -1).astype(np.float32) - 128
    assert (judge.accuracy(sample_trials(group, 20)) == 1).all()


def test_distorted_copies_are_averaged(group):
    network, still = build("l1"), Warp()
    plain, copies = Judge(network, UNIT, group.images), Judge(network, UNIT, group.images, still, 3)
    np.testing.assert_allclose(copies.embeddings, plain.embeddings, rtol=1e-5, atol=1e-6)
    moved = Judge(network, UNIT, group.images, Warp(translation=(2, 2), fill=0), 1)
    shifted = np.zeros_like(group.images)
    shifted[:, 2:, 2:] = group.images[:, :-2, :-2]
    expected = (plain.embeddings + Judge(network, UNIT, shifted).embeddings) / 2
    np.testing.assert_allclose(moved.embeddings, expected, rtol=1e-4, atol=1e-5)


def test_nearest_pixels():
    from sklearn.neighbors import KNeighborsClassifier

    random = np.random.default_rng(1)
    images = random.integers(0, 256, (40, 3, 4, 3), dtype=np.uint8)
    trials = [Trial(*random.permutation(40)[:20].reshape(2, 10), random.permutation(10)) for _ in range(30)]
    flat = images.reshape(40, -1).astype(float)
    for trial, share in zip(trials, nearest_pixels(images, trials), strict=True):
        neighbor = KNeighborsClassifier(1).fit(flat[trial.candidates], np.arange(10))
        assert share == neighbor.score(flat[trial.queries], trial.truth)


def test_nearest_pixels_tells_apart_what_is_far_apart(group):
    assert (nearest_pixels(group.images, sample_trials(group, 20)) == 1).all()


def test_interval_of_a_mean():
    """Student 1908, "The probable error of a mean", Table of additional hours of sleep, drug 2."""
    hours = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    assert mean_interval((hours + 5) / 20) == pytest.approx(((0.8976775 + 5) / 20, (3.7623225 + 5) / 20))
    low, high = mean_interval(np.array([1.0, 1.0, 0.8, 1.0]))
    assert (low < 0.95, high) == (True, 1.0)
    assert mean_interval(np.full(20, 1.0)) == pytest.approx((0.8389, 1.0), abs=1e-4)  # Wilson's: 1 / (1 + z**2 / 20)
    assert mean_interval(np.array([0.0]))[0] == 0


def test_a_headline_no_better_than_pixels_is_told():
    result = {"one_shot": 0.5, "one_shot_interval": (0.4, 0.6), "best_epoch": 1}
    history = {"val_loss": [1.0], "val_accuracy": [0.5]}
    assert warnings({**result, "nearest_pixels": 0.41}, history) == ["no better than the nearest image by its pixels"]
    assert warnings({**result, "nearest_pixels": 0.39}, history) == []
    rising = {"val_one_shot": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "val_loss": [1.0] * 6}
    assert warnings({**result, "nearest_pixels": 0.3, "best_epoch": 6}, rising) == [
        "still improving when training ended: more epochs may help"
    ]


def test_score():
    assert by_one_shot({"val_one_shot": 0.5, "val_loss": 2.0}) > by_one_shot({"val_one_shot": 0.4, "val_loss": 1.0})
    assert by_one_shot({"val_accuracy": 0.5, "val_loss": 1.0}) > by_one_shot({"val_accuracy": 0.5, "val_loss": 2.0})


def test_procedure_of_the_paper():
    network = kerascnn.build("siamese", input_shape=(68, 68, 1), embedding=8)
    assert compile_as_paper(network, 0.01, 5) is network
    penalty = sum(float(loss) for loss in network.losses)
    twin = kerascnn.part(network, "twin")
    kernels = {
        name: np.asarray(twin.get_layer(name).kernel) for name in ("conv1", "conv2", "conv3", "conv4", "embedding")
    }
    by_hand = sum((1e-4 if name == "embedding" else 2e-4) * (kernel**2).sum() for name, kernel in kernels.items())
    assert penalty == pytest.approx(by_hand, rel=1e-4)
    optimizer = network.optimizer
    assert isinstance(optimizer, keras.optimizers.SGD)
    assert optimizer.momentum == 0.9
    for step, epoch in ((0, 0), (4, 0), (5, 1), (14, 2)):
        optimizer.iterations.assign(step)
        assert float(optimizer.learning_rate) == pytest.approx(0.01 * 0.99**epoch)


def test_pictures_show_wrong_answers_too(group, tmp_path):
    import matplotlib.colors
    import matplotlib.image

    judge = Judge(build("cosine"), UNIT, group.images)
    asked = ask(judge, group)
    assert sum(pair.same for pair in asked) == len(asked) / 2
    draw_pairs(tmp_path / "pairs.png", group.images, asked)
    trial = sample_trials(group, 1)[0]
    draw_trial(tmp_path / "right.png", group.images, trial, np.eye(5) * 9)
    draw_trial(tmp_path / "wrong.png", group.images, trial, np.eye(5)[::-1] * 9, 0.4)
    right, wrong = (matplotlib.image.imread(tmp_path / name)[..., :3] for name in ("right.png", "wrong.png"))
    red = np.array(matplotlib.colors.to_rgb(plots.WRONG))

    def share(picture):
        return np.mean(np.abs(picture - red).max(axis=-1) < 0.02)

    assert share(right) == 0 < share(wrong)
    assert share(matplotlib.image.imread(tmp_path / "pairs.png")[..., :3]) > 0
