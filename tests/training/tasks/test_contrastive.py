"""Training on all pairs: the answers are those of the network, loss and metrics what they say."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kerascnn
from kerascnn.training.tasks.contrastive import AllPairs, PairLoss, one_shot, verification

LABELS = st.lists(st.integers(0, 3), min_size=2, max_size=9)


def build(distance, shape=(6, 6, 1)):
    """A Siamese network with twins of one dense layer."""
    image = keras.Input(shape)
    backbone = keras.Model(image, keras.layers.Dense(5)(keras.layers.Flatten()(image)))
    return kerascnn.build("siamese", input_shape=shape, backbone=backbone, distance=distance)


def some_images(count=7, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 6, 6, 1)).astype(np.float32)


def some_logits(labels, seed=0):
    return np.random.default_rng(seed).normal(size=(len(labels),) * 2).astype(np.float32) * 3


@pytest.mark.parametrize("distance", ["l1", "cosine"])
def test_logits_are_those_of_every_pair(distance):
    network, images = build(distance), some_images()
    logits = AllPairs(network).predict_on_batch(images)
    i, j = (index.ravel() for index in np.indices((7, 7)))
    probabilities = network.predict_on_batch([images[i], images[j]])
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)).reshape(-1, 1), probabilities, rtol=1e-4, atol=1e-6)


def test_weights_are_shared_and_the_network_is_what_is_saved(tmp_path):
    network, images = build("cosine"), some_images()
    model = AllPairs(network)
    model.compile("adam", PairLoss())
    before = network.get_weights()
    model.fit(images, np.array([0, 0, 1, 1, 2, 2, 3]), batch_size=7, verbose=0)
    assert all((one != other).any() for one, other in zip(before, network.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    again = kerascnn.load(tmp_path / "model.keras")
    assert again.name == "siamese"
    pair = [images[:3], images[3:6]]
    np.testing.assert_array_equal(again.predict_on_batch(pair), network.predict_on_batch(pair))


@given(LABELS, st.integers(0, 2**32))
def test_loss_by_hand(labels, seed):
    logits = some_logits(labels, seed)
    found = PairLoss(reduction=None)(np.array(labels), logits)
    for i, label in enumerate(labels):
        others = [j for j in range(len(labels)) if j != i]
        same = [j for j in others if labels[j] == label]
        apart = [j for j in others if labels[j] != label]
        share = np.exp(logits[i]) / np.exp(logits[i][others]).sum()
        probability = 1 / (1 + np.exp(-logits[i].astype(float)))
        terms = [-np.log(share[same]), -np.log(probability[same]) / 2, -np.log(1 - probability[apart]) / 2]
        assert float(found[i]) == pytest.approx(sum(term.mean() for term in terms if term.size), rel=1e-4, abs=1e-5)


@given(LABELS, st.integers(0, 2**32))
def test_verification_by_hand(labels, seed):
    logits = some_logits(labels, seed)
    found = np.asarray(verification(np.array(labels), logits))
    for i, label in enumerate(labels):
        right = {True: [], False: []}
        for j, other in enumerate(labels):
            if j != i:
                right[other == label].append((logits[i, j] > 0) == (other == label))
        assert float(found[i]) == pytest.approx(sum(np.mean(side) / 2 for side in right.values() if side), abs=1e-6)


@given(st.lists(st.integers(0, 3), min_size=4, max_size=10), st.integers(0, 2**32))
def test_one_shot_by_hand(labels, seed):
    logits = some_logits(labels, seed)
    found = np.asarray(one_shot(np.array(labels), logits))
    candidates, queries = range(0, len(labels), 2), range(1, len(labels), 2)
    expected = [labels[max(candidates, key=lambda j, i=i: logits[i, j])] == labels[i] for i in queries]
    assert found.astype(bool).tolist() == expected


def test_a_network_that_knows_has_no_loss():
    labels = np.array([0, 0, 1, 1, 2, 2])
    logits = np.where(labels[:, None] == labels, 40.0, -40.0).astype(np.float32)
    assert float(PairLoss()(labels, logits)) == pytest.approx(0, abs=1e-6)
    assert np.mean(verification(labels, logits)) == np.mean(one_shot(labels, logits)) == 1
    assert np.mean(verification(labels, -logits)) == np.mean(one_shot(labels, -logits)) == 0


def test_learns_to_verify_by_fit():
    random = np.random.default_rng(0)
    centres = random.normal(size=(4, 6, 6, 1))
    labels = np.tile(np.repeat(np.arange(4), 4), 20)
    images = (centres[labels] + 0.3 * random.normal(size=(len(labels), 6, 6, 1))).astype(np.float32)
    keras.utils.set_random_seed(0)
    model = AllPairs(build("cosine"))
    model.compile(keras.optimizers.Adam(1e-2), PairLoss(), metrics=[one_shot, verification])
    history = model.fit(images, labels, batch_size=16, epochs=4, shuffle=False, verbose=0).history
    assert np.log(3) < history["loss"][-1] < np.log(3) + 0.1  # three others of a class share the first answer
    assert history["one_shot"][-1] > 0.95
    assert history["verification"][-1] > 0.95
