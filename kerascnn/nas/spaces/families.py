"""The families of networks that can be searched, by name; and any network of the catalog."""

from ... import catalog, registry
from ...errors import InputError, as_python, count, shown, unknown
from .space import Dimension, Space

# --------------------------------------------------------------------------------------------------------- the families

GROWTHS = (1.0, 1.5, 2.0, 2.5, 3.0)
_THREE = {"stages": (3,)}
MOST_CHOICES = 10_000


def _stages(deepest: int) -> tuple[Dimension, ...]:
    """Two or three stages, how many blocks each has and how much wider than the one before it is."""
    repeats = tuple(range(1, deepest + 1))
    return (
        Dimension("stages", (2, 3)),
        Dimension("repeats1", repeats),
        Dimension("repeats2", repeats),
        Dimension("repeats3", repeats, _THREE),
        Dimension("growth2", GROWTHS),
        Dimension("growth3", GROWTHS, _THREE),
    )


def _staged(values: dict, first: int, blocks: list) -> dict:
    """The knobs of "staged" from the numbers of `_stages`; widths are multiples of eight."""
    stages = range(1, values["stages"] + 1)
    widths, width = [], float(first)
    for i in stages:
        width *= values[f"growth{i}"] if i > 1 else 1
        widths.append(max(8, round(width / 8) * 8))
    return {
        "name": "staged",
        "blocks": blocks,
        "repeats": [values[f"repeats{i}"] for i in stages],
        "n_filters": widths,
        "kernel_size": values["kernel_size"],
    }


def _one_kind(values: dict) -> dict:
    return _staged(values, values["n_filters"], [values.get("block", "plain")] * values["stages"])


def _mobile(values: dict) -> dict:
    return _staged(values, 32 * values["alpha"], ["separable"] * values["stages"])


def _mixed(values: dict) -> dict:
    growth = values["growth"]
    same = {"stages": 3, "growth2": growth, "growth3": growth}
    return _staged(values | same, values["n_filters"], [values[f"block{i}"] for i in (1, 2, 3)])


_WIDTHS = Dimension("n_filters", (8, 16, 24, 32, 48, 64))
_KERNEL = Dimension("kernel_size", (3, 5))
_KINDS = ("plain", "residual", "bottleneck", "se", "separable", "inception")

_DOUBLED = {
    "stages": 3,
    "growth2": 2.0,
    "growth3": 2.0,
    "kernel_size": 3,
}  # from stage to stage, as in all three papers
_VGG16 = {"repeats1": 1, "repeats2": 2, "repeats3": 3}  # its first three stages; their first convolution is the stem
_RESNET20 = {"repeats1": 3, "repeats2": 3, "repeats3": 3}
_MOBILENET = {"repeats1": 2, "repeats2": 2, "repeats3": 6}  # its stages from 128 to 512 filters

SPACES = {
    "vgg": Space("vgg", (*_stages(4), _WIDTHS, _KERNEL), _one_kind, starts=(_VGG16 | _DOUBLED,)),
    "resnet": Space(
        "resnet",
        (Dimension("block", ("residual", "bottleneck", "se")), *_stages(5), _WIDTHS, _KERNEL),
        _one_kind,
        starts=({"block": "residual"} | _RESNET20 | _DOUBLED,),
    ),
    "mobilenet": Space(
        "mobilenet",
        (*_stages(6), Dimension("alpha", (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)), _KERNEL),
        _mobile,
        starts=(_MOBILENET | _DOUBLED,),
    ),
    "mixed": Space(
        "mixed",
        (
            *(Dimension(f"block{i}", _KINDS) for i in (1, 2, 3)),
            *(Dimension(f"repeats{i}", (1, 2, 3, 4)) for i in (1, 2, 3)),
            _WIDTHS,
            Dimension("growth", GROWTHS),
            _KERNEL,
        ),
        _mixed,
        starts=tuple(
            {f"block{i}": kind for i in (1, 2, 3)} | repeats | {"growth": 2.0, "kernel_size": 3}
            for kind, repeats in [("residual", _RESNET20), ("plain", _VGG16)]
        ),
    ),
}


def space(family: str | dict, *, input_shape: tuple = (32, 32, 3), classes: int = 10) -> Space:
    """A space for images and classes of this kind.

    Args:
        family: a key of `SPACES`; or one's own space over any network of the catalog, as a dictionary: its "name", and
            for each knob a list of choices, a `range` of whole numbers, or a single value that stays. Choices may be
            tuples: `{"name": "resnet20_cifar", "repeats": [(1, 1, 1), (2, 2, 2)], "n_filters": range(8, 33, 8)}`.
        input_shape: (height, width, channels).
        classes: number of classes.

    Raises:
        InputError: the family, the network or a knob is unknown, or there is nothing to choose.
    """
    if isinstance(family, dict):
        family = _own(family)
    elif isinstance(family, str) and family in SPACES:
        family = SPACES[family]
    elif isinstance(family, str) and catalog.has(family):
        family = _own({"name": family})
    else:
        raise unknown("family", family, SPACES)
    shape, classes = as_python((input_shape, classes))
    count("classes", classes)
    return family._replace(input_shape=registry.input_shape_of(catalog.card("staged"), shape), classes=classes)


def _own(knobs: dict) -> Space:
    if "name" not in knobs:
        raise InputError('a space needs the "name" of a network of the catalog beside its knobs')
    name, fixed, dimensions = catalog.card(knobs["name"]).name, {}, []
    known = registry.knobs(name)  # imports the network's file, and with it Keras
    for knob, choices in knobs.items():
        if knob == "name":
            continue
        if knob not in known:
            raise unknown(f"knob of {name}", knob, known)
        if not isinstance(choices, (list, range)):
            fixed[knob] = choices
        elif len(choices) == 0:
            raise InputError(f"{knob}={choices!r}: there is nothing to choose from")
        elif len(choices) > MOST_CHOICES:
            raise InputError(f"{knob}={shown(choices)}: must be {MOST_CHOICES:,} choices or less")
        else:
            dimensions.append(Dimension(knob, tuple(choices)))
    if not dimensions:
        raise InputError(
            f"the space over {name} is empty: give a knob a list of choices, like {next(iter(known))}=[...]"
        )
    usual = {
        dimension.name: known[dimension.name] for dimension in dimensions if known[dimension.name] in dimension.choices
    }
    return Space(name, tuple(dimensions), lambda values: {"name": name, **fixed, **values}, starts=(usual,))
