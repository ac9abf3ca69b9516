"""What all loaders check, and how batches are finished."""

import pytest
import tensorflow as tf

from kerascnn import InputError
from kerascnn.data.pipelines import check_options, finished

RIGHT = dict(batch=8, replicas=1, limit=None, seed=0, start_step=0, scaling="unit")


def test_right_options():
    check_options(**RIGHT)
    check_options(**{**RIGHT, "limit": 3, "scaling": "ink"}, scalings=("ink",))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"batch": 0}, "batch=0: must be a whole number, 1 or more"),
        ({"batch": 32.0}, "batch=32.0: must be a whole number, 1 or more"),
        ({"limit": 0}, "limit=0: must be a whole number, 1 or more"),
        ({"seed": -1}, "seed=-1: must be a whole number, 0 or more"),
        ({"start_step": "3"}, "start_step='3': must be a whole number, 0 or more"),
        ({"scaling": "caffe"}, "scaling='caffe': must be one of 'unit', 'symmetric', 'standard'"),
    ],
)
def test_wrong_options(options, line):
    with pytest.raises(InputError, match=f"^{line}$"):
        check_options(**{**RIGHT, **options})


def test_finished_batches_are_shared_by_the_workers():
    batches = finished(tf.data.Dataset.range(6).batch(2), lambda numbers: numbers * 2)
    assert [batch.tolist() for batch in batches.as_numpy_iterator()] == [[0, 2], [4, 6], [8, 10]]
    policy = batches.options().experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.DATA
