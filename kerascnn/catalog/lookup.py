"""The table of all networks, and how an entry of it is found."""

from fnmatch import fnmatchcase
from itertools import chain

from ..errors import InputError, one_of, shown, unknown
from . import beyond_classes, classics, inception, mobile, residual
from .entry import TASKS, Card
from .residual import RESNET

ALIASES: dict[str, str] = {"inception_v1": "googlenet"}

_FAMILIES = (classics, inception, residual, mobile, beyond_classes)
CARDS: dict[str, Card] = {
    card.name: card
    for card in sorted(chain.from_iterable(f.CARDS for f in _FAMILIES), key=lambda card: card.paper.year)
}

UNLISTED = {  # what `build` makes too, but no paper's network: neither listed nor proven
    "staged": Card(
        "staged", "staged", RESNET, "Section 4.2, with projections", (32, 32, 3), 10, 272_474, 274_042, 40_813_184,
        same_as="ResNet-20 worked out by hand, by default; architecture search changes its blocks, depth and widths",
    ),
}  # fmt: skip


def card(name: str | None) -> Card:
    """The card of a network; an `InputError` that names the near ones where there is none."""
    if not isinstance(name, str):
        raise InputError(f"name={shown(name)}: must be the name of a network, like {next(iter(CARDS))!r}")
    name = ALIASES.get(name, name)
    if found := CARDS.get(name) or UNLISTED.get(name):
        return found
    raise unknown("model", name, [*CARDS, *ALIASES])


def has(name: str) -> bool:
    """Whether there is a network of this name."""
    return isinstance(name, str) and (name in CARDS or name in ALIASES or name in UNLISTED)


def names(pattern: str = "*", task: str | None = None) -> list[str]:
    """The catalog's names that match a shell pattern and, where given, a task."""
    if task is not None:
        one_of("task", task, TASKS)
    return [c.name for c in CARDS.values() if fnmatchcase(c.name, pattern) and task in (None, c.task)]


def proofs() -> dict[str, list[str]]:
    """The proofs that each network passes, as the tests wrote them down.

    "numbers": parameters, MACs and stage shapes of the paper; else an independent implementation with the same outputs.
    """
    import json
    from pathlib import Path

    return json.loads(Path(__file__).parents[1].joinpath("proofs.json").read_text(encoding="utf-8"))
