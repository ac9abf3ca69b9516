"""`build`, `list_models` and `info`: what they give, and what they say to a wrong call."""

import keras
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
    with pytest.raises(InputError, match="do not fit lenet5") as error:
        kerascnn.build("lenet5", weights=tmp_path / "seven.keras")
    assert "\n" not in str(error.value)


def test_register_refuses_duplicates_and_strangers():
    with pytest.raises(ValueError, match="lenet5 is registered twice"):
        registry.register("lenet5")(lambda input_shape, classes, *, activation, name: None)
    with pytest.raises(ValueError, match="has no"):
        registry.register("new", depth=3)(lambda input_shape, classes, *, activation, name: None)
