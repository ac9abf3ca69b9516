"""A `.keras` file is checked before Keras sees it; no more memory is taken than its weights need."""

import json
import zipfile

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.errors import InputError
from kerascnn.untrusted.keras_file import CONFIG, WEIGHTS, deferred_weights, keras_file


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "m.keras"
    kerascnn.build("lenet5", input_shape=(32, 32, 1), classes=3).save(path)
    return path


def rewritten(saved, path, members=(), packed=zipfile.ZIP_STORED, **changed):
    """A copy of a file with other members: `changed` by name, None leaves one out."""
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w", packed) as new:
        for name in old.namelist():
            key = name.replace(".", "_")
            if changed.get(key, b"") is not None:
                new.writestr(name, changed.get(key) or old.read(name))
        for name, content in members:
            new.writestr(name, content)
    return path


def layer_changed(saved, i, **values):
    with zipfile.ZipFile(saved) as archive:
        config = json.loads(archive.read(CONFIG))
    config["config"]["layers"][i]["config"] |= values
    return json.dumps(config)


@pytest.mark.parametrize("name", ["lenet5", "siamese", "shufflenet_v1"])
def test_the_model_is_the_one_that_keras_loads(tmp_path, name):
    model = kerascnn.build(name)
    model.save(tmp_path / "m.keras")
    with keras_file(tmp_path / "m.keras") as file:
        ours = file.model()
    theirs = keras.models.load_model(tmp_path / "m.keras")
    assert [weight.path for weight in ours.weights] == [weight.path for weight in theirs.weights]
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    images = [np.random.default_rng(0).random((2, *image.shape[1:]), "float32") for image in model.inputs]
    images = images if len(images) > 1 else images[0]
    np.testing.assert_array_equal(ours.predict_on_batch(images), theirs.predict_on_batch(images))


def test_deferred_weights_are_shapes_alone():
    image = keras.Input((2**15,))
    with deferred_weights() as wanted:
        model = keras.Model(image, keras.layers.Dense(2**15)(image))  # 4 GB
    assert [weight.path for weight in wanted] == [weight.path for weight in model.weights]
    assert model.count_params() == 2**30 + 2**15
    with keras.StatelessScope():  # would make those that were left behind
        pass
    assert all(weight._value is None for weight in wanted)


def test_a_layer_that_is_shared_with_a_part_stays_one(tmp_path):
    image = keras.Input((4,))
    part = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="shared")], name="part")
    both = keras.layers.Add()([part(image), part(part(image))])
    keras.Model(image, both).save(tmp_path / "m.keras")
    with keras_file(tmp_path / "m.keras") as file:
        assert len(file.model().weights) == 2


def test_archives_that_are_packed_anew_are_read(saved, tmp_path):
    with keras_file(rewritten(saved, tmp_path / "m.keras", packed=zipfile.ZIP_DEFLATED)) as file:
        assert file.model().count_params()


WRONG = {
    "no config": (dict(config_json=None), "its config.json is missing"),
    "no weights": (dict(model_weights_h5=None), "its model.weights.h5 is missing"),
    "empty weights": (dict(model_weights_h5=b"-"), "only 1"),
    "a bomb of weights": (dict(model_weights_h5=bytes(2**26), packed=zipfile.ZIP_DEFLATED), "times as large"),
    "a bomb of a config": (dict(config_json=b" " * 2**26, packed=zipfile.ZIP_DEFLATED), "more than"),
    "no json": (dict(config_json=b"{"), "is no JSON"),
    "deep json": (dict(config_json=b"[" * 10**6), "levels deep"),
    "twice": (dict(members=[(WEIGHTS, b"")]), "there twice"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_archive_is_one_line(saved, tmp_path, kind):
    change, told = WRONG[kind]
    path = rewritten(saved, tmp_path / "m.keras", **change)
    with pytest.raises(InputError, match=told) as error, keras_file(path) as file:
        file.model()
    assert "\n" not in str(error.value)


LAYERS = {
    "many units": (-1, {"units": 2**20}, "bytes of weights, its model.weights.h5 only"),
    "a name": (1, {"name": "a/b"}, "Keras cannot make its model"),
    "a size": (1, {"kernel_size": [50, 50]}, "Keras cannot make its model"),
    "an unknown value": (1, {"evil": 1}, "Keras cannot make its model"),
    "a wrong type": (1, {"filters": "many"}, "Keras cannot make its model"),
    "another image": (0, {"batch_shape": [None, 64, 64, 1]}, "Keras cannot make its model"),
    "another number of classes": (-1, {"units": 4}, "does not fit lenet5"),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_a_wrong_layer_is_one_line_and_takes_no_memory(saved, tmp_path, kind):
    i, values, told = LAYERS[kind]
    path = rewritten(saved, tmp_path / "m.keras", config_json=layer_changed(saved, i, **values))
    with pytest.raises(InputError, match=told) as error, keras_file(path) as file:
        file.model()
    assert "\n" not in str(error.value)


def test_a_huge_image_is_refused(tmp_path):
    image = keras.Input((2**15, 2**15, 1))
    keras.Model(image, keras.layers.GlobalAveragePooling2D()(image)).save(tmp_path / "m.keras")
    with pytest.raises(InputError, match="numbers an image"), keras_file(tmp_path / "m.keras") as file:
        file.model()


def test_json_members_are_bounded_and_checked(saved, tmp_path):
    path = rewritten(saved, tmp_path / "m.keras", [("about.json", b'{"a": 1}')])
    with keras_file(path) as file:
        assert "about.json" in file
        assert "other.json" not in file
        assert file.json("about.json", {"a": int}) == {"a": 1}
        with pytest.raises(InputError, match=r"m.keras: its about.json: a is 1: must be text"):
            file.json("about.json", {"a": str})
        with pytest.raises(InputError, match=r"its about.json has more than 7 bytes"):
            file.json("about.json", most=7)
