"""The knobs of `staged`, checked without Keras: a search counts far more networks than it builds."""

from ..errors import InputError, between, counts, depths, one_of, shown

BLOCKS = ("plain", "residual", "bottleneck", "se", "separable", "inception")
NARROWEST = 8  # blocks narrow to an eighth inside


def check_knobs(
    *, blocks=("residual",) * 3, repeats=(3, 3, 3), n_filters=(16, 32, 64), kernel_size=3, stem="cifar", dropout=0.0
) -> None:
    """Raise an `InputError` unless `staged` can be built with these knobs."""
    depths("repeats", repeats)
    counts("n_filters", n_filters, len(repeats))
    if not isinstance(blocks, (tuple, list)) or len(blocks) != len(repeats):
        raise InputError(f"blocks={shown(blocks)}: must be as many as repeats={shown(repeats)}, one for each stage")
    for block in blocks:
        one_of("block", block, BLOCKS)
    if min(n_filters) < NARROWEST:
        raise InputError(
            f"n_filters={shown(n_filters)}: must be {NARROWEST} or more each, blocks narrow to an eighth inside"
        )
    one_of("kernel_size", kernel_size, (3, 5, 7))
    one_of("stem", stem, ("imagenet", "cifar"))
    between("dropout", dropout, 0, 1)
