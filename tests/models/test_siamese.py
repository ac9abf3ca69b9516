"""The Siamese network: its twin, its distance and its head."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn import InputError

from .by_hand import Weights, dead_weights, pool, randomize, relu, sigmoid

SMALL = dict(input_shape=(65, 65, 1), embedding=16)


def images(*shape, count=3, seed=0):
    return np.random.default_rng(seed).random((count, *shape), dtype="float32")


def embedded(x, weights):
    """Koch et al. 2015, Figure 4."""
    x = pool(relu(weights.conv(x, "conv1", padding="valid")))
    x = pool(relu(weights.conv(x, "conv2", padding="valid")))
    x = pool(relu(weights.conv(x, "conv3", padding="valid")))
    x = relu(weights.conv(x, "conv4", padding="valid"))
    return sigmoid(weights.dense(x.reshape(len(x), -1), "embedding"))


@pytest.fixture(scope="module", params=["l1", "cosine"])
def model(request):
    return randomize(kerascnn.build("siamese", distance=request.param, **SMALL))


def test_computes_what_the_figure_draws(float64):
    model = randomize(kerascnn.build("siamese", **SMALL))
    weights, (left, right) = Weights(model), (images(65, 65, 1), images(65, 65, 1, seed=1))
    distance = np.abs(embedded(left, weights) - embedded(right, weights))
    expected = sigmoid(weights.dense(distance, "predictions"))
    np.testing.assert_allclose(model([left, right]), expected, rtol=1e-9)


def test_width():
    twin = kerascnn.build("siamese", n_filters=3, include_top=False, **SMALL)
    assert [twin.get_layer(f"conv{i}").filters for i in (1, 2, 3, 4)] == [3, 6, 6, 12]
    with pytest.raises(InputError, match="n_filters=0"):
        kerascnn.build("siamese", n_filters=0)


def test_inputs_have_names_and_may_change_places(model):
    left, right = images(65, 65, 1), images(65, 65, 1, seed=1)
    answer = model({"left": left, "right": right})
    np.testing.assert_allclose(answer, model([right, left]), rtol=1e-5)
    assert np.ptp(answer) > 1e-5


@pytest.mark.parametrize(("distance", "expected"), [("l1", np.zeros((3, 16))), ("cosine", np.ones((3, 1)))])
def test_an_image_is_at_no_distance_from_itself(distance, expected):
    model = kerascnn.build("siamese", distance=distance, **SMALL)
    x = images(65, 65, 1)
    np.testing.assert_allclose(
        keras.Model(model.inputs, model.get_layer("distance").output)([x, x]), expected, rtol=1e-6
    )


def test_all_pairs_of_a_batch_through_the_same_head(model):
    x = images(65, 65, 1, count=4)
    embedding = kerascnn.part(model, "twin")(x)
    distance, head = model.get_layer("distance"), model.get_layer("predictions")
    pairs = np.array(head(distance([embedding[:, None], embedding[None]])))
    assert pairs.shape == (4, 4, 1)
    for i in range(4):
        np.testing.assert_allclose(pairs[i], model([x[[i] * 4], x]), rtol=1e-5, atol=1e-6)


def test_twins_share_their_weights_with_the_part_and_the_file(model, tmp_path):
    twin = kerascnn.part(model, "twin")
    assert len(model.weights) == len(twin.weights) + 2
    alone = kerascnn.build("siamese", include_top=False, **SMALL)
    alone.set_weights(twin.get_weights())
    x = images(65, 65, 1)
    np.testing.assert_array_equal(alone(x), twin(x))
    model.save(tmp_path / "model.keras")
    again = kerascnn.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(kerascnn.part(again, "twin")(x), twin(x))


def test_weights_start_as_in_the_paper():
    model = kerascnn.build("siamese", input_shape=(65, 65, 1), embedding=512)
    weights = Weights(model)
    for layer, kernel_spread in [
        ("conv1", 0.01),
        ("conv2", 0.01),
        ("conv3", 0.01),
        ("conv4", 0.01),
        ("embedding", 0.2),
    ]:
        kernel, bias = weights(layer, "kernel"), weights(layer, "bias")
        assert kernel.std() == pytest.approx(kernel_spread, rel=0.05)
        assert abs(kernel.mean()) < 0.1 * kernel_spread
        assert bias.mean() == pytest.approx(0.5, abs=0.01)
        assert bias.std() == pytest.approx(0.01, rel=0.4)


@pytest.mark.parametrize("knobs", [SMALL, dict(backbone="resnet20_cifar"), dict(SMALL, distance="cosine")])
def test_every_weight_learns(knobs):
    model = kerascnn.build("siamese", **knobs)
    shape = model.inputs[0].shape[1:]
    assert not dead_weights(model, [images(*shape), images(*shape, seed=1)])


def test_a_backbone_is_averaged_and_keeps_its_weights():
    classifier = randomize(kerascnn.build("resnet20_cifar"))
    before = classifier.get_weights()
    x = images(32, 32, 3)
    model = kerascnn.build("siamese", backbone=classifier)
    features = keras.Model(classifier.input, classifier.get_layer("features").output)
    embedding = kerascnn.part(model, "twin")(x)
    np.testing.assert_allclose(embedding, np.mean(features(x), axis=(1, 2)), rtol=1e-4, atol=1e-5)
    for ours, value in zip(classifier.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, value)
    assert {layer for layer in kerascnn.part(model, "twin").layers if layer.weights} <= set(classifier.layers)


def test_a_backbone_that_gives_a_vector_is_the_twin():
    pooled = kerascnn.build("mobilenet_v1", alpha=0.25, input_shape=(32, 32, 3), include_top=False, pooling="max")
    x = images(32, 32, 3)
    twin = kerascnn.part(kerascnn.build("siamese", backbone=pooled), "twin")
    np.testing.assert_array_equal(twin(x), pooled(x))
    own = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()])
    twin = kerascnn.part(kerascnn.build("siamese", backbone=own, embedding=8), "twin")
    assert twin.output.shape == (None, 8)


def test_a_backbone_by_name_takes_any_size():
    model = kerascnn.build("siamese", backbone="resnet20_cifar", input_shape=(None, None, 1), embedding=8)
    assert model([images(20, 30, 1), images(40, 24, 1)]).shape == (3, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(input_shape=(64, 64, 1)), "siamese cannot take images of 64x64: the smallest is 65x65"),
        (dict(classes=2), "classes=2: siamese has no classes, it is there to verify"),
        (dict(distance="l2"), "distance='l2': must be one of 'l1', 'cosine'"),
        (dict(act="sigmod"), "act='sigmod': must be one of 'sigmoid', 'relu', 'tanh', None"),
        (dict(embedding=0), "embedding=0: must be a whole number"),
        (dict(backbone="unet"), "backbone='unet': must be a classifier"),
        (dict(SMALL, include_top=False, pooling="max"), "pooling='max': siamese without its top gives a vector"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(arguments, message):
    with pytest.raises(InputError, match=message):
        kerascnn.build("siamese", **arguments)
