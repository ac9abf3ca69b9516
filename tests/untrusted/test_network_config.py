"""Whatever a configuration names is on the list, at any depth."""

import json

import keras
import pytest

import kerascnn
from kerascnn import layers
from kerascnn.errors import InputError
from kerascnn.untrusted import network_config
from kerascnn.untrusted.keras_file import deferred_weights
from kerascnn.untrusted.network_config import checked

LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "x"}, "registered_name": None}
FUNCTION = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}


def config(**changes):
    """A small network's configuration; `changes` go into its convolution."""
    image = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(2, 3, activation="relu", kernel_regularizer="l2", name="conv")(image)
    found = json.loads(keras.Model(image, keras.layers.Flatten()(x)).to_json())
    found["config"]["layers"][1]["config"] |= changes
    return found


def test_all_that_is_listed_is_there_and_the_lists_of_our_layers_are_complete():
    for name in network_config.LAYERS:
        assert issubclass(getattr(keras.layers, name), keras.layers.Layer)
    for kind, names in (("initializers", network_config.INITIALIZERS), ("regularizers", network_config.REGULARIZERS)):
        assert all(hasattr(getattr(keras, kind), name) for name in names)
    assert all(hasattr(keras.constraints, name) for name in network_config.CONSTRAINTS)
    assert all(hasattr(keras.activations, name) for name in network_config.ACTIVATIONS)
    ours = [name for name, thing in vars(layers).items() if getattr(thing, "__module__", "") == layers.__name__]
    assert sorted(network_config.OUR_LAYERS) == sorted(name for name in ours if name[0].isupper())


@pytest.mark.parametrize(
    "name",
    ["lenet5", "googlenet", "resnet20_cifar", "shufflenet_v1", "siamese", "unet", "mobilenet_v3_small", "autoencoder"],
)
def test_networks_of_the_catalog_pass(name):
    with deferred_weights():
        found = json.loads(kerascnn.build(name).to_json())
    assert checked(found, "x") is found


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["MobileNetV3Small", "EfficientNetB0", "InceptionResNetV2", "ConvNeXtTiny", "NASNetMobile"]
)
def test_networks_of_keras_pass(name):
    with deferred_weights():
        found = json.loads(getattr(keras.applications, name)(weights=None).to_json())
    assert checked(found, "x") is found


def test_how_it_was_compiled_is_left_out():
    found = config()
    found["compile_config"] = {"loss": LAMBDA}
    assert "compile_config" not in checked(found, "x")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"activation": LAMBDA}, "conv is keras.layers.Lambda"),
        ({"activation": FUNCTION}, "conv is function"),
        ({"activation": "evil"}, "conv has the activation evil"),
        ({"activation": ["relu"]}, "conv has the activation"),
        ({"kernel_initializer": "evil"}, "conv has the kernel_initializer evil"),
        ({"kernel_initializer": {"class_name": "Zeros"}}, "conv is None.Zeros"),
        ({"kernel_initializer": {"module": "os", "class_name": "system", "config": "id"}}, "conv is os.system"),
        ({"kernel_regularizer": {"module": "keras.ops", "class_name": "l2", "config": {}}}, "conv is keras.ops.l2"),
        ({"kernel_constraint": LAMBDA}, "conv is keras.layers.Lambda"),
        ({"anything": [[{"deep": {"class_name": "__lambda__", "config": {"value": ""}}}]]}, "conv is None.__lambda__"),
        ({"anything": {"class_name": "__numpy__", "config": {"value": [1]}}}, "conv is None.__numpy__"),
        ({"anything": {"registered_name": "my>Layer"}}, "conv is 'my>Layer'"),
        ({"dtype": "string"}, "conv has the type string"),
        ({"filters": 2**40}, "conv has the filters"),
        ({"kernel_size": [2**30, 1]}, "conv has the kernel_size"),
    ],
)
def test_what_is_not_on_the_list_is_named(changes, told):
    with pytest.raises(InputError, match=r"trust=True") as error:
        checked(config(**changes), "m.keras")
    assert f"m.keras: {told}" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "key",
    [
        ("keras.layers", "TorchModuleWrapper"), ("keras.layers", "TFSMLayer"), ("keras.layers", "StringLookup"),
        ("keras.layers", "TimeDistributed"), ("keras", "Model"), ("keras.utils", "get_file"), ("builtins", "eval"),
        ("keras.src.layers.core.lambda_layer", "Lambda"), ("kerascnn.layers", "Lambda"), ("keras.layers", 3), ("", ""),
    ],
)  # fmt: skip
def test_layers_that_do_more_than_compute_are_refused(key):
    found = config()
    found["config"]["layers"][1] |= {"module": key[0], "class_name": key[1]}
    with pytest.raises(InputError, match="which is not on the list of layers that only compute"):
        checked(found, "x")


def test_a_layer_under_another_name_is_refused():
    found = config()
    found["config"]["layers"][1]["registered_name"] = "my>Conv2D"
    with pytest.raises(InputError, match="is Conv2D under the name 'my>Conv2D'"):
        checked(found, "x")


@pytest.mark.parametrize("found", [[], {}, {"class_name": "Dense", "config": {}}, {"class_name": "Functional"}])
def test_what_is_no_model_is_refused(found):
    with pytest.raises(InputError):
        checked(found, "x")


def test_layers_that_wait_for_each_other_are_refused():
    """Keras passes over the whole list for each of them."""
    layer = config()["config"]["layers"][1]
    names = [f"layer_{i}" for i in range(2000)]
    past = {"class_name": "__keras_tensor__", "config": {"shape": [None], "dtype": "float32", "keras_history": None}}
    listed = []
    for name, before in zip(names[1:], names, strict=False):
        history = {"config": {**past["config"], "keras_history": [before, 0, 0]}}
        listed.append({**layer, "name": name, "inbound_nodes": [{"args": [{**past, **history}], "kwargs": {}}]})
    found = config()
    found["config"]["layers"] = listed
    checked(found, "x")
    found["config"]["layers"] = listed[::-1]
    with pytest.raises(InputError, match="in no order"):
        checked(found, "x")
