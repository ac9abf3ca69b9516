"""Blocks as models of their own, with weights that are drawn."""

import keras
from hypothesis import settings
from hypothesis import strategies as st

few = settings(max_examples=5, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(3, 9)
channels = st.sampled_from([4, 8, 12])


def network(block, *shape, **knobs):
    """A model of one block, named b, for images of a shape."""
    inp = keras.Input(shape, name="images")
    return keras.Model(inp, block(inp, name="b", **knobs))


def randomize(model, rng):
    """Draw all weights; those of batch normalization are positive, as variances must be."""
    for layer in model.layers:
        positive = isinstance(layer, keras.layers.BatchNormalization)
        layer.set_weights(
            [rng.random(w.shape) + 0.5 if positive else rng.standard_normal(w.shape) for w in layer.weights]
        )
    return model


def outputs(model, images):
    return keras.ops.convert_to_numpy(model(images))
