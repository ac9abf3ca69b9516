"""Golden numbers of the networks, from papers and from other people's code (see README.md beside this file)."""

import json
from math import prod, sqrt
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ARCHITECTURES = json.loads((HERE / "architectures.json").read_text())
TRANSPLANTS = sorted(path.stem for path in (HERE / "transplants").glob("*.json"))

DRAW = {
    "kernel": lambda rng, shape: rng.standard_normal(shape) * sqrt(2 / prod(shape[1:])),
    "bias": lambda rng, shape: 0.1 * rng.standard_normal(shape),
    "gamma": lambda rng, shape: 0.5 + rng.random(shape),
    "variance": lambda rng, shape: 0.5 + rng.random(shape),
    "beta": lambda rng, shape: 0.2 * rng.standard_normal(shape),
    "mean": lambda rng, shape: 0.2 * rng.standard_normal(shape),
}


def call(build: list) -> tuple[str, dict]:
    """The arguments of `kerascnn.build` from their form in the files."""
    name, arguments = build
    return name, {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}


def peer_file(name: str) -> dict:
    """What is known of a peer, as it stands in its file."""
    return json.loads((HERE / "transplants" / f"{name}.json").read_text())


def transplant(name: str) -> dict:
    """A peer's file, with its tensors and the input and logits of its first image as arrays."""
    peer = peer_file(name)
    seed = peer["seed"]
    return {
        "build": call(peer["build"]),
        "peer": " ".join(peer["peer"].split(",")[0].split()[:2]),
        "epsilon": peer["bn_epsilon"][0] if peer["bn_epsilon"] else None,
        "tensors": draw(peer["tensors"], seed),
        "input": np.random.default_rng([seed, 10**6]).standard_normal(peer["input"])[:1],
        "logits": np.array(peer["logits"])[:1],
    }


def draw(tensors: list, seed: int) -> dict[str, np.ndarray]:
    """The weights of a peer, made by rule."""
    return {name: DRAW[kind](np.random.default_rng([seed, i]), shape) for i, (name, shape, kind) in enumerate(tensors)}
