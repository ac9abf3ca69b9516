"""A space as keras-tuner sees it."""

import keras_tuner
import pytest

from kerascnn.nas import SPACES, hypermodel, space
from kerascnn.nas.spaces.keras_tuner import sample


@pytest.mark.parametrize("family", SPACES)
def test_keras_tuner_samples_what_the_space_allows(family):
    asked = space(family)
    hp = keras_tuner.HyperParameters()
    values = sample(asked, hp)
    assert asked.spec(values) == asked.spec({k: v for k, v in hp.values.items() if hp.is_active(k)})
    hp.values["stages"] = 3
    assert asked.spec(sample(asked, hp))["repeats"] == [1, 1, 1]


def test_a_hypermodel_builds_and_compiles_by_the_same_numbers():
    def compile(model, hp):
        model.compile(hp.Choice("optimizer", ["sgd", "adam"]), "sparse_categorical_crossentropy")

    hp = keras_tuner.HyperParameters()
    model = hypermodel(space("vgg", input_shape=(8, 8, 1)), compile=compile).build(hp)
    assert model.name == "staged"
    assert set(hp.values) == {"stages", "repeats1", "repeats2", "growth2", "n_filters", "kernel_size", "optimizer"}
