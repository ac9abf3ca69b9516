"""Mends what Keras leaves undone where several replicas share a batch.

`over_devices` and `over_machines` make Keras train at all. `prepare_for_replicas` makes dropout differ between the
replicas and batch normalization agree, `AverageStatistics` makes it agree where it is judged and saved.
"""

from functools import cache, partial

import keras
import tensorflow as tf
from keras.src.backend.tensorflow import trainer
from tensorflow.python.eager import context

from ...errors import InputError

BATCH_NORMS = ("averaged", "synchronized")
TRIED = "3.15."  # the versions of Keras with which training on several machines has been tried
WEEK = 7 * 24 * 3600 * 1000  # milliseconds


def over_machines() -> tf.distribute.Strategy:
    """`MultiWorkerMirroredStrategy`, and a Keras that can train under it.

    Raises:
        InputError: Keras is another version than those that have been tried.
    """
    if not keras.__version__.startswith(TRIED):
        raise InputError(f"several machines: tried with Keras {TRIED}x only, here is Keras {keras.__version__}")
    mend_shapes()
    mend_logs()
    return tf.distribute.MultiWorkerMirroredStrategy()


def over_devices(names: list[str]) -> tf.distribute.Strategy:
    """`MirroredStrategy` over several devices of this machine, and a Keras that takes batches of any size under it."""
    mend_shapes()
    return tf.distribute.MirroredStrategy(names)


@cache
def mend_shapes() -> None:
    """To learn the shapes of a batch, Keras takes the mean over all replicas, which need not have equally many images,
    and which several machines lack: the first replica's do."""
    build = trainer.TensorFlowTrainer._maybe_symbolic_build

    def build_from_first(model, iterator=None, data_batch=None):
        if iterator is not None:
            _, _, batches = next(iter(iterator))
            local = model.distribute_strategy.experimental_local_results
            data_batch = keras.tree.map_structure(lambda part: local(part)[0], next(batches))
        build(model, data_batch=data_batch)

    trainer.TensorFlowTrainer._maybe_symbolic_build = build_from_first


@cache
def mend_logs() -> None:
    """Of the logs of several machines Keras takes the mean along their first axis, which scalars lack."""
    reduce = trainer.reduce_per_replica

    def reduce_scalars(values, strategy, reduction):
        if reduction == "concat":
            return reduce(values, strategy, reduction)
        return keras.tree.map_structure(lambda value: strategy.reduce("MEAN", value, axis=None), values)

    trainer.reduce_per_replica = reduce_scalars


def wait_for_all() -> None:
    """Wait, at the end, until all machines are there: one that left would be taken for dead while the chief reports."""
    context.context().wait_at_barrier("the end", timeout_in_ms=WEEK)


def prepare_for_replicas(model: keras.Model, synchronized: bool) -> None:
    """Make a model fit for several replicas.

    Dropout and other noise become different on each of them, while the seed generators stay equal, so that the state of
    one replica is that of all.

    Args:
        model: made in the scope of a strategy, not yet trained.
        synchronized: batch normalization takes mean and variance over the batch of all replicas, not over its own.
    """
    for layer in _layers(model):
        for value in vars(layer).values():
            if isinstance(value, keras.random.SeedGenerator):
                value.next = partial(_own_seed, value.next)
        if synchronized and isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
            layer.get_config = partial(_unsynchronized, layer.get_config)


def draws_and_norms(model: keras.Model) -> tuple[bool, bool]:
    """Whether some layer draws random numbers, which each replica has of its own, and whether some layer is a batch
    normalization."""
    layers = _layers(model)
    draws = any(isinstance(value, keras.random.SeedGenerator) for layer in layers for value in vars(layer).values())
    return draws, bool(batch_norms(model))


def _own_seed(draw, ordered=True):
    """A seed [seed, count], moved by the number of the replica."""
    replica = tf.distribute.get_replica_context()
    seed = draw(ordered)
    return seed if replica is None else seed + tf.stack([tf.cast(replica.replica_id_in_sync_group, seed.dtype), 0])


def _unsynchronized(get_config):
    """A saved model says nothing of how it was trained: JAX and Torch wouldn't load it."""
    return {**get_config(), "synchronized": False}


class AverageStatistics(keras.callbacks.Callback):
    """Before every evaluation the moving statistics of batch normalization become their mean over all replicas, of all
    machines: what is judged is what is saved. Without it Keras judges each replica's own, and saves the first one's."""

    def on_train_begin(self, logs=None):
        norms = batch_norms(self.model)
        statistics = [variable for norm in norms for variable in (norm.moving_mean, norm.moving_variance)]

        def on_each():
            means = tf.distribute.get_replica_context().all_reduce("MEAN", [v.value.read_value() for v in statistics])
            for variable, mean in zip(statistics, means, strict=True):
                variable.assign(mean)

        run = self.model.distribute_strategy.run
        self.average = tf.function(lambda: run(on_each), autograph=False) if statistics else None

    def on_test_begin(self, logs=None):
        if self.average:
            self.average()


def batch_norms(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    """All batch normalizations of a model and of those in it, each once."""
    return [layer for layer in _layers(model) if isinstance(layer, keras.layers.BatchNormalization)]


def _layers(model) -> list[keras.layers.Layer]:
    """All layers of a model and of those in it, each once."""
    found = [layer for part in model.layers if isinstance(part, keras.Model) for layer in _layers(part)]
    return list(dict.fromkeys([*model.layers, *found]))
