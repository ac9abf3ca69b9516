"""A network as a picture: one box for each layer with weights, in the order of the signal."""

from collections.abc import Sequence
from typing import NamedTuple

from keras import Model, layers

from ..escaping import picture

CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D, layers.Conv2DTranspose)
COLORS = {
    "1x1": "#8fb8ec",
    "3x3": "#1f5fbf",
    "5x5 or larger": "#123a78",
    "depthwise": "#e08a1e",
    "dense": "#1a7f37",
}
GAP = 0.35  # between two layers, in shares of the widest box
THIN = 0.12  # the narrowest box, in the same
LOW = 0.04  # the lowest box, in shares of the tallest


class Box(NamedTuple):
    """A layer that is drawn.

    Attributes:
        level: layers with weights on the longest way to it, itself included.
        kind: a key of `COLORS`.
        side: the height of the map that it gives; 1 of a dense layer.
        channels: of that map.
    """

    level: int
    kind: str
    side: int
    channels: int


class Skip(NamedTuple):
    """A way around: from behind the level `start` to the addition behind the level `end`."""

    start: int
    end: int


def outline(model: Model) -> tuple[list[Box], list[Skip]]:
    """The layers with weights of a functional model of fixed size, and the shortcuts that end in additions."""
    levels, boxes, skips = {}, [], []
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            layer, before = node.operation, [levels[id(tensor)] for tensor in node.input_tensors]
            level = max(before, default=0)
            if kind := _kind(layer):
                level += 1
                shape = node.output_tensors[0].shape
                boxes.append(Box(level, kind, shape[1] if len(shape) == 4 else 1, shape[-1]))
            elif isinstance(layer, layers.Add) and min(before) < level:
                skips.append(Skip(min(before), level))
            levels |= {id(tensor): level for tensor in node.output_tensors}
    return boxes, skips


def _kind(layer):
    if isinstance(layer, layers.Dense):
        return "dense"
    if isinstance(layer, layers.DepthwiseConv2D):
        return "depthwise"
    if isinstance(layer, CONVOLUTIONS):
        largest = max(layer.kernel_size)
        return "1x1" if largest == 1 else "3x3" if largest <= 3 else "5x5 or larger"
    return None


def draw(figure, networks: Sequence[tuple[str, Model]]) -> None:
    """Networks one above the other at the same scale, each with a title.

    A box is as high as the map that its layer gives, as wide as the root of its channels; layers side by side in the
    network stand one above the other. Arcs are shortcuts. What is squeezed to a single pixel on the way (squeeze and
    excitation) is drawn as small as it is.

    Args:
        figure: a matplotlib `Figure`.
        networks: (title, model) of functional models of fixed size.
    """
    from matplotlib.patches import Patch

    outlines = [outline(model) for _, model in networks]
    tallest = max(box.side for boxes, _ in outlines for box in boxes)
    widest = max(box.channels for boxes, _ in outlines for box in boxes if box.side > 1 or tallest == 1)
    panels = figure.subplots(len(networks), 1, squeeze=False, sharex=True)[:, 0]
    for axes, (title, _), (boxes, skips) in zip(panels, networks, outlines, strict=True):
        _draw_one(axes, boxes, skips, tallest, widest)
        axes.set_title(picture(title), loc="left", fontsize=10)
    kinds = [kind for kind in COLORS if any(box.kind == kind for boxes, _ in outlines for box in boxes)]
    figure.legend(
        [Patch(color=COLORS[kind]) for kind in kinds], kinds, loc="outside lower center", ncols=len(kinds),
        frameon=False, fontsize=9,
    )  # fmt: skip


def _draw_one(axes, boxes, skips, tallest, widest):
    from matplotlib.patches import FancyArrowPatch, Rectangle

    def width(box):
        return max(THIN, min(1.0, (box.channels / widest) ** 0.5))

    right, tops, told, before = [-GAP], [0.5], None, []  # of the levels; the first is the input
    for level in range(1, 1 + max(box.level for box in boxes)):
        here, left = [box for box in boxes if box.level == level], right[-1] + GAP
        height = max(LOW, max(box.side for box in here) / tallest)
        share = height / len(here)
        for i, box in enumerate(here):
            own = max(LOW, box.side / tallest) / len(here) * (1 if len(here) == 1 else 0.9)
            bottom = (i + 0.5) * share - height / 2 - own / 2
            axes.add_patch(Rectangle((left, bottom), width(box), own, color=COLORS[box.kind], lw=0))
        right.append(left + max(map(width, here)))
        tops.append(height / 2)
        is_branching = len(here) > 1 or len(before) > 1
        if (label := _label(here)) and label != told and not (is_branching and told and label[0] == told[0]):
            middle, name = (left + right[-1]) / 2, picture(label[1])
            axes.text(middle, -0.56, name, ha="center", va="top", fontsize=8, color="#5b6573")
            told = label
        before = here
    for start, end in skips:
        x, y = (right[start] + GAP / 2, right[end] + GAP / 2), max(tops[start + 1 : end + 1]) + 0.03
        bend = f"arc3,rad={-0.2 / (x[1] - x[0]) ** 0.5}"
        ends = (x[0], y), (x[1], y)
        axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-", connectionstyle=bend, color="#9aa3af", lw=1.2))
    axes.plot([0, right[-1]], [0, 0], alpha=0)  # for the scale
    axes.set_ylim(-0.85, 0.7)
    axes.set_axis_off()


def _label(here):
    """The size of a level's map, and the text below it: channels, unless it has several branches, and size. None where
    the map was squeezed to a pixel."""
    first = here[0]
    if first.kind == "dense":
        return "", str(first.channels)
    if first.side == 1:
        return None
    widths = {box.channels for box in here}
    channels = first.channels if len(widths) == 1 and len(here) < 3 else ""
    return first.side, f"{channels}\n{first.side}²"
