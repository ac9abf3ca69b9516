import keras
import numpy as np
import pytest

import kerascnn

from . import outline


@pytest.mark.parametrize("name", ["nin", "nin_cifar"])
def test_answer_is_the_softmax_of_the_mean_maps(name):
    model = kerascnn.build(name, input_shape=(None, None, 3), classes=4)
    *_, last = [layer for layer in model.layers if layer.name.startswith("block")]
    image = np.random.default_rng(0).random((1, 80, 97, 3), dtype="float32")
    maps = keras.ops.convert_to_numpy(keras.Model(model.input, last.output)(image))
    assert maps.shape[-1] == 4
    expected = np.exp(maps.mean(axis=(1, 2)))
    np.testing.assert_allclose(model(image), expected / expected.sum(), rtol=1e-4)


def test_last_block_of_the_authors():
    model = outline("nin", last=(1024, 1024))
    assert [model.get_layer(name).filters for name in ("block4_1", "block4_2", "block4")] == [1024, 1024, 1000]


@pytest.mark.parametrize("last", [1000, (), (0, 10)])
def test_wrong_last_block_is_told_in_one_line(last):
    with pytest.raises(kerascnn.InputError, match=r"^last=.*: must be whole numbers of 1 or more"):
        kerascnn.build("nin", last=last)
