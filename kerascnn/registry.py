"""Names to networks: model files register their builders here, `build` finds and calls them."""

import re
import sys
from contextvars import ContextVar
from functools import partial
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path

from . import catalog
from .catalog import Card
from .errors import LARGEST, InputError, as_python, count, one_of, shown, unknown

_BUILDERS: dict[str, tuple] = {}
_COMMON = ("input_shape", "classes", "activation", "name")
_BEING_BUILT: ContextVar[str | None] = ContextVar("the network that is being built, without its backbone", default=None)
_IMAGES = "_images"  # ends the name of a network's input, which begins with the network's own


def register(name: str, **row):
    """Register a builder under a name of the catalog; `row` holds the knobs that make this variant.

    A builder is `f(input_shape, classes, *, <knobs>, activation, name) -> keras.Model`; `classes=None` means: stop at
    the layer `features`, an autoencoder at its code, a Siamese network at the embedding.
    """

    def decorate(builder):
        if name in _BUILDERS:
            raise ValueError(f"{name} is registered twice")
        knobs = tuple(p for p in signature(builder).parameters if p not in _COMMON)
        if stray := set(row) - set(knobs):
            raise ValueError(f"{name}: {builder.__name__} has no {stray}")
        _BUILDERS[name] = (builder, row, knobs)
        return builder

    return decorate


def image_input(input_shape: tuple):
    """The input layer of a network. Its name tells `info` what was built, whatever the model is called, also after
    saving and loading."""
    from keras import Input

    network = _BEING_BUILT.get()
    return Input(input_shape, name=network and network + _IMAGES)


def adopt(card: Card, base: str, knobs: dict) -> None:
    """Let `build` know the network `base` with these knobs under the name of a card, too, as long as this process runs;
    it is not listed."""
    builder, row, names = _find(catalog.card(base))
    catalog.UNLISTED[card.name] = card
    _BUILDERS[card.name] = (builder, {**row, **knobs}, names)


def knob_names(name: str) -> tuple[str, ...]:
    """The names of all knobs of a network."""
    return _find(catalog.card(name))[2]


def knobs(name: str) -> dict:
    """The knobs of a network, with their defaults."""
    builder, row, names = _find(catalog.card(name))
    defaults = {p.name: p.default for p in signature(builder).parameters.values() if p.name in names}
    return {k: v for k, v in {**defaults, **row}.items() if v is not Parameter.empty and not callable(v)}


def build(
    network: str | None = None,
    /,
    *,
    name: str | None = None,
    input_shape: tuple | None = None,
    classes: int | None = None,
    include_top: bool = True,
    pooling: str | None = None,
    weights: str | Path | None = None,
    classifier_activation: str | None = "softmax",
    **knobs,
):
    """Build a network of the catalog by name.

    Args:
        network: one of `list_models()`; a spec has it as `name`, so that `build(**spec)` builds it.
        name: what the model is called, by default like the network. Two networks of a kind in one model need names of
            their own.
        input_shape: (height, width, channels), by default the paper's, with a knob `backbone` the backbone's. Height
            and width may be None where the network takes any size.
        classes: number of classes, by default the paper's; refused by networks that reconstruct or verify.
        include_top: False stops at the layer `features`, the last feature map; of an autoencoder it gives the encoder,
            of a Siamese network the twin.
        pooling: "avg" or "max" adds global pooling after `features`; only with `include_top=False`.
        weights: None for the initial ones, or the path of a `.keras` or `.weights.h5` file. Its layers are found by
            name; those of heads that the network lacks are left out, which is said.
        classifier_activation: activation of the layer `predictions`; None gives logits. A softmax of a single class,
            which is always 1, becomes a sigmoid.
        knobs: the network's own, in its paper's words; `info(name)` and the docstring of its file list them.

    Returns:
        A flat functional `keras.Model`; only a Siamese network holds another, its `twin`.

    Raises:
        InputError: one line that says what was wrong, what was found and what is allowed.
    """
    if network is None:
        network, name = name, None
    card = catalog.card(network)
    name = _model_name(card, name)
    builder, row, names = _find(card)
    input_shape, classes, knobs = as_python(input_shape), as_python(classes), as_python(knobs)
    for knob, value in knobs.items():
        if knob not in names:
            raise unknown(f"knob of {card.name}", knob, names)
        if isinstance(signature(builder).parameters[knob].default, bool):
            one_of(knob, value, (True, False))
    shape = input_shape_of(card, input_shape, knobs.get("backbone"))
    one_of("include_top", include_top, (True, False))
    if not include_top:
        if classes is not None:
            raise InputError(f"classes={shown(classes)}: a network without its top (include_top=False) has no classes")
        one_of("pooling", pooling, (None, "avg", "max"))
    elif pooling is not None:
        raise InputError(
            f"pooling={shown(pooling)}: only with include_top=False; the classifier has a pooling of its own"
        )
    else:
        if classes is not None and card.task not in ("classify", "segment"):
            raise InputError(f"classes={shown(classes)}: {card.name} has no classes, it is there to {card.task}")
        classes = card.classes if classes is None else classes
        count("classes", classes)
    _check_activation(classifier_activation)
    if classes == 1 and classifier_activation == "softmax":
        classifier_activation = "sigmoid"
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))  # Keras walks a graph by recursion: ResNet-1202 is deep
    outermost = _BEING_BUILT.set(_BEING_BUILT.get() or card.name)
    try:
        model = builder(shape, classes, activation=classifier_activation, name=name, **{**row, **knobs})
    except InputError:
        raise
    except Exception as error:  # Keras's, or TensorFlow's where the memory does not suffice
        raise _told(error, card, shape) from error
    finally:
        _BEING_BUILT.reset(outermost)
    if pooling:
        model = _pooled(model, pooling)
    if weights is not None:
        _load(model, weights, partial(_heads, card, shape, knobs))
    return model


def list_models(pattern: str = "*", task: str | None = None) -> list[str]:
    """Names of the catalog that match a shell pattern (`"resnet*"`) and, where given, a task.

    Tasks are "classify", "segment", "reconstruct" and "verify".
    """
    return catalog.names(pattern, task)


def info(model) -> Card:
    """The card of a network, given its name or a model that `build` made, whatever it is called, also after saving and
    loading.

    Raises:
        InputError: there is no such network, or the model is none that `build` made.
    """
    return catalog.card(model if isinstance(model, str) else network_of(model))


def network_of(model) -> str:
    """The name of the network that `build` made as this model; of any other model its own name.

    Raises:
        InputError: it is no `keras.Model`.
    """
    from keras import Model

    if not isinstance(model, Model):
        raise InputError(f"model={shown(model)}: must be the name of a network or a keras.Model")
    halves = [layer for layer in model.layers if layer.name == "twin"]  # a Siamese network's own inputs are a pair
    names = (tensor.name for part in (model, *halves) for tensor in getattr(part, "inputs", None) or ())
    known = [name.removesuffix(_IMAGES) for name in names if name.endswith(_IMAGES)]
    if known and model.name not in known and catalog.has(model.name) and "backbone" in knobs(model.name):
        return model.name  # its input is that of a model which it was built on
    return known[0] if known and catalog.has(known[0]) else model.name


def part(model, name: str):
    """A part of a network as a `keras.Model` of its own, which shares the network's layers and weights.

    Args:
        model: a network that `build` made, also after training, saving and loading.
        name: "encoder" (image to code) or "decoder" (code to image) of an autoencoder; "encoder" of a U-Net (image to
            the maps that its decoder reads, from the finest to the bottleneck); "twin" of a Siamese network (image to
            embedding).

    Raises:
        InputError: the network has no such part.
    """
    parts = getattr(import_module(f"kerascnn.models.{info(model).module}"), "SUBMODELS", {})
    if name not in parts:
        raise unknown(f"part of {model.name}", name, parts)
    try:
        return parts[name](model)
    except ValueError as error:  # Keras finds no such layer
        raise InputError(f"this {model.name} has no {name}: it was built without its top") from error


def _model_name(card: Card, name) -> str:
    if name is None:
        return card.name
    if not isinstance(name, str) or not name or "/" in name:
        raise InputError(f"name={shown(name)}: must be a word without a slash, to call the model by")
    return name


def _find(card: Card) -> tuple:
    import_module(f"kerascnn.models.{card.module}")
    return _BUILDERS[card.name]


def input_shape_of(card: Card, shape, backbone=None) -> tuple:
    """The (height, width, channels) that a network takes: those asked for, or its backbone's, or the paper's.

    Raises:
        InputError: what is asked for is no such shape.
    """
    name = backbone.get("name") if isinstance(backbone, dict) else backbone
    if isinstance(name, str):
        card = catalog.card(name)
    if shape is None:
        return getattr(backbone, "input_shape", (None, *card.input_shape))[1:]
    sizes_fit = (
        isinstance(shape, (tuple, list))
        and len(shape) == 3
        and all(type(n) is int and 0 < n <= LARGEST for n in shape if n is not None)
        and shape[2] is not None
    )
    if not sizes_fit:
        raise InputError(f"input_shape={shown(shape)}: must be (height, width, channels), like {card.input_shape}")
    return tuple(shape)


def _check_activation(found) -> None:
    from keras import activations

    try:
        activations.get(found)
    except Exception as error:
        names = set(dir(activations)) - {"deserialize", "get", "serialize"}
        raise unknown("classifier_activation", found, sorted(n for n in names if not n.startswith("_"))) from error


def _told(error: Exception, card: Card, shape: tuple) -> InputError:
    """What a user is told of an error in a builder: that the images are too small, or what Keras says."""
    found = "x".join("any" if n is None else str(n) for n in shape[:2])
    if isinstance(error, ValueError) and (None in shape[:2] or min(shape[:2]) < card.min_size):
        return InputError(
            f"{card.name} cannot take images of {found}: the smallest is {card.min_size}x{card.min_size}"
            + (", and its dense layers need a fixed size" if None in shape[:2] else "")
        )
    text = re.sub(r"\x1b\[\d+m", "", str(error))  # Keras prints in bold
    lines = [line for line in text.splitlines() if line and "Exception encountered when calling" not in line]
    reason = lines[0] if lines else type(error).__name__
    return InputError(f"{card.name} cannot be built like this for images of {found}: {reason}")


def _pooled(model, pooling):
    from keras import Model, layers

    if len(model.output.shape) != 4:
        raise InputError(f"pooling={pooling!r}: {model.name} without its top gives a vector, there is nothing to pool")
    pool = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}[pooling]
    pooled = pool(data_format="channels_last", name="gap" if pooling == "avg" else "gmp")(model.output)
    return Model(model.input, pooled, name=model.name)


def _load(model, path, heads) -> None:
    if not Path(path).is_file():
        raise InputError(f"weights={str(path)!r}: no such file; give None or the path of a .keras or .weights.h5 file")
    from .untrusted.keras_file import keras_file
    from .untrusted.weight_file import load_weights

    if str(path).endswith(".keras"):
        with keras_file(path) as file:
            left_out = file.load_weights(model, heads)
    else:
        left_out = load_weights(model, Path(path), path, heads)
    if left_out:
        print(f"{path}: left out are heads that this {model.name} lacks: {', '.join(left_out)}", file=sys.stderr)


def _heads(card, shape, options) -> set[str]:
    """The names of the layers that a network has with its top and its auxiliary heads."""
    from .untrusted.keras_file import deferred_weights

    if hasattr(options.get("backbone"), "layers"):  # it would be built on again
        return {"predictions"}
    builder, row, names = _find(card)
    arguments = {**row, **options, "activation": None, "name": card.name}
    if "aux" in names:
        shape, arguments["aux"] = card.input_shape, True
    with deferred_weights():
        return {layer.name for layer in builder(shape, card.classes, **arguments).layers}
