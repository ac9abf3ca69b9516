"""`build`, `list_models` and `info`: what they give, and what they say to a wrong call."""

import json

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn import InputError, registry


def test_build_by_name():
    model = kerascnn.build("lenet5")
    assert isinstance(model, keras.Model)
    assert (model.name, model.input_shape, model.output_shape) == ("lenet5", (None, 32, 32, 1), (None, 10))


def test_shape_classes_and_activation_are_the_callers():
    model = kerascnn.build("lenet5", input_shape=(40, 36, 3), classes=4, classifier_activation=None)
    assert (model.input_shape, model.output_shape) == ((None, 40, 36, 3), (None, 4))
    assert model.get_layer("predictions").activation is keras.activations.linear


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [({"classes": 1}, "sigmoid"), ({"classes": 1, "classifier_activation": None}, "linear"), ({}, "softmax")],
)
def test_one_class_is_a_probability(arguments, expected):
    assert kerascnn.build("lenet5", **arguments).get_layer("predictions").activation.__name__ == expected


def test_any_size_where_the_network_allows():
    assert kerascnn.build("resnet20_cifar", input_shape=(None, None, 3)).input_shape == (None, None, None, 3)


def test_knobs_override_the_row():
    model = kerascnn.build("resnet18", repeats=(1, 3), n_filters=8, stem="cifar", shortcut="C")
    blocks = {layer.name.rsplit("_", 1)[0] for layer in model.layers if layer.name.endswith("_add")}
    assert blocks == {"stage1_block1", "stage2_block1", "stage2_block2", "stage2_block3"}
    assert model.get_layer("features").output.shape[-1] == 16


def test_every_card_has_a_builder_and_knobs_within_bounds():
    for name in kerascnn.list_models():
        assert len(registry.knobs(name)) <= 8, name


def test_list_by_pattern_and_task():
    assert kerascnn.list_models("resnet??") == ["resnet18", "resnet34", "resnet50"]
    assert kerascnn.list_models("lenet5", task="classify") == ["lenet5"]
    assert kerascnn.list_models("lenet5", task="segment") == []
    assert kerascnn.list_models(task="segment") == ["unet", "unet_original"]
    assert kerascnn.list_models(task="reconstruct") == ["autoencoder"]
    assert kerascnn.list_models(task="verify") == ["siamese"]


def test_info_of_a_name_and_of_a_loaded_model(tmp_path):
    card = kerascnn.info("mobilenet_v1")
    assert (card.paper.year, card.input_shape) == (2017, (224, 224, 3))
    kerascnn.build("mobilenet_v1", alpha=0.25, input_shape=(32, 32, 3)).save(tmp_path / "m.keras")
    assert kerascnn.info(keras.models.load_model(tmp_path / "m.keras")) is card


def test_weights_from_a_file(tmp_path):
    trained = kerascnn.build("lenet5")
    for file in ("lenet.keras", "lenet.weights.h5"):
        save = trained.save if file.endswith(".keras") else trained.save_weights
        save(tmp_path / file)
        again = kerascnn.build("lenet5", weights=tmp_path / file)
        for ours, theirs in zip(again.weights, trained.weights, strict=True):
            assert (keras.ops.convert_to_numpy(ours) == keras.ops.convert_to_numpy(theirs)).all()


def test_the_card_is_that_of_what_was_built_whatever_it_is_called(tmp_path):
    backbone = {"name": "resnet18", "n_filters": 8}
    for network, arguments in [
        ("lenet5", {}),
        ("unet", dict(n_filters=4, input_shape=(32, 32, 3))),
        ("unet", dict(n_filters=4, input_shape=(32, 32, 3), backbone=backbone)),
        ("siamese", dict(embedding=4, input_shape=(65, 65, 1))),
        ("siamese", dict(input_shape=(32, 32, 3), backbone=backbone)),
        ("resnet18", dict(n_filters=8, input_shape=(32, 32, 3), include_top=False, pooling="avg")),
    ]:
        model = kerascnn.build(network, name="alexnet", **arguments)
        model.save(tmp_path / "m.keras")
        for made in (model, keras.models.load_model(tmp_path / "m.keras"), keras.models.clone_model(model)):
            assert (made.name, kerascnn.info(made).name) == ("alexnet", network)
    assert kerascnn.part(kerascnn.build("autoencoder", name="small", latent=3), "encoder").output_shape == (None, 3)


def test_the_card_of_a_network_on_a_model_of_another():
    backbone = kerascnn.build("resnet18", n_filters=8, input_shape=(32, 32, 3), include_top=False)
    assert kerascnn.info(kerascnn.build("unet", n_filters=4, backbone=backbone)).name == "unet"
    assert kerascnn.info(backbone).name == "resnet18"


def test_a_spec_names_the_network():
    spec = {"name": "lenet5", "input_shape": [28, 28, 1], "classes": 3}
    with pytest.raises(InputError, match=r"28x28: the smallest is 32x32"):
        kerascnn.build(**spec)
    assert kerascnn.build(**{**spec, "input_shape": [32, 32, 1]}).name == "lenet5"
    with pytest.raises(InputError, match=r"name=None: must be the name of a network"):
        kerascnn.build()


def test_two_networks_of_a_kind_in_one_model(tmp_path):
    left, right = (kerascnn.build("lenet5", name=name, classes=2) for name in ("left", "right"))
    inputs = [keras.Input((32, 32, 1), name=name) for name in ("first", "second")]
    both = keras.Model(inputs, keras.layers.Concatenate()([left(inputs[0]), right(inputs[1])]))
    assert (left.name, right.name, both.output_shape) == ("left", "right", (None, 4))
    both.save(tmp_path / "both.keras")
    again = keras.models.load_model(tmp_path / "both.keras")
    x = np.random.default_rng(0).random((2, 3, 32, 32, 1), dtype="float32")
    np.testing.assert_array_equal(again.predict(list(x), verbose=0), both.predict(list(x), verbose=0))
    assert kerascnn.info(again.get_layer("left")).name == "lenet5"


@pytest.mark.parametrize("name", ["", "a/b", 3, ["left"], True])
def test_what_cannot_be_called_by(name):
    with pytest.raises(InputError, match="must be a word without a slash"):
        kerascnn.build("lenet5", name=name)


@pytest.mark.parametrize("wrong", [None, 3, ["lenet5"], keras.layers.Dense(1)])
def test_no_card_of_what_is_no_network(wrong):
    with pytest.raises(InputError, match=r"must be the name of a network or a keras\.Model") as error:
        kerascnn.info(wrong)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8, np.array])
def test_whole_numbers_of_numpy_are_python_s(kind):
    model = kerascnn.build(
        "resnet18",
        input_shape=tuple(map(kind, (32, 40, 3))),
        classes=kind(4),
        n_filters=kind(8),
        repeats=[kind(1), kind(2)],
        stochastic_depth=np.float32(0.5),
    )
    assert (model.input_shape, model.output_shape) == ((None, 32, 40, 3), (None, 4))

    def types(value):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
        return {type(value).__module__}.union(*map(types, inner))

    assert types([layer.get_config() for layer in model.layers if not layer.weights]) <= {
        "builtins",
        "keras.src.dtype_policies.dtype_policy",
    }
    assert json.loads(model.to_json())["config"]["name"] == "resnet18"


@pytest.mark.parametrize("classes", [np.float64(3), np.bool_(True), np.array([3]), np.int8(-1), np.int64(0), "3", 3.0])
def test_no_other_numbers_of_numpy_are_classes(classes):
    with pytest.raises(InputError, match=r"classes=.*: must be a whole number, 1 or more"):
        kerascnn.build("lenet5", classes=classes)


def test_sizes_of_numpy_may_be_one_array():
    assert kerascnn.build("lenet5", input_shape=np.array([32, 36, 3])).input_shape == (None, 32, 36, 3)
    for wrong in (np.array([32.0, 32, 1]), np.array(32), np.zeros((3, 3), int), (True, 32, 1), (32, 32, 2**70)):
        with pytest.raises(InputError, match=r"must be \(height, width, channels\)"):
            kerascnn.build("lenet5", input_shape=wrong)


@pytest.mark.parametrize(
    ("name", "part", "message"),
    [
        ("autoencoder", "encodr", "unknown part of autoencoder 'encodr': did you mean encoder"),
        ("autoencoder", "twin", "unknown part of autoencoder 'twin': choose from encoder, decoder"),
        ("lenet5", "encoder", "unknown part of lenet5 'encoder': choose from none at all"),
    ],
)
def test_an_unknown_part_is_told(name, part, message):
    with pytest.raises(InputError, match=message):
        kerascnn.part(kerascnn.build(name), part)


WRONG = {
    "unknown model 'resnet5': did you mean": dict(name="resnet5"),
    "unknown knob of mobilenet_v1 'alhpa': did you mean alpha": dict(name="mobilenet_v1", alhpa=0.5),
    "lenet5 cannot take images of 20x20: the smallest is 32x32": dict(name="lenet5", input_shape=(20, 20, 1)),
    "lenet5 cannot take images of anyxany: .* fixed size": dict(name="lenet5", input_shape=(None, None, 1)),
    "input_shape=.28, 28.: must be .height, width, channels.": dict(name="lenet5", input_shape=(28, 28)),
    "input_shape=.* must be .height, width, channels.": dict(name="lenet5", input_shape=(-1, 28, 1)),
    "classes=0: must be": dict(name="lenet5", classes=0),
    "classes=5: a network without its top": dict(name="lenet5", classes=5, include_top=False),
    "pooling='avg': only with include_top=False": dict(name="lenet5", pooling="avg"),
    "pooling='mean': must be one of": dict(name="lenet5", pooling="mean", include_top=False),
    "alpha=0.01: must be a number from 0.03125 to 16": dict(name="mobilenet_v1", alpha=0.01),
    "shortcut='D': must be one of 'A', 'B', 'C', None": dict(name="resnet18", shortcut="D"),
    "stride_on='2x2': must be one of": dict(name="resnet50", stride_on="2x2"),
    "stem='big': must be one of": dict(name="resnet18", stem="big"),
    "repeats=.2, 0.: must be": dict(name="resnet18", repeats=(2, 0)),
    "weights='nowhere.keras': no such file": dict(name="lenet5", weights="nowhere.keras"),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_call_is_told_in_one_line(message):
    with pytest.raises(InputError, match=message) as error:
        kerascnn.build(**WRONG[message])
    assert "\n" not in str(error.value)


def test_weights_of_another_network_are_refused(tmp_path):
    kerascnn.build("lenet5", classes=7).save(tmp_path / "seven.keras")
    message = r"does not fit lenet5: the weights of predictions have the shapes \[\(84, 7\), .*, not \[\(84, 10\), "
    with pytest.raises(InputError, match=message) as error:
        kerascnn.build("lenet5", weights=tmp_path / "seven.keras")
    assert "\n" not in str(error.value)


SMALL = dict(input_shape=(80, 80, 3), alpha=1 / 16)


@pytest.mark.parametrize("ending", ["keras", "weights.h5"])
def test_weights_of_heads_are_left_out_and_named(ending, tmp_path, capsys):
    trained = kerascnn.build("googlenet", aux=True, classes=3, **SMALL)
    (trained.save if ending == "keras" else trained.save_weights)(tmp_path / f"aux.{ending}")
    theirs = {weight.path: keras.ops.convert_to_numpy(weight) for weight in trained.weights}
    for own, left_out in [
        (dict(classes=3), "aux1, aux1_conv, aux1_fc, aux2, aux2_conv, aux2_fc"),
        (dict(include_top=False), "aux1, aux1_conv, aux1_fc, aux2, aux2_conv, aux2_fc, predictions"),
        (dict(classes=3, aux=True), ""),
    ]:
        model = kerascnn.build("googlenet", weights=tmp_path / f"aux.{ending}", **own, **SMALL)
        for weight in model.weights:
            np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), theirs[weight.path])
        said = capsys.readouterr().err.splitlines()
        said = [
            line.partition("left out are heads that this googlenet lacks: ")[2] for line in said if "left out" in line
        ]
        assert said == [left_out] * bool(left_out)


def test_weights_in_excess_or_missing_are_named(tmp_path):
    kerascnn.build("googlenet", classes=3, **SMALL).save(tmp_path / "w.keras")
    with pytest.raises(InputError, match=r"does not fit googlenet: has no weights of .*'aux1_conv'"):
        kerascnn.build("googlenet", classes=3, aux=True, weights=tmp_path / "w.keras", **SMALL)
    small = dict(n_filters=8, input_shape=(32, 32, 3))
    kerascnn.build("resnet18", repeats=(1, 2), **small).save(tmp_path / "w.keras")
    with pytest.raises(InputError, match=r"has weights of 'stage2_block2_1_bn', .*, which it lacks"):
        kerascnn.build("resnet18", repeats=(1, 1), weights=tmp_path / "w.keras", **small)


def test_weights_of_a_whole_siamese_network_in_its_twin(tmp_path):
    small = dict(input_shape=(65, 65, 1), embedding=4)
    trained = kerascnn.build("siamese", **small)
    trained.save_weights(tmp_path / "w.weights.h5")
    twin = kerascnn.build("siamese", include_top=False, weights=tmp_path / "w.weights.h5", **small)
    for ours, theirs in zip(twin.get_weights(), trained.get_layer("twin").get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_register_refuses_duplicates_and_strangers():
    with pytest.raises(ValueError, match="lenet5 is registered twice"):
        registry.register("lenet5")(lambda input_shape, classes, *, activation, name: None)
    with pytest.raises(ValueError, match="has no"):
        registry.register("new", depth=3)(lambda input_shape, classes, *, activation, name: None)
