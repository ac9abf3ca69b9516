"""What surrounds `model.fit`: nothing is written before the run opens, and a run is what its folder says."""

import json
import shutil

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn import InputError, info
from kerascnn.errors import TrainingStopped
from kerascnn.training import files, run_folder
from kerascnn.training.flags import parse
from kerascnn.training.resume import checkpoint
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
        (["--batch-norm", "none"], "unknown value of --batch-norm 'none': did you mean synchronized?"),
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


@keras.saving.register_keras_serializable(package="mine")
class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def test_the_best_model_may_have_layers_of_a_users_own(tmp_path):
    _, _, digits = opened(tmp_path / "one")
    image = keras.Input((32, 32, 1))
    network = keras.Model(image, keras.layers.Dense(10)(keras.layers.Flatten()(Twice()(image))))
    network.compile("sgd", "mean_squared_error")
    run = Run(parse(CONFIG, ["--out", str(tmp_path / "two")]))
    run.open(network, digits)
    files.save(network, run.folder / "model.keras", run.metadata)
    assert run.best_model().count_params() == network.count_params()
    with pytest.raises(InputError, match="mine>Twice"):
        kerascnn.load(run.folder / "model.keras")


def trained(folder):
    run, network, digits = opened(folder, "--checkpoint-every", "epoch")
    network.fit(digits.train, validation_data=digits.validation, epochs=1, **run.fit_args())
    return run


def test_a_run_goes_on_only_as_itself(tmp_path):
    trained(tmp_path / "run")
    run, *_ = opened(tmp_path / "run", "--resume")
    assert (run.resumed, run.epoch, run.step) == (True, 1, 2)
    assert not (run.folder / "history.part.csv").exists()
    with pytest.raises(InputError, match=r"--resume: the run in .*run has name 'lenet5', not 'nin_cifar'"):
        opened(tmp_path / "run", "--resume", model="nin_cifar")


def test_a_run_that_is_complete_is_not_resumed(tmp_path):
    out = complete(tmp_path / "run")
    assert [path.name for path in (out / "checkpoints").iterdir()] == ["step-000000004"]
    before = content(out)
    with pytest.raises(TrainingStopped, match=r"is complete, there is nothing to resume$"):
        Run(parse(CONFIG, ["--out", str(out), "--resume"]))
    assert content(out) == before


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def train(folder, *words, schedule=True, patience=0):
    """A run of as many epochs as its flags say, in steps of 2; and what it learned."""
    keras.utils.clear_session(free_memory=False)  # names as in a new process
    run = Run(parse({**CONFIG, "epochs": 2}, ["--out", str(folder), "--checkpoint-every", "1", *words]))
    digits = kerascnn.data.load("digits", (8, 8, 1), limit=64, **{"batch": 32, **run.pipeline_args})
    network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    rate = keras.optimizers.schedules.CosineDecay(0.1, run.cfg.epochs * digits.steps) if schedule else 0.1
    network.compile(keras.optimizers.SGD(rate, 0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    run.open(network, digits)
    stop = [keras.callbacks.EarlyStopping("val_accuracy", mode="min")] * patience  # after two epochs, as it rises
    network.fit(digits.train, validation_data=digits.validation, epochs=run.cfg.epochs, **run.fit_args(*stop))
    return run, network


def complete(folder, *words, **how):
    run, _ = train(folder, *words, **how)
    (run.folder / "metrics.json").write_text("{}")
    run.close()
    assert not (folder / run_folder.LOCK).exists()
    assert run_folder.what_goes_on() == f"the run in {folder} is complete"
    run_folder.release_all()
    return folder


@pytest.mark.parametrize("ended", [True, False])
def test_a_run_can_be_made_longer(tmp_path, capsys, ended):
    whole, network = train(tmp_path / "whole", "--epochs", "4", schedule=False)
    run_folder.release_all()
    if ended:
        complete(tmp_path / "run", schedule=False)
    else:
        train(tmp_path / "run", schedule=False)
    capsys.readouterr()
    run, longer = train(tmp_path / "run", "--resume", "--epochs", "4", schedule=False)
    assert "which goes on after step 4\n4 epochs instead of 2\n" in capsys.readouterr().out
    assert all(map(np.array_equal, longer.get_weights(), network.get_weights()))
    assert json.loads((run.folder / "config.json").read_text())["flags"]["epochs"] == 4
    timing = ("seconds", "images_per_second")
    histories = [{k: v for k, v in one.history().items() if k not in timing} for one in (run, whole)]
    assert histories[0] == histories[1]
    again, _ = train(tmp_path / "run", "--resume", "--epochs", "4", schedule=False)  # killed before its report
    assert len(again.history()["loss"]) == 4


def test_a_schedule_has_the_new_length_and_the_line_says_what_that_means(tmp_path, capsys):
    """Half a cosine over 4 steps ends with 0; over 8 steps it is at 0.05 there."""
    complete(tmp_path / "run")
    capsys.readouterr()
    _, network = train(tmp_path / "run", "--resume", "--epochs", "4")
    line = "4 epochs instead of 2, and a schedule of this length: the learning rate goes on with 0.05, after 0\n"
    assert line in capsys.readouterr().out
    assert float(network.optimizer.learning_rate) == pytest.approx(0, abs=1e-8)


def test_a_run_in_the_middle_can_be_made_shorter_but_not_than_what_it_has_trained(tmp_path):
    train(tmp_path / "run", "--epochs", "3", schedule=False)
    shutil.rmtree(tmp_path / "run" / "checkpoints" / "step-000000006")  # after step 5, in epoch 3
    run_folder.release_all()
    before = content(tmp_path)
    with pytest.raises(InputError, match=r"^--resume: the run in .*run is in epoch 3 already, so --epochs 2 is past$"):
        train(tmp_path / "run", "--resume", "--epochs", "2", schedule=False)
    assert content(tmp_path) == before
    run, _ = train(tmp_path / "run", "--resume", "--epochs", "3", schedule=False)
    assert len(run.history()["loss"]) == 3


def test_a_run_that_has_stopped_by_itself_gets_no_longer(tmp_path):
    complete(tmp_path / "run", "--epochs", "3", patience=1)
    with pytest.raises(
        InputError, match=r"^--resume: the run in .*run stopped by itself, after epoch 2; leave its len"
    ):
        train(tmp_path / "run", "--resume", "--epochs", "4", patience=1)
    with pytest.raises(TrainingStopped, match="is complete"):
        train(tmp_path / "run", "--resume", patience=1)


def test_a_complete_run_without_a_checkpoint_says_why_it_gets_no_longer(tmp_path):
    complete(tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    with pytest.raises(TrainingStopped, match=r"is complete, there is nothing to resume$"):
        train(tmp_path / "run", "--resume")
    with pytest.raises(TrainingStopped, match=r"to resume, not even a checkpoint from which it could get longer$"):
        train(tmp_path / "run", "--resume", "--epochs", "4")


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "a config", "a config and a foreign file"])
def test_where_there_is_nothing_a_run_begins_and_says_so(tmp_path, capsys, there):
    out = tmp_path / "run"
    if there != "nothing":
        out.mkdir()
    if "config" in there:
        (out / "config.json").write_text(json.dumps({"kerascnn": "0", "flags": {}}))
    if "foreign" in there:
        (out / "notes.txt").write_text("mine")
    run, *_ = opened(out, "--resume")
    assert capsys.readouterr().out.startswith(f"{out}: nothing to go on with, starting anew\n")
    assert (run.resumed, run.step, run.epoch) == (False, 0, 0)
    assert json.loads((out / "config.json").read_text())["name"] == "lenet5"
    assert (out / "notes.txt").exists() == ("foreign" in there)


def test_where_no_checkpoint_can_be_read_a_model_is_not_thrown_away(tmp_path, capsys):
    train(tmp_path / "run")
    for state in (tmp_path / "run").glob("checkpoints/*/state.npz"):
        state.write_bytes(b"")
    before = content(tmp_path)
    with pytest.raises(
        InputError, match=r"^--resume: no checkpoint in .*run can be read, and it has a model; --overwrite begins anew$"
    ):
        train(tmp_path / "run", "--resume")
    assert content(tmp_path) == before
    (tmp_path / "run" / "model.keras").unlink()
    run, _ = train(tmp_path / "run", "--resume")
    assert run.step == 0
    assert "nothing to go on with, starting anew" in capsys.readouterr().out


DAMAGES = {
    "missing": None,
    "empty": b"",
    "cut": b'{"kerascnn": "0.1.0", "fla',
    "no JSON": b"not JSON",
    "binary": bytes(range(256)),
    "a list": b"[]",
    "a number": b"7",
    "an empty object": b"{}",
    "flags of the wrong type": b'{"kerascnn": "0.1.0", "flags": 7}',
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_config_is_taken_from_the_checkpoint(tmp_path, damage):
    train(tmp_path / "run", "--lr", "0.25", "--epochs", "1")
    file = tmp_path / "run" / "config.json"
    wanted = json.loads(file.read_text())
    file.unlink() if DAMAGES[damage] is None else file.write_bytes(DAMAGES[damage])
    run_folder.release_all()
    run, _ = train(tmp_path / "run", "--resume")
    assert (run.cfg.lr, run.cfg.epochs, run.step) == (0.25, 1, 2)
    again = json.loads(file.read_text())
    assert again["flags"].pop("resume")
    assert not wanted["flags"].pop("resume")
    assert again == wanted


def test_a_checkpoint_without_a_copy_of_the_config_goes_on(tmp_path):
    """As versions before wrote them."""
    train(tmp_path / "run")
    arrays, record = checkpoint.read(tmp_path / "run")
    for folder in checkpoint.steps(tmp_path / "run"):
        shutil.rmtree(folder)
    checkpoint.write(tmp_path / "run", 4, checkpoint.Checkpoint(arrays, {**record, "config": None}))
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    for name in ("steps", "parts"):
        del config[name]
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    run, _ = train(tmp_path / "run", "--resume")
    assert run.step == 4
    (tmp_path / "run" / "config.json").write_text("")
    run_folder.release_all()
    for folder in checkpoint.steps(tmp_path / "run"):
        shutil.rmtree(folder)
    checkpoint.write(tmp_path / "run", 4, checkpoint.Checkpoint(arrays, {**record, "config": None}))
    with pytest.raises(InputError, match="holds no run of kerascnn, so --resume leaves it alone"):
        train(tmp_path / "run", "--resume")


def test_a_run_goes_on_in_other_parts(tmp_path, capsys):
    """The batch is the same, so the training is the same, but for rounding."""
    whole, network = train(tmp_path / "whole", schedule=False)
    train(tmp_path / "run", "--epochs", "1", schedule=False)
    capsys.readouterr()
    run, found = train(tmp_path / "run", "--resume", "--epochs", "2", "--accumulate", "4", schedule=False)
    said = "\non 1 device, 4 parts instead of 1 device, 1 part: the same but for rounding\n"
    assert said in capsys.readouterr().out
    for one, other in zip(found.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    np.testing.assert_allclose(run.history()["loss"], whole.history()["loss"], rtol=1e-5)
    assert run.config["parts"] == 4


def test_another_batch_is_refused_by_name(tmp_path):
    train(tmp_path / "run")
    with pytest.raises(InputError, match=r"--resume: the run in .* has --batch 32, not 16; leave such flags out"):
        train(tmp_path / "run", "--resume", "--batch", "16")


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
