"""The configuration of a Keras model, checked against an allow-list before Keras sees it.

Keras imports and calls what a configuration names; its `safe_mode` refuses only some of it. Here everything that may be
named, however deeply nested, is listed: layers, initializers, regularizers, constraints and activations that compute,
read no files and run no code of their own.
"""

import re
from collections.abc import Collection, Iterator

from ..errors import InputError
from .json_records import check


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LAYERS = _words("""
    Activation ActivityRegularization Add AlphaDropout Average AveragePooling1D AveragePooling2D AveragePooling3D
    BatchNormalization CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
    Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU Flatten GaussianDropout
    GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D
    GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization Identity InputLayer LayerNormalization LeakyReLU
    MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum Multiply Normalization PReLU Permute RMSNormalization
    RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom ReLU
    RepeatVector Rescaling Reshape Resizing SeparableConv1D SeparableConv2D Softmax SpatialDropout1D
    SpatialDropout2D SpatialDropout3D Subtract UnitNormalization UpSampling1D UpSampling2D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D
""")
OUR_LAYERS = _words("""
    AbsoluteDifference ChannelShuffle ChannelSplit CosineSimilarity GroupedConv2D LayerScale
    LocalResponseNormalization MatchSize PadChannels ScaledAdd StridedPointwiseConv2D
""")
INITIALIZERS = _words("""
    Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones Orthogonal RandomNormal
    RandomUniform TruncatedNormal VarianceScaling Zeros
""")
REGULARIZERS = _words("L1 L1L2 L2 OrthogonalRegularizer")
CONSTRAINTS = _words("MaxNorm MinMaxNorm NonNeg UnitNorm")
ACTIVATIONS = _words("""
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
    log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus
    sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
""")
MODULES = {
    "keras.layers": LAYERS,
    "keras.initializers": INITIALIZERS,
    "keras.regularizers": REGULARIZERS,
    "keras.constraints": CONSTRAINTS,
    "keras": _words("DTypePolicy Sequential"),
    "keras.src.models.functional": _words("Functional"),
    "keras.src.ops.numpy": _words("Add Divide Maximum Minimum Multiply Subtract TrueDivide"),  # of x + y
    "keras.src.applications.inception_resnet_v2": _words("CustomScaleLayer"),
    "keras.src.applications.convnext": _words("LayerScale"),
    "kerascnn.layers": OUR_LAYERS,
}
DTYPES = _words("float16 bfloat16 float32 float64 mixed_float16 mixed_bfloat16 uint8 int32 int64")
TENSOR = "__keras_tensor__"  # a layer's output, where another one takes it
BY_NAME = {  # what a string may be, by the end of its key
    "activation": ACTIVATIONS,
    "_initializer": {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in INITIALIZERS} | {*INITIALIZERS},
    "_regularizer": {"l1", "l2", "l1_l2", *REGULARIZERS},
    "_constraint": {"max_norm", "min_max_norm", "non_neg", "unit_norm", *CONSTRAINTS},
}
MOST_LAYERS = 10_000
MOST_WAITING = 1000  # layers that take what comes from a later one in the list; each costs Keras a pass over all
LARGEST = 2**20  # of all whole numbers but these: filters, sizes, kernels
ANY_NUMBER = ("seed", "shared_object_id")
MODEL = {"class_name": {"Functional", "Sequential"}, "config": dict}


def checked(config: dict, what, known: Collection[str] = ()) -> dict:
    """A model's configuration without how it was compiled, once all in it is on the list.

    Args:
        config: the content of `config.json` in a `.keras` file.
        what: the file, which is named in errors.
        known: names under which further layers are registered, which are allowed, too.

    Raises:
        InputError: it holds something else; the first such thing is named.
    """
    check(config, MODEL, what)
    layers = 0
    for part, where in _parts(config):
        part.pop("compile_config", None)
        if fault := _fault(part, known):
            raise InputError(
                f"{what}: {where or 'the model'} {fault}; if you know who made the file and trust it, load it with "
                "kerascnn.load(path, trust=True)"
            )
        layers += part.get("module") in ("keras.layers", "kerascnn.layers")
        if layers > MOST_LAYERS or _waiting(part) > MOST_WAITING:
            raise InputError(f"{what}: has more than {MOST_LAYERS:,} layers, or they are in no order")
    return config


def _parts(value, where="") -> Iterator[tuple[dict, str]]:
    """Every object in a configuration, and the name of the layer that it belongs to."""
    if isinstance(value, dict):
        where = value["name"] if isinstance(value.get("name"), str) and "class_name" in value else where
        yield value, where
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(inner, where)


def _fault(part: dict, known: Collection[str]) -> str:
    """What is wrong with one object; empty where nothing is."""
    if {"class_name", "registered_name", "module"} & set(part):
        name, module, registered = (part.get(key) for key in ("class_name", "module", "registered_name"))
        is_free = (name == TENSOR and module is None) or registered in known
        if not is_free and not (isinstance(module, str) and name in MODULES.get(module, ())):
            found = _word(registered) if registered else f"{_word(module)}.{_word(name)}"
            return f"is {found}, which is not on the list of layers that only compute"
        if registered not in (None, name, f"kerascnn>{name}", *known):
            return f"is {name} under the name {_word(registered)}"
    for key, value in part.items():
        for end, names in BY_NAME.items():
            if key.endswith(end) and not (value is None or isinstance(value, dict) or _among(value, names)):
                return f"has the {key} {_word(value)}, which is not on the list of those that only compute"
        if key == "dtype" and isinstance(value, str) and value not in DTYPES:
            return f"has the type {_word(value)}"
        numbers = value if isinstance(value, list) else [value]
        if key not in ANY_NUMBER and any(isinstance(n, int) and abs(n) > LARGEST for n in numbers):
            return f"has the {key} {_word(value)}, more than {LARGEST:,}"
    return ""


def _among(value, names) -> bool:
    return isinstance(value, str) and value in names


def _waiting(part: dict) -> int:
    """How many layers of a model take what comes from one that stands later in the list."""
    seen, waiting = set(), 0
    layers = part.get("layers")
    for layer in layers if isinstance(layers, list) else ():
        if isinstance(layer, dict):
            seen.add(_word(layer.get("name")))
            inbound = (inner for inner, _ in _parts(layer.get("inbound_nodes")) if "keras_history" in inner)
            histories = (inner["keras_history"] for inner in inbound)
            waiting += any(isinstance(past, list) and past and _word(past[0]) not in seen for past in histories)
    return waiting


def _word(value) -> str:
    return value if isinstance(value, str) and value.replace(".", "_").isidentifier() else repr(value)[:80]
