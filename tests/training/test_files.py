"""Files are whole or not there, and a model file tells what it is."""

import json
import re
import zipfile

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn import InputError
from kerascnn.training import files

ABOUT = {
    **{"name": "lenet5", "knobs": {}, "input_shape": (32, 32, 1), "classes": ("ä", "b")},
    **{"scaling": "standard", "mean": np.float32([0.5]), "std": (0.25,)},
}


@pytest.fixture(scope="module")
def model():
    return kerascnn.build("lenet5", classes=2)


def test_a_model_carries_its_description_and_keras_loads_it_all_the_same(model, tmp_path):
    files.save(model, tmp_path / "model.keras", ABOUT)
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]
    for path in (tmp_path, tmp_path / "model.keras"):
        assert files.metadata(path) == (
            tmp_path / "model.keras",
            {**ABOUT, "input_shape": [32, 32, 1], "classes": ["ä", "b"], "mean": [0.5], "std": [0.25]},
        )
    x = np.random.default_rng(0).random((2, 32, 32, 1), dtype="float32")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), model(x))


@pytest.mark.parametrize("part", ["weights", "description"])
def test_a_failing_save_leaves_the_previous_file(part, model, tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    files.save(model, path, ABOUT)
    before = path.read_bytes()

    def full(_, path, *__):
        (tmp_path / path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    owner, name = (keras.Model, "save") if part == "weights" else (zipfile.ZipFile, "writestr")
    monkeypatch.setattr(owner, name, full)
    with pytest.raises(OSError, match="No space left"):
        files.save(model, path, {"name": "other"})
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.part.*"))


def test_aside_leaves_nothing_when_interrupted(tmp_path):
    def write():
        with files.atomic_write(tmp_path / "a.json") as draft:
            draft.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert not list(tmp_path.iterdir())


def test_json_takes_numpy(tmp_path):
    files.write_json(tmp_path / "a.json", {"a": np.float32(0.5), "b": np.arange(3), "c": "é"})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"a": 0.5, "b": [0, 1, 2], "c": "é"}


def test_what_is_no_model_of_ours(model, tmp_path):
    with pytest.raises(InputError, match=r"nowhere: no such file"):
        files.metadata(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"model.keras: no such file"):
        files.metadata(tmp_path)
    (tmp_path / "model.keras").write_text("no zip")
    with pytest.raises(InputError, match=r"is no zip archive"):
        files.metadata(tmp_path)
    model.save(tmp_path / "plain.keras")
    with pytest.raises(InputError, match=r"kerascnn.json is missing"):
        files.metadata(tmp_path / "plain.keras")


IMAGE = keras.Input((8, 8, 1), name="a")


def network(answers, images=1, shape=(8, 8, 1)):
    """Networks of any inputs and outputs."""
    inputs = [keras.Input(shape) for _ in range(images)]
    x = inputs[0] if images == 1 else keras.layers.Add()(inputs)
    given = []
    for answer in answers:
        if len(answer) == 1:
            given.append(keras.layers.Dense(answer[0])(keras.layers.GlobalAveragePooling2D()(x)))
        else:
            given.append(keras.layers.Conv2D(answer[-1], 1 + (8 - (answer[0] or 8)))(x))
    return keras.Model(inputs if images > 1 else inputs[0], given if len(given) > 1 else given[0])


@pytest.mark.parametrize(
    ("name", "made", "classes", "fault"),
    [
        ("lenet5", network([(3,)]), 3, ""),
        ("lenet5", network([(3,)], shape=(None, None, 1)), 3, ""),
        ("lenet5", network([(3,)]), 2, "gives 3; by its kerascnn.json it gives 2"),
        ("lenet5", network([(1,)]), 2, "gives 1; by its kerascnn.json it gives 2"),
        ("lenet5", network([(8, 8, 3)]), 3, "gives 8x8x3; by its kerascnn.json it gives 3"),
        ("lenet5", network([(3,)], shape=(9, 8, 1)), 3, "takes 9x8x1; by its kerascnn.json it takes 8x8x1"),
        ("lenet5", network([(3,)], images=2), 3, "takes 8x8x1 and 8x8x1; by its kerascnn.json it takes 8x8x1"),
        ("lenet5", network([(3,), (3,)]), 3, "gives 3 and 3; by its kerascnn.json it gives 3"),
        ("unet", network([(8, 8, 3)]), 3, ""),
        ("unet", network([(None, None, 3)], shape=(None, None, 1)), 3, ""),
        ("unet", network([(8, 8, 1)]), 2, ""),
        ("unet", network([(8, 8, 1)]), 3, "gives 8x8x1; by its kerascnn.json it gives 8x8x3"),
        ("unet_original", network([(6, 6, 3)]), 3, "gives 6x6x3; by its kerascnn.json it gives 8x8x3"),
        ("autoencoder", network([(8, 8, 1)]), 9, ""),
        ("autoencoder", network([(8, 8, 3)]), 9, "gives 8x8x3; by its kerascnn.json it gives 8x8x1"),
        ("siamese", network([(1,)], images=2), 9, ""),
        ("siamese", network([(1,)], images=3), 9, "takes 8x8x1 and 8x8x1 and 8x8x1; by its"),
        ("siamese", network([(2,)], images=2), 9, "gives 2; by its kerascnn.json it gives 1"),
        ("lenet5", keras.Model({"a": IMAGE}, keras.layers.Flatten()(IMAGE)), 64, "takes something else; by its"),
        ("lenet5", keras.Model(IMAGE, {"a": keras.layers.Flatten()(IMAGE)}), 64, "gives something else; by its"),
    ],
)
def test_a_network_takes_and_gives_what_its_task_says(tmp_path, name, made, classes, fault):
    about = {**ABOUT, "name": name, "input_shape": (8, 8, 1), "classes": [*map(str, range(classes))]}
    made.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras", "a") as archive:
        archive.writestr(files.MEMBER, files.as_json(about))
    if not fault:
        _, found = files.trained(tmp_path)
        assert found["task"] == kerascnn.info(name).task
        return
    with pytest.raises(InputError, match=re.escape(f"model.keras: its network {fault}")):
        files.trained(tmp_path)


def test_a_network_is_there_for_one_task(model, tmp_path):
    files.save(model, tmp_path / "model.keras", ABOUT)
    assert files.trained(tmp_path, "classify")[1]["task"] == "classify"
    with pytest.raises(InputError, match=r"model.keras: holds a network to classify, lenet5, not one to segment$"):
        files.trained(tmp_path, "segment")


def test_a_history_goes_on_where_it_was_written(tmp_path):
    """Keras's CSVLogger appends to it, in its own order of columns."""
    path, logs = tmp_path / "history.csv", [{"loss": 3.0 - i, "accuracy": i / 4, "val_loss": 5.0} for i in range(3)]
    files.write_history(path, logs[:2])
    logger = keras.callbacks.CSVLogger(path, append=True)
    logger.set_model(keras.Sequential())
    logger.on_train_begin()
    logger.on_epoch_end(2, logs[2])
    logger.on_train_end()
    wanted = {"epoch": [0, 1, 2], "accuracy": [0, 0.25, 0.5], "loss": [3, 2, 1], "val_loss": [5, 5, 5]}
    assert files.read_history(path) == wanted


def test_text_in_a_table_is_no_formula(tmp_path):
    files.write_csv(tmp_path / "a.csv", ("name", "=x"), [("=1+1", -1), ("a,b", None), ("\udcff", 0.5)])
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "name,'=x\n'=1+1,-1\n\"a,b\",\n\\xff,0.5\n"


def test_names_that_are_not_utf_8_stay_what_they_are(tmp_path):
    names = {"classes": ["\udcff", "ü", "😀"]}
    files.write_json(tmp_path / "a.json", names)
    assert files.read_json(tmp_path / "a.json") == names
