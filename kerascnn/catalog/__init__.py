"""The table of contents, as data: what each network is, where it was published and what its numbers are.

Nothing here is our own measurement: `trainable`, `params` and `macs` come from the implementations named in `same_as`
(or from the paper's table worked out by hand, where nobody else has the network), and the tests hold every network to
them. No Keras is imported.

In reading order: entry, classics, inception, residual, mobile, beyond_classes, lookup.
"""

from .entry import SCALINGS, TASKS, Card, Paper
from .lookup import ALIASES, CARDS, UNLISTED, card, has, names, proofs

__all__ = ["ALIASES", "CARDS", "SCALINGS", "TASKS", "UNLISTED", "Card", "Paper", "card", "has", "names", "proofs"]
