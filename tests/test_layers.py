"""The layers against loops over their papers' formulas."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kerascnn
from kerascnn.layers import (
    AbsoluteDifference,
    ChannelShuffle,
    ChannelSplit,
    CosineSimilarity,
    GroupedConv2D,
    LocalResponseNormalization,
    MatchSize,
    PadChannels,
    StridedPointwiseConv2D,
)


def response_normalized(x, size, alpha, beta, bias):
    """Krizhevsky et al. 2012, Section 3.3: i, j, k, n, alpha and beta are i, j, bias, size, alpha / size and beta."""
    out, channels = np.empty_like(x), x.shape[-1]
    for i in range(channels):
        energy = 0.0
        for j in range(max(0, i - size // 2), min(channels - 1, i + size // 2) + 1):
            energy = energy + x[..., j] ** 2
        out[..., i] = x[..., i] / (bias + alpha / size * energy) ** beta
    return out


@pytest.mark.parametrize("channels", [1, 3, 16])
@pytest.mark.parametrize(
    ("size", "alpha", "beta", "bias"),
    [(5, 1e-4, 0.75, 2.0), (5, 1e-4, 0.75, 1.0), (3, 0.5, 0.5, 1.5), (1, 1.0, 1.0, 0.1)],
)
def test_local_response_normalization_is_the_formula(channels, size, alpha, beta, bias, float64):
    x = 100 * np.random.default_rng(channels).standard_normal((2, 3, 4, channels))
    layer = LocalResponseNormalization(size, alpha, beta, bias)
    np.testing.assert_allclose(layer(x), response_normalized(x, size, alpha, beta, bias), rtol=1e-12)


def test_local_response_normalization_in_half_precision():
    x = np.random.default_rng(0).uniform(-1e4, 1e4, (1, 4, 4, 16)).astype("float16")  # squared: over 65504
    out = keras.ops.convert_to_numpy(LocalResponseNormalization(dtype="float16")(x))
    expected = response_normalized(x.astype("float64"), 5, 1e-4, 0.75, 1.0)
    np.testing.assert_allclose(out, expected, rtol=0.02)


def test_local_response_normalization_wants_neighbours_on_both_sides():
    with pytest.raises(kerascnn.InputError, match="size=4: must be odd"):
        LocalResponseNormalization(4)


@pytest.mark.parametrize(("channels", "before"), [(4, 2), (5, 2), (1, 0)])
def test_pad_channels_adds_zeros_on_both_sides(channels, before):
    x = np.random.default_rng(0).random((2, 3, 4, 6), dtype="float32")
    padded = keras.ops.convert_to_numpy(PadChannels(channels)(x))
    assert padded.shape == (2, 3, 4, 6 + channels)
    np.testing.assert_array_equal(padded[..., before : before + 6], x)
    assert padded.sum(dtype="float64") == x.sum(dtype="float64")


@given(groups=st.integers(1, 6), width=st.integers(1, 6))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_channel_shuffle_deals_the_groups_out_and_has_an_inverse(groups, width):
    """Zhang et al. 2017, Figure 1c: every group in turn gives its next channel."""
    images = np.arange(2 * 3 * groups * width, dtype="float32").reshape(1, 2, 3, -1)
    shuffled = keras.ops.convert_to_numpy(ChannelShuffle(groups)(images))
    expected = [group * width + i for i in range(width) for group in range(groups)]
    np.testing.assert_array_equal(shuffled, images[..., expected])
    np.testing.assert_array_equal(ChannelShuffle(width)(shuffled), images)


def test_channel_shuffle_wants_equal_groups():
    with pytest.raises(kerascnn.InputError, match="10 channels cannot be shuffled in 4 groups"):
        ChannelShuffle(4)(np.zeros((1, 2, 2, 10)))


def test_channel_split_cuts_in_half_and_is_saved(tmp_path):
    inp = keras.Input((None, None, 6))
    model = keras.Model(inp, ChannelSplit()(inp))
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((2, 3, 5, 6), dtype="float32")
    for halves in (model(x), keras.models.load_model(tmp_path / "model.keras")(x)):
        np.testing.assert_array_equal(np.concatenate(halves, axis=-1), x)
        assert [half.shape for half in halves] == [(2, 3, 5, 3)] * 2
    assert [half.shape for half in model.outputs] == [(None, None, None, 3)] * 2


@pytest.mark.parametrize(
    ("layer", "arguments"),
    [(LocalResponseNormalization, (3, 0.5, 0.6, 1.5)), (PadChannels, (3,)), (ChannelShuffle, (3,))],
)
def test_layers_are_saved_whole(layer, arguments, tmp_path):
    inp = keras.Input((None, None, 6))
    model = keras.Model(inp, layer(*arguments)(inp))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((2, 3, 5, 6), dtype="float32")
    np.testing.assert_array_equal(model(x), again(x))
    assert model.output.shape == again.output.shape == (None, None, None, model(x).shape[-1])


ORDERS = [
    "import kerascnn, tensorflow, keras",
    "import keras, kerascnn",
    "import kerascnn; from keras.models import load_model; import keras",
    "import tensorflow, kerascnn; keras = tensorflow.keras",
    "from importlib.util import find_spec; import kerascnn; find_spec('keras'); find_spec('keras'); import keras",
]


@pytest.mark.parametrize("imports", [ORDERS[0], *(pytest.param(order, marks=pytest.mark.slow) for order in ORDERS[1:])])
def test_keras_knows_the_layers_whatever_is_imported_first(imports, tmp_path):
    inp = keras.Input((2, 2, 4))
    keras.Model(inp, ChannelShuffle(2)(inp)).save(tmp_path / "model.keras")
    code = f"{imports}; keras.models.load_model({str(tmp_path / 'model.keras')!r})"
    subprocess.run([sys.executable, "-c", code], check=True)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 9), width=st.integers(1, 9), wanted=st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_match_size_crops_or_pads_around_the_centre(height, width, wanted):
    x = np.random.default_rng(0).random((2, height, width, 3), dtype="float32")
    matched = np.array(MatchSize()([x, np.zeros((2, *wanted, 1), dtype="float32")]))
    assert matched.shape == (2, *wanted, 3)
    for i in range(wanted[0]):  # half of the difference on either side, an odd pixel at the end
        for j in range(wanted[1]):
            row, column = i - int((wanted[0] - height) / 2), j - int((wanted[1] - width) / 2)
            inside = 0 <= row < height and 0 <= column < width
            np.testing.assert_array_equal(matched[:, i, j], x[:, row, column] if inside else 0)


def test_match_size_where_sizes_are_known_only_when_it_runs():
    x, like = keras.Input((None, None, 3)), keras.Input((None, 7, 1))
    model = keras.Model([x, like], MatchSize()([x, like]))
    assert model.output.shape == (None, None, 7, 3)
    x = np.random.default_rng(0).random((2, 4, 9, 3), dtype="float32")
    out = model.predict([x, np.zeros((2, 5, 7, 1))], verbose=0)
    np.testing.assert_array_equal(out[:, :4], x[:, :, 1:8])
    assert not out[:, 4:].any()


@pytest.mark.parametrize(
    ("layer", "formula"),
    [
        (AbsoluteDifference, lambda a, b: np.abs(a - b)),
        (CosineSimilarity, lambda a, b: [a @ b / np.sqrt(a @ a * (b @ b))]),
    ],
    ids=["l1", "cosine"],
)
def test_distances_of_pairs_and_of_all_pairs(layer, formula, float64):
    layer, (a, b) = layer(), np.random.default_rng(0).standard_normal((2, 5, 4))
    pairs = [formula(x, y) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(layer([a, b]), pairs, rtol=1e-9)
    every = [[formula(x, y) for y in b] for x in a]
    np.testing.assert_allclose(layer([a[:, None], b[None]]), every, rtol=1e-9)
    assert layer([keras.Input((4,)), keras.Input((4,))]).shape == (None, len(pairs[0]))


@pytest.fixture
def grouped(monkeypatch):
    """A network with a grouped convolution, on a machine that lists a GPU."""
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind=None: ["gpu:0"])
    inp = keras.Input((5, 5, 8))
    model = keras.Model(inp, GroupedConv2D(4, 3, groups=4)(inp))
    model.predict(np.zeros((1, 5, 5, 8)), verbose=0)  # Keras exports only what was called
    return model


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a SavedModel is TensorFlow's")
def test_grouped_convolutions_are_exported_group_by_group(grouped, tmp_path):
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    grouped.export(tmp_path / "exported", format="tf_saved_model", verbose=False)
    saved = SavedModel.FromString((tmp_path / "exported" / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    assert not [f.signature.name for f in functions if f.attr["_XlaMustCompile"].b]
    assert 4 in [sum(node.op == "Conv2D" for node in f.node_def) for f in functions]


@pytest.mark.filterwarnings("default")
def test_grouped_convolutions_run_as_onnx(grouped, tmp_path, monkeypatch):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    grouped.export(tmp_path / "exported.onnx", format="onnx", verbose=False)
    session, x = runtime.InferenceSession(tmp_path / "exported.onnx"), np.random.default_rng(0).random((2, 5, 5, 8))
    (out,) = session.run(None, {session.get_inputs()[0].name: x.astype("float32")})
    monkeypatch.undo()
    np.testing.assert_allclose(out, grouped(x), atol=1e-6)


def test_maps_are_channels_last():
    with pytest.raises(kerascnn.InputError, match="data_format='channels_first': must be one of 'channels_last'"):
        GroupedConv2D(4, 3, groups=2, data_format="channels_first")


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (1, 2)])
@pytest.mark.parametrize("strides", [2, 3, (1, 2)])
def test_strided_pointwise_convolutions_are_keras(size, strides):
    image = np.random.default_rng(0).random((2, *size, 5), "float32")
    ours, theirs = (made(4, 1, strides) for made in (StridedPointwiseConv2D, keras.layers.Conv2D))
    wanted = theirs(image)
    ours.build(image.shape)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(image), wanted, atol=1e-6)


ODD = """
import sys
import numpy as np
from kerascnn import build
model = build("staged", input_shape=(32, 32, 3), classes=3, blocks=("residual",) * 2, repeats=(1, 1), n_filters=(8, 8))
model.compile("sgd", "sparse_categorical_crossentropy")
for _ in range(60):
    model.train_on_batch(np.ones((7, 32, 32, 3), "float32"), np.zeros(7))
"""


@pytest.mark.slow
def test_narrow_networks_learn_from_odd_batches():
    """TensorFlow ended the process: "free(): invalid pointer"."""
    assert subprocess.run([sys.executable, "-c", ODD], capture_output=True).returncode == 0
