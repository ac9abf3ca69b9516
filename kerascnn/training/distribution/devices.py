"""The devices of this machine, the strategy that fits them, and the precision."""

import json
import os
import tempfile

from ...errors import InputError

CLUSTER = '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'  # like TF_CONFIG


def load_tensorflow() -> None:
    """Import Keras and TensorFlow, without the lines that TensorFlow's libraries print while they start.

    They print before any log level counts, so they are caught where they arrive; an error lets them out.
    `TF_CPP_MIN_LOG_LEVEL=0` leaves all as it is.

    Raises:
        InputError: Keras is told to use another backend.
    """
    if os.environ.setdefault("KERAS_BACKEND", "tensorflow") != "tensorflow":
        raise InputError(f"KERAS_BACKEND={os.environ['KERAS_BACKEND']}: recipes train with tensorflow")
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2") == "0":
        return
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as chatter:
        os.dup2(chatter.fileno(), 2)
        try:
            import keras  # noqa: F401
            import tensorflow as tf

            tf.config.list_physical_devices()
        except Exception:
            chatter.seek(0)
            os.write(terminal, chatter.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def strategy():
    """The `tf.distribute` strategy for what there is.

    One device: the strategy that does nothing. Several GPUs: `MirroredStrategy`. Several machines, by the environment
    variable TF_CONFIG: `MultiWorkerMirroredStrategy` over all their GPUs; it must be made before TensorFlow computes
    anything, and waits for the other machines.

    Raises:
        InputError: TF_CONFIG is broken, or Keras is a version that hasn't been tried on several machines.
    """
    import tensorflow as tf

    if workers() > 1:
        from .replicas import over_machines

        return over_machines()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) == 1:
        return tf.distribute.get_strategy()
    from .replicas import over_devices

    return over_devices([device.name for device in devices])


def workers() -> int:
    """The number of machines that train together."""
    jobs, _, _ = _cluster()
    return sum(map(len, jobs.values()))


def is_chief() -> bool:
    """Whether this machine is the one that prints and writes files. One that trains alone is."""
    jobs, job, index = _cluster()
    return index == 0 and job == ("chief" if "chief" in jobs else "worker")


def _cluster():
    """({job: addresses}, this machine's job, its number in it), as TF_CONFIG says."""
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text or "{}")
        if not config.get("cluster"):
            return {"worker": ["localhost"]}, "worker", 0
        jobs, job, index = config["cluster"], config["task"]["type"], int(config["task"]["index"])
        addresses = [address for job in jobs.values() for address in job]
        right = set(jobs) <= {"chief", "worker"} and index in range(len(jobs[job]))
        right = right and len(set(addresses)) == len(addresses) and all(":" in address for address in addresses)
    except (ValueError, TypeError, KeyError, AttributeError):
        right = False
    if not right:
        raise InputError(f"TF_CONFIG={text}: must be like {CLUSTER}, with jobs chief and worker and no address twice")
    return jobs, job, index


def set_precision(mixed: bool) -> str:
    """Choose the precision of all layers made from now on, and return its name.

    Mixed precision is bfloat16 where all GPUs have it in hardware (compute capability 8.0), else float16.

    Raises:
        InputError: mixed precision without a GPU.
    """
    import keras
    import tensorflow as tf

    policy = "float32"
    if mixed:
        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            raise InputError("--mixed-precision: needs a GPU, here is none; on a CPU it is slower than float32")
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        modern = all(detail.get("compute_capability", (0, 0)) >= (8, 0) for detail in details)
        policy = "mixed_bfloat16" if modern else "mixed_float16"
    keras.config.set_dtype_policy(policy)
    return policy


def describe() -> str:
    """The devices in words: `2 x NVIDIA H200` or `CPU, 8 cores`."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return f"CPU, {os.cpu_count()} cores"
    name = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
    return f"{len(gpus)} x {name}" if len(gpus) > 1 else name
