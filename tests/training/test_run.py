"""What surrounds `model.fit`: nothing is written before the run opens, and a run is what its folder says."""

import json

import keras
import pytest

import kerascnn
from kerascnn import InputError, info
from kerascnn.errors import TrainingStopped
from kerascnn.training.flags import parse
from kerascnn.training.run import Run, chief_only, input_shape

CONFIG = {"batch": 32, "lr": 0.1}


def opened(folder, *words, model="lenet5"):
    """A run in a folder, with its model and data, before it trains."""
    run = Run(parse(CONFIG, ["--out", str(folder), *words]))
    digits = kerascnn.data.load("digits", (32, 32, 1), limit=64, **{"batch": 32, **run.pipeline_args})
    network = kerascnn.build(model, classes=10, **run.cfg.knobs)
    network.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    run.open(network, digits)
    return run, network, digits


@pytest.mark.parametrize(
    ("model", "native", "size", "shape"),
    [
        ("lenet5", (8, 8, 1), 0, (32, 32, 1)),
        ("lenet5", (32, 32, 3), 0, (32, 32, 3)),
        ("resnet50", (32, 32, 3), 0, (128, 128, 3)),
        ("resnet50", (28, 28, 1), 0, (112, 112, 1)),
        ("resnet50", (300, 400, 3), 0, (224, 224, 3)),
        ("resnet50", (None, None, 3), 0, (224, 224, 3)),
        ("resnet50", (None, None, 3), 64, (64, 64, 3)),
        ("lenet5", (8, 8, 1), 48, (48, 48, 1)),
        ("lenet5", (4, 4, 1), 0, (32, 32, 1)),
    ],
)
def test_input_shape(model, native, size, shape):
    assert input_shape(info(model), native, size) == shape


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--seed", str(2**32)], f"--seed {2**32}: must be less than {2**32}"),
        (["--accumulate", "5"], "--batch 32: cannot be divided into --accumulate 5 parts"),
        (["--accumulate", "0"], "accumulate=0: must be a whole number, 1 or more"),
        (["--batch-norm", "none"], "batch_norm='none': must be one of 'averaged', 'synchronized'"),
        (["--checkpoint-every", "soon"], "--checkpoint-every soon: must be epoch, a number of steps, or a time like"),
        (["--resume", "--overwrite"], "--resume goes on with a run, --overwrite replaces it: give one of them"),
    ],
)
def test_a_wrong_flag_is_one_line_and_leaves_nothing_behind(tmp_path, words, line):
    with pytest.raises(InputError) as caught:
        Run(parse(CONFIG, ["--out", str(tmp_path / "run"), *words]))
    assert str(caught.value).startswith(line)
    assert not list(tmp_path.iterdir())


def test_a_seed_decides_the_weights():
    first, again, other = (
        (Run(parse(CONFIG, ["--seed", seed])), keras.random.uniform((4,)).numpy().tolist())[1] for seed in "334"
    )
    assert first == again != other


def test_an_open_run_says_how_to_build_its_model(tmp_path):
    run, network, digits = opened(tmp_path / "run", "--lr", "0.5", "--knob", "act=relu")
    assert run.folder == tmp_path / "run"
    said = json.loads((run.folder / "config.json").read_text(encoding="utf-8"))
    assert said["flags"]["lr"] == 0.5
    assert (said["data"], said["train_images"], said["validation_images"]) == ("digits", 64, 64)
    again = kerascnn.build(said["name"], input_shape=said["input_shape"], classes=len(said["classes"]), **said["knobs"])
    assert [layer.name for layer in again.layers if getattr(layer, "activation", None) is keras.activations.relu]
    assert [tuple(weight.shape) for weight in again.weights] == [tuple(weight.shape) for weight in network.weights]
    assert run.fit_args()["steps_per_epoch"] == digits.steps
    assert run.fit_args()["shuffle"] is False, "the data come shuffled"


def trained(folder):
    run, network, digits = opened(folder, "--checkpoint-every", "epoch")
    network.fit(digits.train, validation_data=digits.validation, epochs=1, **run.fit_args())
    return run


def test_a_run_goes_on_only_as_itself(tmp_path):
    trained(tmp_path / "run")
    run, *_ = opened(tmp_path / "run", "--resume")
    assert (run.resumed, run.epoch, run.step) == (True, 1, 2)
    with pytest.raises(InputError, match=r"--resume: the run in .*run has name 'lenet5', not 'nin_cifar'"):
        opened(tmp_path / "run", "--resume", model="nin_cifar")


def test_a_run_that_is_complete_is_not_resumed(tmp_path):
    run = trained(tmp_path / "run")
    (run.folder / "metrics.json").write_text("{}")
    run.close()
    assert not list(run.folder.glob("checkpoints/*"))
    with pytest.raises(TrainingStopped, match="is complete, there is nothing to resume"):
        Run(parse(CONFIG, ["--out", str(tmp_path / "run"), "--resume"]))


@pytest.mark.parametrize("is_chief", [True, False])
def test_only_the_chief_reports_and_the_run_ends_on_all_machines(is_chief):
    did = []

    class Trained:
        def close(self):
            did.append("closed")

    @chief_only
    def report(run, what, *, how):
        did.append((what, how))

    run = Trained()
    run.is_chief = is_chief
    report(run, "metrics", how="briefly")
    assert did == [("metrics", "briefly")] * is_chief + ["closed"]
