"""What holds for every network of the catalog, shown at its smallest sensible size."""

from itertools import pairwise

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn import registry
from kerascnn.backbones import pyramid

from . import undrawn

# knobs, where a network has them
SLIM = {
    "alpha": 0.25,
    "n_filters": 8,
    "scale": 0.5,
    "dense": 16,
    "repeats": 1,
    "width": 0.25,
    "depth": 0.1,
    "embedding": 16,
}


def slim(name, **arguments):
    """The network at a small size and width."""
    card = kerascnn.info(name)
    own = registry.knobs(name)
    knobs = {knob: value for knob, value in SLIM.items() if knob in own}
    knobs = {knob: value for knob, value in knobs.items() if isinstance(value, int) or not isinstance(own[knob], int)}
    knobs |= {knob: (value,) * len(own[knob]) for knob, value in knobs.items() if isinstance(own[knob], tuple)}
    size = max(card.min_size, 32)
    return kerascnn.build(name, **{"input_shape": (size, size, card.input_shape[2]), **knobs, **arguments})


def images(model, count=2):
    """As many images for each input of the model."""
    rng = np.random.default_rng(0)
    arrays = [rng.random((count, *tensor.shape[1:]), dtype="float32") for tensor in model.inputs]
    return arrays if len(arrays) > 1 else arrays[0]


NAMES = kerascnn.list_models()
EACH_BUILDER = {(kerascnn.info(name).module, *registry.knobs(name)): name for name in NAMES}.values()


@pytest.fixture(scope="module", params=NAMES)
def model(request):
    classes = {"classes": 5} if kerascnn.info(request.param).task in ("classify", "segment") else {}
    return slim(request.param, **classes)


def test_answers_are_probabilities(model):
    answers = np.array(model(images(model)))
    if kerascnn.info(model).task in ("classify", "segment"):
        assert answers.shape[-1] == 5
        np.testing.assert_allclose(answers.sum(axis=-1), 1, rtol=1e-5)
    assert answers.shape == (2, *model.output.shape[1:])
    assert answers.min() >= 0
    assert answers.max() <= 1


@pytest.mark.parametrize("name", EACH_BUILDER)
def test_channels_are_last_whatever_the_setting(name):
    """`image_data_format` of a user's keras.json: the same layers, parameters and answers."""
    usual = slim(name)
    keras.config.set_image_data_format("channels_first")
    try:
        other = slim(name)
        other.set_weights(usual.get_weights())
        answers = other(images(other))
    finally:
        keras.config.set_image_data_format("channels_last")
    assert other.to_json() == usual.to_json()
    assert other.count_params() == usual.count_params()
    np.testing.assert_array_equal(answers, usual(images(usual)))


def test_is_one_flat_functional_model(model):
    assert isinstance(model, keras.Model)
    nested = [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    assert nested == (["twin"] if model.name == "siamese" else [])


def test_layers_have_names_of_their_own(model):
    names = [layer.name for layer in model.layers]
    assert len(set(names)) == len(names)
    assert "predictions" in names
    if kerascnn.info(model).task in ("classify", "segment"):
        assert "features" in names
    own_names = [
        name for name in names[1:] if not name.startswith(("conv2d", "batch_norm", "activation", "re_lu", "add_"))
    ]
    assert len(own_names) == len(names) - 1


def test_card_is_in_reach(model):
    assert kerascnn.info(model).name == model.name


def test_a_gradient_reaches_every_weight(model):
    import tensorflow as tf

    x = images(model, 4)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True)[..., 0] ** 2)
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    dead = [w.path for w, g in zip(model.trainable_weights, gradients, strict=True) if g is None]
    assert not dead


def test_a_classifier_has_one_map_for_each_resolution(model):
    """Every map is on all paths from the image to the last map: the search back from there ends at it."""
    if kerascnn.info(model).task != "classify":
        pytest.skip("only classifiers are backbones")
    maps = pyramid(model)
    last = model.get_layer("features").input
    assert list(maps) == sorted(maps)
    assert list(maps.values())[-1] is last
    for tensor in maps.values():
        seen, ahead = set(), [] if tensor is last else [last._keras_history.operation]
        while ahead:
            layer = ahead.pop()
            seen.add(layer.name)
            read = layer.input if isinstance(layer.input, list) else [layer.input]
            ahead += [t._keras_history.operation for t in read if t is not tensor]
            ahead = [layer for layer in ahead if layer.name not in seen]
        assert model.layers[0].name not in seen, tensor._keras_history.operation.name
    sizes = [tensor.shape[1] for tensor in maps.values()]
    assert all(after <= (before + 1) // 2 for before, after in pairwise(sizes))


@pytest.mark.parametrize(
    "model",
    [pytest.param(name, marks=[] if name in EACH_BUILDER else pytest.mark.slow) for name in NAMES],
    indirect=True,
)
def test_survives_saving(model, tmp_path):
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = images(model)
    np.testing.assert_array_equal(model(x), again(x))


@pytest.mark.parametrize("name", kerascnn.list_models(task="classify") + kerascnn.list_models(task="segment"))
def test_without_top_ends_at_features(name):
    with undrawn():  # shapes are enough
        model = slim(name, include_top=False)
        assert model.output is model.get_layer("features").output
        assert slim(name, include_top=False, pooling="avg").output.shape == (None, model.output.shape[-1])


@pytest.mark.parametrize("name", kerascnn.list_models(task="classify"))
def test_smallest_size_is_the_smallest(name):
    card = kerascnn.info(name)
    channels = card.input_shape[2]
    with undrawn():
        slim(name, input_shape=(card.min_size, card.min_size, channels))
    if card.min_size > 1:
        with pytest.raises(kerascnn.InputError, match=f"the smallest is {card.min_size}x{card.min_size}"):
            slim(name, input_shape=(card.min_size - 1, card.min_size - 1, channels))


@pytest.mark.parametrize("name", [name for name in EACH_BUILDER if kerascnn.info(name).task == "classify"])
def test_every_knob_refuses_nonsense(name):
    for knob in registry.knobs(name):
        for value in (-1, "nonsense", (), 10**9):
            with undrawn(), pytest.raises(kerascnn.InputError) as error:
                slim(name, **{knob: value})
            assert str(error.value).startswith(f"{knob}={value!r}: must be ")
            assert "\n" not in str(error.value)
