"""Auxiliary heads: their losses teach the trunk, and are left out of all that is judged and saved."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.training.procedure.auxiliary_heads import heads, with_heads
from kerascnn.training.procedure.losses import CrossEntropy, accuracy

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.standard_normal((3, 79, 79, 3)).astype("float32"), np.array([0, 4, 2])


def network(**knobs):
    keras.utils.set_random_seed(0)
    return kerascnn.build("googlenet", input_shape=(79, 79, 3), classes=5, alpha=1 / 16, dropout=0.0, **knobs)


@pytest.fixture(scope="module")
def model():
    model = with_heads(network(aux=True), (0.3, 0.2))
    for layer in model.network.layers:
        if isinstance(layer, keras.layers.Dropout):  # those of the heads
            layer.rate = 0.0
    model.compile(keras.optimizers.SGD(0.0), CrossEntropy(0.1), metrics=[accuracy])
    return model


def entropy(said):
    soft = 0.9 * np.eye(5)[LABELS] + 0.1 / 5
    return -(soft * np.log(said)).sum(-1).mean()


def test_losses_are_added_up_by_weight_in_training_only(model):
    said = [np.asarray(output) for output in model.network(IMAGES)]
    assert len(said) == 3
    trained = model.train_on_batch(IMAGES, LABELS, return_dict=True)
    assert trained["loss"] == pytest.approx(
        entropy(said[0]) + 0.3 * entropy(said[1]) + 0.2 * entropy(said[2]), rel=1e-4
    )
    assert trained["accuracy"] == pytest.approx((said[0].argmax(-1) == LABELS).mean())
    judged = model.test_on_batch(IMAGES, LABELS, return_dict=True)
    assert judged["loss"] == pytest.approx(entropy(said[0]), rel=1e-4)
    np.testing.assert_allclose(model.predict_on_batch(IMAGES), said[0], rtol=1e-5)


def test_saved_without_heads(model, tmp_path):
    model.save(tmp_path / "model.keras")
    saved, plain = keras.models.load_model(tmp_path / "model.keras", compile=False), network()
    assert [weight.path for weight in saved.weights] == [weight.path for weight in plain.weights]
    np.testing.assert_allclose(saved(IMAGES), model.predict_on_batch(IMAGES), rtol=1e-5)
    plain.load_weights(tmp_path / "model.keras")
    np.testing.assert_allclose(plain(IMAGES), model.predict_on_batch(IMAGES), rtol=1e-5)


def test_without_weights_the_network_trains_itself():
    plain = network()
    assert with_heads(plain, ()) is plain


def test_weights_ask_for_heads():
    assert heads("googlenet", {"alpha": 0.5}, (0.3, 0.3)) == {"alpha": 0.5, "aux": True}
    assert heads("googlenet", {"alpha": 0.5}, ()) == {"alpha": 0.5}
    assert heads("vgg16", {}, ()) == {}


@pytest.mark.parametrize(
    ("name", "knobs", "weights", "message"),
    [
        ("vgg16", {}, (0.3, 0.3), r"--auxiliary 0.3, 0.3: vgg16 has no auxiliary heads"),
        ("googlenet", {"aux": True}, (), r"--knob aux: give --auxiliary"),
    ],
)
def test_heads_that_cannot_be_are_told(name, knobs, weights, message):
    with pytest.raises(kerascnn.InputError, match=message):
        heads(name, knobs, weights)


def test_every_head_needs_a_weight(model):
    with pytest.raises(kerascnn.InputError, match="googlenet has 2 auxiliary heads, each needs a weight"):
        with_heads(model.network, (0.3,))
