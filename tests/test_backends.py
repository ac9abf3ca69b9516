"""The networks run on Keras's other backends, with the same outputs from the same weights."""

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import kerascnn

RUN = """
import sys
import numpy as np
import kerascnn
name, weights, images, answers = sys.argv[1:]
model = kerascnn.build(name, weights=weights)
np.save(answers, model.predict(np.load(images), verbose=0))
"""


@pytest.mark.parametrize("name", ["lenet5", "mobilenet_v1", "autoencoder", "unet"])
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_backend_gives_the_same_outputs(name, backend, tmp_path):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    model = kerascnn.build(name)
    images = np.random.default_rng(0).standard_normal((2, *model.input_shape[1:]), dtype="float32")
    files = [str(tmp_path / file) for file in ("model.weights.h5", "images.npy", "answers.npy")]
    model.save_weights(files[0])
    np.save(files[1], images)
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", RUN, name, *files], env=environment, check=True)
    np.testing.assert_allclose(np.load(files[2]), model.predict(images, verbose=0), rtol=1e-4, atol=1e-6)
