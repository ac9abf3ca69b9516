"""A wrapper trains the network that is in it, and saves that or a part of it."""

import keras
import numpy as np

from kerascnn.training.procedure.network_wrapper import NetworkWrapper


class Doubled(NetworkWrapper):
    def call(self, images, training=None):
        return 2 * self.network(images, training=training)


def networks():
    image = keras.Input((3,))
    inner = keras.layers.Dense(2, name="inner")(image)
    whole = keras.Model(image, keras.layers.Dense(1, name="outer")(inner), name="whole")
    return whole, keras.Model(image, inner, name="part")


def test_its_weights_are_the_networks():
    whole, part = networks()
    wrapper = Doubled(whole, saved=part)
    assert wrapper.name == "whole"
    assert wrapper.inputs == whole.inputs
    assert [id(weight) for weight in wrapper.weights] == [id(weight) for weight in whole.weights]
    assert wrapper.count_params() == whole.count_params() == 3 * 2 + 2 + 2 + 1


def test_training_it_trains_the_network():
    whole, _ = networks()
    images = np.ones((4, 3), np.float32)
    before = whole.predict_on_batch(images)
    wrapper = Doubled(whole)
    np.testing.assert_array_equal(wrapper.predict_on_batch(images), 2 * before)
    wrapper.compile(keras.optimizers.SGD(0.01), "mean_squared_error")
    errors = wrapper.fit(images, 2 * before + 1, epochs=3, verbose=0).history["loss"]
    assert errors[0] > errors[1] > errors[2]
    assert np.all(whole.predict_on_batch(images) > before)


def test_what_is_saved_is_the_network_or_its_part(tmp_path):
    whole, part = networks()
    for wrapper, saved in ((Doubled(whole), whole), (Doubled(whole, saved=part), part)):
        wrapper.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert loaded.name == saved.name
        for found, expected in zip(loaded.get_weights(), saved.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)
