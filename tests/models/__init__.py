"""Tests of the networks."""

import keras

import kerascnn


def undrawn() -> keras.StatelessScope:
    """Where networks are built several times sooner, as no initial weights are drawn: for those that get others."""
    return keras.StatelessScope(initialize_variables=False)


def outline(name, **arguments) -> keras.Model:
    """A network whose weights have shapes and no values: enough to count on."""
    with undrawn():
        return kerascnn.build(name, **arguments)
