"""Pouring: layouts, folding, the peer's epsilon, and errors that change nothing."""

import json

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn import InputError
from kerascnn.layers import LayerScale
from kerascnn.models import lenet
from kerascnn.weights import pour

from ..golden import HERE, call

RNG = np.random.default_rng(0)
PEERS = sorted((HERE / "names").glob("*.json"))


@pytest.fixture(autouse=True)
def own_names(monkeypatch):
    """Let the tests pour into small models of their own: models called lenet5, whose layers keep their names."""
    monkeypatch.setattr(lenet, "PEERS", {"own": str}, raising=False)


def sequence(shape, *layers):
    x = inp = keras.Input(shape)
    for layer in layers:
        x = layer(x)
    return keras.Model(inp, x, name="lenet5")


def batch_norm(epsilon=1e-3, **options):
    return keras.layers.BatchNormalization(epsilon=epsilon, name="norm", **options)


def norm_tensors(channels):
    shapes = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), channels)
    return {f"norm.{slot}": 0.5 + RNG.random(shape) for slot, shape in shapes.items()}


def outputs(model, image):
    """Outputs for an image in Torch layout, (channels, height, width), in that layout."""
    return np.array(model(image.transpose(1, 2, 0)[None]))[0].T.swapaxes(1, 2)


def normalized(x, tensors, epsilon):
    weight, bias, mean, variance = (value[:, None, None] for value in tensors.values())
    return (x - mean) / np.sqrt(variance + epsilon) * weight + bias


def convolved(x, kernel, groups=1):
    """A convolution without padding, in Torch layout, written as its sum."""
    kernel_height, kernel_width = kernel.shape[2:]
    height, width = x.shape[1] - kernel_height + 1, x.shape[2] - kernel_width + 1
    y = np.zeros((len(kernel), height, width))
    for o in range(len(kernel)):
        first = o // (len(kernel) // groups) * kernel.shape[1]
        for i in range(kernel.shape[1]):
            for r in range(kernel_height):
                for c in range(kernel_width):
                    y[o] += kernel[o, i, r, c] * x[first + i, r : r + height, c : c + width]
    return y


# ------------------------------------------------------------------------------------------------------------- layouts


@pytest.mark.parametrize("groups", [1, 2])
def test_convolution(groups, float64):
    model = sequence((5, 6, 4), keras.layers.Conv2D(6, (3, 2), groups=groups, use_bias=False, name="conv"))
    kernel, image = RNG.standard_normal((6, 4 // groups, 3, 2)), RNG.standard_normal((4, 5, 6))
    assert pour(model, {"conv.weight": kernel}) == "own"
    np.testing.assert_allclose(outputs(model, image), convolved(image, kernel, groups), atol=1e-12)


@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolution(multiplier, float64):
    layer = keras.layers.DepthwiseConv2D(3, depth_multiplier=multiplier, use_bias=False, name="conv")
    model = sequence((5, 6, 4), layer)
    kernel, image = RNG.standard_normal((4 * multiplier, 1, 3, 3)), RNG.standard_normal((4, 5, 6))
    pour(model, {"conv.weight": kernel})
    np.testing.assert_allclose(outputs(model, image), convolved(image, kernel, groups=4), atol=1e-12)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_transposed_convolution(padding, float64):
    """Torch's kernel is (in, out, height, width); its output without padding, cropped, is Keras's "same"."""
    model = sequence((3, 4, 2), keras.layers.Conv2DTranspose(5, 3, 2, padding, use_bias=False, name="up"))
    kernel, image = RNG.standard_normal((2, 5, 3, 3)), RNG.standard_normal((2, 3, 4))
    pour(model, {"up.weight": kernel})
    expected = np.zeros((5, 2 * 3 + 1, 2 * 4 + 1))
    for row in range(3):
        for column in range(4):
            spread = np.einsum("i,iohw->ohw", image[:, row, column], kernel)
            expected[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3] += spread
    crop = slice(None, -1) if padding == "same" else slice(None)
    np.testing.assert_allclose(outputs(model, image), expected[:, crop, crop], atol=1e-12)


def test_dense_after_flatten(float64):
    """Torch flattens (channels, height, width), Keras (height, width, channels)."""
    layers = keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(5, name="first")
    model = sequence((2, 3, 4), *layers, keras.layers.Dense(6, name="second"))
    image = RNG.standard_normal((4, 2, 3))
    first, second, bias = RNG.standard_normal((5, 24)), RNG.standard_normal((6, 5)), RNG.standard_normal(5)
    pour(model, {"first.weight": first, "first.bias": bias, "second.weight": second, "second.bias": np.zeros(6)})
    expected = second @ (first @ image.ravel() + bias)
    np.testing.assert_allclose(np.array(model(image.transpose(1, 2, 0)[None]))[0], expected, atol=1e-12)


def test_dense_kernel_in_a_1x1_convolution(float64):
    model = sequence((2, 3, 4), keras.layers.Conv2D(5, 1, use_bias=False, name="conv"))
    kernel, image = RNG.standard_normal((5, 4)), RNG.standard_normal((4, 2, 3))
    pour(model, {"conv.weight": kernel})
    np.testing.assert_allclose(outputs(model, image), np.einsum("oi,ihw->ohw", kernel, image), atol=1e-12)


def test_scale_of_each_channel(float64):
    model = sequence((2, 3, 4), LayerScale(name="block"))
    scale, image = RNG.random((4, 1, 1)), RNG.standard_normal((4, 2, 3))
    pour(model, {"block.layer_scale": scale})
    np.testing.assert_allclose(outputs(model, image), scale * image, rtol=1e-15)


# ------------------------------------------------------------------------------------------------- batch normalization


def test_batch_normalization_with_the_epsilon_of_the_peer(float64):
    """The variances take up the difference of the epsilons, so the outputs are those of the peer."""
    model, tensors = sequence((2, 3, 4), batch_norm(epsilon=1e-3)), norm_tensors(4)
    image = RNG.standard_normal((4, 2, 3))
    for epsilon in (1e-5, 1e-3, 0.1):
        pour(model, tensors, epsilon=epsilon)
        np.testing.assert_allclose(outputs(model, image), normalized(image, tensors, epsilon), atol=1e-12)


def test_bias_before_batch_normalization_is_folded(float64):
    model = sequence((5, 6, 4), keras.layers.Conv2D(6, 3, use_bias=False, name="conv"), batch_norm())
    kernel, bias, tensors = RNG.standard_normal((6, 4, 3, 3)), RNG.standard_normal(6), norm_tensors(6)
    image = RNG.standard_normal((4, 5, 6))
    biased = convolved(image, kernel) + bias[:, None, None]
    for order in (1, -1):  # whichever comes first, the bias or the mean
        pour(model, dict([*{"conv.weight": kernel, "conv.bias": bias}.items(), *tensors.items()][::order]))
        np.testing.assert_allclose(outputs(model, image), normalized(biased, tensors, 1e-3), atol=1e-12)


def test_bias_before_anything_else_is_homeless():
    model = sequence((5, 6, 4), keras.layers.Conv2D(6, 3, use_bias=False, name="conv"), keras.layers.ReLU())
    with pytest.raises(kerascnn.InputError, match=r"conv.bias \(6,\) found no place"):
        pour(model, {"conv.weight": np.zeros((6, 4, 3, 3)), "conv.bias": np.zeros(6)})


@pytest.mark.parametrize("conv", ["Conv2D", "DepthwiseConv2D"])
def test_scales_that_only_the_peer_has_are_folded(conv, float64):
    layer = {
        "Conv2D": keras.layers.Conv2D(4, 3, use_bias=False, name="conv"),
        "DepthwiseConv2D": keras.layers.DepthwiseConv2D(3, use_bias=False, name="conv"),
    }[conv]
    model = sequence((5, 6, 4), layer, batch_norm(scale=False))
    kernel = RNG.standard_normal((4, 4 if conv == "Conv2D" else 1, 3, 3))
    tensors, image = norm_tensors(4), RNG.standard_normal((4, 5, 6))
    pour(model, {"conv.weight": kernel, **tensors})
    expected = normalized(convolved(image, kernel, 4 // kernel.shape[1]), tensors, 1e-3)
    np.testing.assert_allclose(outputs(model, image), expected, atol=1e-12)


def test_scales_that_only_we_have_become_one(float64):
    model, tensors = sequence((2, 3, 4), batch_norm()), norm_tensors(4)
    image = RNG.standard_normal((4, 2, 3))
    pour(model, {name: value for name, value in tensors.items() if name != "norm.weight"})
    expected = normalized(image, {**tensors, "norm.weight": np.ones(4)}, 1e-3)
    np.testing.assert_allclose(outputs(model, image), expected, atol=1e-12)


def test_counters_of_torch_are_left_out():
    tensors = norm_tensors(4)
    assert pour(sequence((2, 3, 4), batch_norm()), {**tensors, "norm.num_batches_tracked": np.array(7)}) == "own"


# -------------------------------------------------------------------------------------------------------------- errors


WRONG = {  # what is changed in a fitting set of tensors: -> what the message must say
    "missing": ({"head.weight": None}, r"none found no place, head/kernel got no value"),
    "stray": ({"stray.weight": np.ones(3)}, r"stray.weight \(3,\) found no place, none got no value"),
    "shape": ({"conv.weight": np.ones((6, 4, 5, 5))}, r"conv.weight \(6, 4, 5, 5\) found no place, conv/kernel got no"),
    "dimensions": ({"head.weight": np.ones(12)}, r"head.weight \(12,\) found no place, head/kernel got no value"),
    "slot": ({"head.running_mean": np.ones(2)}, r"head.running_mean \(2,\) found no place"),
    "many": ({f"stray{i}.weight": np.ones(3) for i in range(9)}, r"stray5.weight \(3,\) and 3 more found no place"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_errors_name_the_tensors_and_change_nothing(change, message):
    layers = keras.layers.Conv2D(6, 3, name="conv"), keras.layers.GlobalAveragePooling2D()
    model = sequence((5, 6, 4), *layers, keras.layers.Dense(2, use_bias=False, name="head"))
    fitting = {"conv.weight": np.ones((6, 4, 3, 3)), "conv.bias": np.ones(6), "head.weight": np.ones((2, 6))}
    before = model.get_weights()
    tensors = {name: value for name, value in {**fitting, **change}.items() if value is not None}
    with pytest.raises(kerascnn.InputError, match=message):
        pour(model, tensors)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    pour(model, fitting)


def test_two_tensors_cannot_share_a_place(monkeypatch):
    monkeypatch.setattr(lenet, "PEERS", {"own": lambda name: "head"})
    model = sequence((4,), keras.layers.Dense(2, use_bias=False, name="head"))
    with pytest.raises(kerascnn.InputError, match=r"b.weight \(2, 4\) found no place"):
        pour(model, {"a.weight": np.zeros((2, 4)), "b.weight": np.ones((2, 4))})


def test_the_peer_whose_names_fit_is_chosen(monkeypatch):
    monkeypatch.setattr(lenet, "PEERS", {"a": {"x": "head"}.__getitem__, "b": {"y": "head"}.__getitem__})
    model = sequence((4,), keras.layers.Dense(2, use_bias=False, name="head"))
    assert pour(model, {"x.weight": np.zeros((2, 4))}) == "a"
    assert pour(model, {"y.weight": np.zeros((2, 4))}) == "b"


def test_a_network_without_peers(monkeypatch):
    monkeypatch.delattr(lenet, "PEERS")
    with pytest.raises(kerascnn.InputError, match=r"^lenet5: no peer is known"):
        pour(sequence((4,), keras.layers.Dense(2, name="head")), {})


# --------------------------------------------------------------------------------------------------------------- peers


@pytest.mark.parametrize("path", PEERS, ids=lambda path: path.stem)
def test_names_of_the_peer(path):
    """Every tensor of the peer finds its place in our network, and every weight gets one."""
    peer = json.loads(path.read_text())
    name, arguments = call(peer["build"])
    tensors = {name: np.broadcast_to(np.float32(1), shape) for name, shape, _ in peer["tensors"]}
    with keras.StatelessScope(initialize_variables=False):  # no weights are drawn that are poured over
        model = kerascnn.build(name, **arguments)
        pour(model, tensors)
        weights = [weight for weight in model.weights if weight.name != "moving_mean"]  # may have taken up a bias
        assert all(np.all(weight.value == 1) for weight in weights)


@pytest.fixture(scope="module")
def network():
    return kerascnn.build("lenet5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda network: ({}, network), "model={}: must be a network made by kerascnn.build; the tensors come second"),
        (lambda network: (None, {}), "model=None: must be a network made by kerascnn.build"),
        (lambda network: ("lenet5", {}), "model='lenet5': must be a network made by kerascnn.build"),
        (lambda network: (keras.layers.Dense(1), {}), "must be a network made by kerascnn.build"),
        (
            lambda network: (network, network),
            "tensors=<Functional.*must be a dictionary of names and arrays, like a `state_dict..`",
        ),
        (lambda network: (network, network.get_weights()), "tensors=.*must be a dictionary of names and arrays"),
        (lambda network: (network, None), "tensors=None: must be a dictionary"),
        (lambda network: (network, "lenet5.pt"), "tensors='lenet5.pt': must be a dictionary"),
        (lambda network: (network, {"conv": "much"}), "tensors.'conv'.='much': must be an array of numbers"),
        (lambda network: (network, {"conv": [[1, 2], [3]]}), "tensors.'conv'.: must be an array"),
        (lambda network: (network, {"conv": None}), "tensors.'conv'.=None: must be an array of numbers"),
        (lambda network: (network, {"conv": network}), "tensors.'conv'.*: must be an array"),
        (lambda network: (network, {3: np.zeros(3)}), "tensors.3.=.*must be an array of numbers, under its name"),
        (lambda network: (network, {"conv": np.array([np.nan])}), "tensors.'conv'.: has numbers that are not finite"),
        (
            lambda network: (keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)], name="mine"), {}),
            "unknown model 'mine'",
        ),
    ],
)
def test_what_cannot_be_poured_is_told_in_one_line(network, arguments, message):
    with pytest.raises(InputError, match=message) as error:
        pour(*arguments(network))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("epsilon", ["1e-3", -1e-3, float("nan"), True, [1e-3]])
def test_an_epsilon_is_a_small_number(network, epsilon):
    with pytest.raises(InputError, match=r"epsilon=.*: must be a number from 0 to 1"):
        pour(network, {}, epsilon=epsilon)
