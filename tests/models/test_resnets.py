"""ResNet, ResNet v2, ResNeXt and SENet against what their papers say of blocks, shortcuts, groups and excitation."""

from math import prod

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.analysis import cost, macs
from kerascnn.models.senet import PEERS

from . import outline

SMALL = {"input_shape": (32, 32, 3), "classes": 5}
WORDS = {
    keras.layers.Conv2D: "conv", keras.layers.BatchNormalization: "bn", keras.layers.Activation: "relu",
    keras.layers.Add: "add",
}  # fmt: skip
FIGURE_4 = {  # He et al. 2016: a residual unit from its input to its output
    "original": "conv bn relu conv bn add relu",
    "bn_after_addition": "conv bn relu conv add bn relu",
    "relu_before_addition": "conv bn relu conv bn relu add",
    "relu_preactivation": "relu conv bn relu conv bn add",
    "full_preactivation": "bn relu conv bn relu conv add",
}


def layers_of(model, prefix):
    return [layer for layer in model.layers if layer.name.startswith(prefix)]


# ----------------------------------------------------------------------------------------------------------- ResNet v2


@pytest.mark.parametrize(("order", "figure"), FIGURE_4.items())
def test_block_is_the_one_of_figure_4(order, figure):
    model = outline("resnet18_v2", order=order, n_filters=8, **SMALL)
    block = layers_of(model, "stage2_block2")
    assert " ".join(WORDS[type(layer)] for layer in block) == figure
    assert block[-1].name == "stage2_block2"
    (add,) = (layer for layer in block if isinstance(layer, keras.layers.Add))
    assert add.input[0] is model.get_layer("stage2_block1").output


@pytest.mark.parametrize(("name", "twin"), [("resnet18_v2", "resnet18"), ("resnet50_v2", "resnet50")])
def test_original_order_is_the_first_resnet(name, twin):
    ours = outline(name, order="original", stride_on="1x1", n_filters=8, **SMALL)
    theirs = outline(twin, n_filters=8, **SMALL)
    assert [layer.name for layer in ours.layers[1:]] == [layer.name for layer in theirs.layers[1:]]
    assert [(w.path, w.shape) for w in ours.weights] == [(w.path, w.shape) for w in theirs.weights]


@pytest.mark.parametrize(
    ("order", "ends"), [("full_preactivation", ["last_bn", "last"]), ("relu_preactivation", ["last"]), ("original", [])]
)
def test_first_and_last_activation_of_the_appendix(order, ends):
    """He et al. 2016, Appendix: the first one before splitting into two paths, an extra one after the last addition."""
    model = outline("resnet18_v2", order=order, n_filters=8, **SMALL)
    assert not layers_of(model, "stage1_block1_preact")
    assert model.get_layer("stage1_block1_add" if order == "original" else "stage1_block1").input[0] is (
        model.get_layer("pool1").output
    )
    assert [layer.name for layer in layers_of(model, "last")] == ends
    assert model.get_layer("features").input is model.get_layer(ends[-1] if ends else "stage4").output


def test_projection_starts_behind_the_pre_activation():
    model = outline("resnet18_v2", n_filters=8, **SMALL)
    assert model.get_layer("stage2_block1_shortcut_conv").input is model.get_layer("stage2_block1_preact").output
    assert not layers_of(model, "stage2_block1_shortcut_bn")


# ----------------------------------------------------------------------------------------------------------- shortcuts


@pytest.mark.parametrize("name", ["resnet18", "resnet18_v2"])
def test_projections_of_the_shortcuts(name):
    """He et al. 2015, Section 4.1: A none, B where the dimensions increase, C in every block."""
    for shortcut, expected in {"A": [], "B": [2, 3, 4], "C": [1, 1, 2, 2, 3, 3, 4, 4]}.items():
        model = outline(name, shortcut=shortcut, n_filters=8, **SMALL)
        projected = [int(layer.name[len("stage")]) for layer in model.layers if "shortcut_conv" in layer.name]
        assert projected == expected


# ------------------------------------------------------------------------------------------------------------- ResNeXt


def test_one_group_64_wide_is_resnet():
    """Xie et al. 2016, Table 3: ResNet-50 is 1 x 64d."""
    one = outline("resnext50_32x4d", groups=1, width=64, **SMALL)
    assert cost(one) == cost(outline("resnet50", stride_on="3x3", **SMALL))


@pytest.mark.parametrize(("groups", "width"), [(1, 64), (2, 40), (4, 24), (8, 14), (32, 4)])
def test_parameters_of_a_block_at_a_cardinality(groups, width):
    """Xie et al. 2016, Table 2 and Section 3.3: C (256 d + 3 3 d d + d 256), about 70 thousand."""
    model = outline("resnext50_32x4d", groups=groups, width=width, repeats=(2,), **SMALL)
    convs = [layer for layer in layers_of(model, "stage1_block2") if isinstance(layer, keras.layers.Conv2D)]
    kernels = sum(prod(conv.kernel.shape) for conv in convs)
    assert kernels == groups * (256 * width + 9 * width * width + width * 256)
    assert kernels == pytest.approx(70_000, rel=0.03)


def test_groups_do_without_xla_on_the_cpu():
    """Keras compiles grouped convolutions with XLA, which is no match for ours: when it stops, so may GroupedConv2D."""
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("a GPU takes Keras's own way")
    images = tf.zeros((1, 4, 4, 8))
    stock = keras.layers.Conv2D(8, 3, groups=2)
    (ours,) = layers_of(kerascnn.build("resnext50_32x4d", repeats=(1,), **SMALL), "stage1_block1_2_conv")
    compiled = []
    for layer, inputs in (stock, images), (ours, tf.zeros((1, 4, 4, 128))):
        graph = tf.function(layer).get_concrete_function(inputs).graph
        compiled.append(any("_XlaMustCompile" in op.node_def.attr for op in graph.get_operations()))
    assert compiled == [True, False]


# --------------------------------------------------------------------------------------------------------------- SENet


@pytest.mark.parametrize("ratio", [4, 16])
def test_parameters_that_excitation_adds(ratio):
    """Hu et al. 2017, Equation 5: 2 / r times the sum of N C^2, less the biases, which it leaves out."""
    added = cost(outline("se_resnet50", ratio=ratio)).trainable - cost(outline("resnet50")).trainable
    stages = [(3, 256), (4, 512), (6, 1024), (3, 2048)]
    biases = sum(blocks * (channels + channels // ratio) for blocks, channels in stages)
    assert added - biases == 2 * sum(blocks * channels**2 for blocks, channels in stages) / ratio


def test_excitation_ends_the_branch():
    """Hu et al. 2017, Figure 3."""
    model = outline("se_resnet18", n_filters=16, **SMALL)
    add = model.get_layer("stage1_block1_add")
    assert add.input[1] is model.get_layer("stage1_block1_se").output
    assert model.get_layer("stage1_block1_se_squeeze").input is model.get_layer("stage1_block1_2_bn").output


def test_leaner_blocks_of_senet154():
    """Hu et al. 2017, appendix: half the channels in the first 1x1, a 3x3 projection with stride 2, three 3x3 first."""
    model = outline("senet154", repeats=(1, 1), **SMALL)
    kernels = {layer.name: tuple(layer.kernel.shape) for layer in model.layers if hasattr(layer, "kernel")}
    assert [kernels[f"conv{i}_conv"] for i in (1, 2, 3)] == [(3, 3, 3, 64), (3, 3, 64, 64), (3, 3, 64, 128)]
    assert kernels["stage1_block1_1_conv"] == (1, 1, 128, 128)
    assert kernels["stage1_block1_2_conv"] == (3, 3, 2, 256)
    assert kernels["stage1_block1_shortcut_conv"] == (1, 1, 128, 256)
    assert kernels["stage2_block1_shortcut_conv"] == (3, 3, 256, 512)
    assert model.get_layer("dropout").rate == 0.2


def test_names_of_timms_deep_stem():
    rename = PEERS["timm with a deep stem"]
    names = ["conv1.0", "conv1.1", "conv1.3", "conv1.4", "conv1.6", "bn1", "layer2.0.se.fc2", "layer2.0.downsample.1"]
    assert [rename(name) for name in names] == [
        "conv1_conv", "conv1_bn", "conv2_conv", "conv2_bn", "conv3_conv", "conv3_bn", "stage2_block1_se_expand",
        "stage2_block1_shortcut_bn",
    ]  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- knobs


@pytest.mark.parametrize("name", ["resnet18_v2", "resnext50_32x4d", "se_resnet18"])
def test_width_scales_the_whole_network(name):
    half, full = (macs(outline(name, n_filters=n, **SMALL)) for n in (32, 64))
    assert 3.4 < full / half < 4


@pytest.mark.parametrize(
    ("name", "knobs", "message"),
    [
        ("resnet18", {"block": "wide"}, "block='wide': must be one of 'basic', 'bottleneck'"),
        ("resnet18", {"repeats": (2, 0)}, r"repeats=\(2, 0\): must be whole numbers"),
        ("resnet18", {"n_filters": 0}, "n_filters=0: must be a whole number, 1 or more"),
        ("resnet18", {"stem": "mnist"}, "stem='mnist': must be one of 'imagenet', 'cifar'"),
        ("resnet18", {"shortcut": "D"}, "shortcut='D': must be one of 'A', 'B', 'C', None"),
        ("resnet18_v2", {"shortcut": None}, "shortcut=None: must be one of 'A', 'B', 'C'"),
        ("resnet18_v2", {"order": "none"}, "order='none': must be one of 'original', 'bn_after_addition'"),
        ("resnext50_32x4d", {"groups": 2.5}, "groups=2.5: must be a whole number"),
        ("resnext50_32x4d", {"width": 0}, "width=0: must be a whole number"),
        ("se_resnet50", {"ratio": 0}, "ratio=0: must be a whole number"),
        ("se_resnet50", {"pool": "same"}, "pool='same': must be one of 'ceil', 'padded'"),
        ("se_resnet50", {"stride_on": "5x5"}, "stride_on='5x5': must be one of '1x1', '3x3'"),
        ("se_resnet18", {"groups": 32}, "groups=32, width=64: only for bottlenecks; a basic block takes 1 and 64"),
        ("senet154", {"dropout": 2}, "dropout=2: must be a number from 0 to 1"),
    ],
)
def test_wrong_knobs_are_named(name, knobs, message):
    with pytest.raises(kerascnn.InputError, match=message):
        kerascnn.build(name, **knobs)


# ---------------------------------------------------------------------------------------------------- stochastic depth


@pytest.mark.parametrize("name", ["resnet20_cifar", "resnet50", "resnet50_v2", "resnext50_32x4d"])
def test_stochastic_depth_grows_by_the_same_from_block_to_block(name):
    """Huang et al. 2016, equation 4: block l of L survives with 1 - l / L (1 - p_L)."""
    still, model = outline(name, **SMALL), outline(name, stochastic_depth=0.5, **SMALL)
    drops = {layer.name: layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)}
    adds = [layer for layer in model.layers if isinstance(layer, keras.layers.Add)]
    survival = [1 - drop.rate for drop in drops.values()]
    assert survival == pytest.approx([1 - n / len(adds) * (1 - 0.5) for n in range(1, len(adds) + 1)])
    assert {layer.name for layer in model.layers[1:]} - set(drops) == {layer.name for layer in still.layers[1:]}
    assert {weight.path for weight in model.weights} == {weight.path for weight in still.weights}
    for add, drop in zip(adds, drops.values(), strict=True):
        assert drop.output is add.input[1]


def test_stochastic_depth_expects_what_inference_computes():
    """Of 4,000 images a block is left out for a share of `rate`; their mean is that of the whole branch."""
    drop = kerascnn.build("resnet20_cifar", stochastic_depth=0.3, **SMALL).get_layer("stage3_block3_drop")
    branch = np.random.default_rng(0).standard_normal((4000, 2, 3, 4)).astype("float32")
    seen = keras.ops.convert_to_numpy(drop(branch, training=True))
    left_out = (seen == 0).all((1, 2, 3))
    assert left_out.mean() == pytest.approx(0.3, abs=0.03)
    np.testing.assert_allclose(seen[~left_out], branch[~left_out] / 0.7, rtol=1e-6)
    ones = keras.ops.convert_to_numpy(drop(np.ones_like(branch), training=True))
    assert ones.mean() == pytest.approx(1, abs=0.04)
    np.testing.assert_array_equal(drop(branch, training=False), branch)


@pytest.mark.parametrize(
    ("name", "rate", "message"),
    [
        ("plain20_cifar", 0.5, "stochastic_depth=0.5: a plain network has no shortcut around a block"),
        ("resnet20_cifar", 1.5, "stochastic_depth=1.5: must be a number from 0 to 1"),
    ],
)
def test_wrong_stochastic_depth(name, rate, message):
    with pytest.raises(kerascnn.InputError, match=message):
        outline(name, stochastic_depth=rate)
