"""Folders as runs leave them, without a training."""

import json

import keras

import kerascnn
from kerascnn.training import files


def make_run(folder, *, name="lenet5", shape=(32, 32, 1), classes=tuple("0123456789"), seed=0, loading=None, **other):
    """A network with random weights, and where `loading` is given a `config.json` that says how to load its data."""
    keras.utils.set_random_seed(seed)
    knobs, scaling = other.pop("knobs", {}), other.pop("scaling", "standard")
    sizes = {} if name in ("autoencoder", "siamese") else {"classes": len(classes) if len(classes) > 2 else 1}
    sizes = {"classes": len(classes)} if name == "lenet5" else sizes
    network = other.pop("network", None) or kerascnn.build(name, input_shape=shape, **sizes, **knobs)
    about = {
        "name": name, "knobs": knobs, "input_shape": shape, "classes": list(classes), "scaling": scaling,
        "mean": [0.3] * shape[2], "std": [0.4] * shape[2], **other,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    files.save(network, folder / "model.keras", about)
    if loading:
        loading = {"image_shape": list(shape), **loading}
        (folder / "config.json").write_text(json.dumps({"kerascnn": "0", "loading": loading}))
    return folder
