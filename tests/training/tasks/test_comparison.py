"""Networks side by side learn as if each were alone."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.training import CrossEntropy, SideBySide
from kerascnn.training.procedure.epochs import epochs


def networks(classes=3):
    keras.utils.set_random_seed(0)
    small = dict(input_shape=(8, 8, 1), classes=classes, n_filters=2, repeats=(1, 1))
    return [kerascnn.build(name, **small) for name in ("plain20_cifar", "resnet20_cifar")]


def test_each_learns_as_if_it_were_alone():
    rng = np.random.default_rng(0)
    batches = [(rng.standard_normal((6, 8, 8, 1)).astype("float32"), rng.integers(0, 3, 6)) for _ in range(3)]
    together, alone = networks(), networks()
    model = SideBySide(together)
    for trained in (model, *alone):
        trained.compile(keras.optimizers.SGD(0.1, momentum=0.9), CrossEntropy())
    logs = [model.train_on_batch(*batch, return_dict=True) for batch in batches][-1]
    for one, other in zip(alone, together, strict=True):
        loss = [one.train_on_batch(*batch) for batch in batches][-1]
        assert logs[f"{one.name}_loss"] == pytest.approx(float(loss), rel=1e-4)
        for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.slow
def test_a_budget_is_divided_among_their_epochs():
    images = kerascnn.data.load("digits", (8, 8, 1), batch=4, limit=16)
    model = SideBySide(networks(classes=10))
    assert epochs(0, "1h", model, images) > 10
