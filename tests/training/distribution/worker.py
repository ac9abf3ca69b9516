"""Train small networks on what devices there are, and write down what they did: `python worker.py FOLDER DEVICES`.

One device, two of one process, and two processes (by the launcher) shall do the same; `test_replicas` compares them.
"""

import json
import os
import sys
from functools import partial

import keras
import tensorflow as tf
from keras import layers

from kerascnn import data
from kerascnn.training.distribution import devices
from kerascnn.training.distribution.replicas import AverageStatistics, prepare_for_replicas, wait_for_all
from kerascnn.training.procedure.gradient_accumulation import accumulate
from kerascnn.training.procedure.optimizers import SGD

FOLDER, DEVICES = sys.argv[1], int(sys.argv[2])
cpu = tf.config.list_physical_devices("CPU")[0]
if DEVICES > 1:
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * DEVICES)
strategy = devices.strategy()
replicas = strategy.num_replicas_in_sync
digits = data.load("digits", batch=16, replicas=replicas, limit=90)  # the last batch of an epoch has 10
held_out = data.load("digits", batch=16, replicas=replicas, limit=91).validation  # 11


def train(epochs, rounds=1, synchronized=True, parts=1, norm=True, call=()):
    """Steps' losses and epochs' logs of a network of four filters, and the network; an epoch has so many rounds."""
    keras.utils.set_random_seed(1)
    losses = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    with strategy.scope():
        stem = [layers.Conv2D(4, 3, kernel_regularizer=keras.regularizers.L2(1e-3))]
        norms = [layers.BatchNormalization(momentum=0.9)] if norm else []
        top = [layers.ReLU(), layers.Flatten(), layers.Dense(10, activation="softmax")]
        model = keras.Sequential([keras.Input((8, 8, 1)), *stem, *norms, *top])
        optimizer = SGD(0.05, momentum=0.9, global_clipnorm=0.5)
        model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    if replicas > 1:
        prepare_for_replicas(model, synchronized)
    if parts > 1:
        accumulate(model, parts)
    history = model.fit(
        digits.train, shuffle=False, steps_per_epoch=rounds * digits.steps, epochs=epochs, validation_data=held_out,
        callbacks=[note, *call], verbose=0,
    ).history  # fmt: skip
    return {"losses": losses, "history": history}, model


def statistics(model):
    """The moving mean and variance of each replica of this process."""
    norm = model.layers[1]
    local = strategy.experimental_local_results
    return [[part.numpy().tolist() for part in local(v.value)] for v in (norm.moving_mean, norm.moving_variance)]


def averaged():
    before = []
    note = keras.callbacks.LambdaCallback(on_test_begin=lambda logs: before.append(statistics(note.model)))
    found, model = train(2, synchronized=False, call=[note, AverageStatistics()])
    if devices.is_chief():
        model.save(f"{FOLDER}/averaged.keras")
        saved = keras.models.load_model(f"{FOLDER}/averaged.keras")
        found["saved"] = saved.evaluate(held_out, verbose=0, return_dict=True)
    return found | {"before": before[-1], "after": statistics(model)}


def masks(prepared):
    """What dropout leaves of ones, on each replica of this process, in two steps; and the states of its seeds."""
    with strategy.scope():
        dropout = layers.Dropout(0.5, seed=3)
        model = keras.Sequential([keras.Input((64,)), dropout])
    if prepared:
        prepare_for_replicas(model, synchronized=False)
    local = strategy.experimental_local_results
    drop = partial(dropout, tf.ones((1, 64)), training=True)
    step = tf.function(partial(strategy.run, drop), autograph=False)
    found = [[mask.numpy()[0].tolist() for mask in local(step())] for _ in range(2)]
    return {"masks": found, "seeds": [seed.numpy().tolist() for seed in local(dropout.seed_generator.state.value)]}


synchronized, model = train(3, rounds=3)  # 54 steps
if devices.is_chief():
    model.save(f"{FOLDER}/synchronized.keras")
found = {
    "replicas": replicas,
    "synchronized": synchronized,
    "predicted": model.predict(held_out, verbose=0).tolist(),
    "averaged": averaged(),
    "parts": train(2, norm=False, parts=3 if replicas > 1 else 1)[0],
    "alike": masks(prepared=False),
    "different": masks(prepared=True),
}
with open(f"{FOLDER}/{'chief' if devices.is_chief() else 'other'}.json", "w") as file:
    json.dump(found, file)
if "TF_CONFIG" in os.environ:
    wait_for_all()
