"""Proxies: scores of a network that cost little or no training."""

from collections.abc import Callable, Iterable

import numpy as np

IMAGES = 32  # that tell enough before training; also those of a step where training is short
STEPS, LAST = 60, 5  # of that training; its last ones tell


def naswot(spec: dict, images: np.ndarray, seed: int = 0) -> float:
    """The score of Mellor et al.: how differently an untrained network's ReLUs respond to different images. Higher is
    better.

    The log-determinant of the number of ReLUs in which each two images agree. Mellor et al. 2021, arXiv:2006.04647,
    Section 3; one ReLU more that differs between all keeps it finite. For the 216 networks of
    `recipes/benchmarks/nas_mnist.csv` its rank correlation with accuracy after nine epochs is 0.37, that of their MACs
    is 0.81. For the smallest quarter of NAS-Bench-201 it is 0.85 with accuracy after 200 epochs, that of MACs is 0.69.
    `recipes/benchmarks/nas_replay.py` has what a search gains from it.

    Args:
        spec: the network; every activation in it that is a ReLU counts.
        images: (n, height, width, channels), scaled as for training.
        seed: of the weights.
    """
    import keras

    from ...registry import build

    keras.utils.set_random_seed(seed)
    return told_apart(build(**spec), images)


def told_apart(model, images: np.ndarray) -> float:
    """The same of a `keras.Model` as it is."""
    import keras

    relus = [layer.output for layer in model.layers if getattr(layer, "activation", None) is keras.activations.relu]
    agreements = np.eye(len(images))
    for output in keras.Model(model.input, relus)(images, training=True):
        on = (keras.ops.convert_to_numpy(output) > 0).reshape(len(images), -1).astype("float32")
        agreements += on @ on.T + (1 - on) @ (1 - on).T
    return float(np.linalg.slogdet(agreements)[1])


def early_loss(spec: dict, batches: Iterable, compile: Callable, seed: int = 0) -> float:
    """Minus the training loss after a few steps. Higher is better.

    The sum of the losses until then predicts the end of a training (Ru et al. 2021, arXiv:2006.04492); here only the
    last steps count. For the smallest quarter of the networks of `recipes/benchmarks/nas_mnist.csv` its rank
    correlation with accuracy after nine epochs is 0.73, that of naswot is 0.39; for the smallest quarter of
    NAS-Bench-201 it is 0.81 with accuracy after 12 epochs, that of naswot is 0.68. TensorFlow keeps about 18 MB of each
    network that was asked until the process ends.

    Args:
        spec: the network.
        batches: (images, labels) of each step, `STEPS` of them.
        compile: called with the model to compile it.
        seed: of the weights.
    """
    import keras

    from ...registry import build

    keras.utils.set_random_seed(seed)
    compile(model := build(**spec))
    return loss_after(model, batches)


def loss_after(model, batches: Iterable) -> float:
    """The same of a compiled `keras.Model` as it is."""
    model.optimizer.build(model.trainable_variables)  # else the first step is traced twice
    losses = [model.train_on_batch(images, labels, return_dict=True)["loss"] for images, labels in batches]
    return -float(np.mean(losses[-LAST:]))


PROXIES = ("naswot", "early_loss")
