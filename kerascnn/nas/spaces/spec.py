"""A spec: a network as plain data, `{"name": ..., "input_shape": ..., "classes": ..., **knobs}`, checked."""

from json import dumps

from ... import catalog, registry
from ...errors import InputError, as_python, count, shown, unknown
from ...models.staged_knobs import check_knobs

STANDARD = ("name", "input_shape", "classes")
ANSWER = ("include_top", "pooling", "classifier_activation")  # of `build` too, but what is counted differs
STAGED = tuple(check_knobs.__kwdefaults__)


def checked(spec: dict) -> dict:
    """A spec with all its standard entries, all of whose entries `kerascnn.build` knows; numbers are Python's own.

    The values of the knobs of "staged" are checked too; those of any other network when it is built.

    Raises:
        InputError: it is no such spec.
    """
    if not isinstance(spec, dict):
        raise InputError(f"spec={shown(spec)}: must be a dictionary, like {{'name': 'staged', 'classes': 10}}")
    if "name" not in spec:
        raise InputError(f'spec={shown(spec)}: must have the "name" of a network')
    card = catalog.card(spec["name"])
    known = STAGED if card.name == "staged" else registry.knob_names(card.name)
    for entry in spec:
        if entry not in (*STANDARD, *ANSWER, *known):
            raise unknown(f"knob of {card.name}", entry, known)
    spec = as_python({**dict.fromkeys(STANDARD), **spec, "name": card.name})
    spec["input_shape"] = list(registry.input_shape_of(card, spec["input_shape"], spec.get("backbone")))
    if spec["classes"] is None and spec.get("include_top", True):
        spec["classes"] = card.classes
    if spec["classes"] is not None:
        count("classes", spec["classes"])
    if card.name == "staged":
        check_knobs(**{knob: spec[knob] for knob in STAGED if knob in spec})
    return spec


def text(spec: dict) -> str:
    """A spec that was checked, as text that is the same for the same network.

    Raises:
        InputError: it holds more than plain data.
    """
    try:
        return dumps(spec, sort_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"spec={shown(spec)}: must be plain data, numbers and words and lists of them") from error
