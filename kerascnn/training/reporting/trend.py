"""Whether held-out images say that a training has ended too early."""

from collections.abc import Mapping, Sequence

import numpy as np

RISING = ("accuracy", "iou", "dice", "one_shot", "verification", "auc")  # measures of which 1 is the best
STILL_IMPROVING = "still improving when training ended: more epochs may help"
FEWEST = 3  # epochs that show a trend
GAIN = 0.02  # of the loss, from the first half of the last third of the epochs to the second
AGREE = 0.75  # of all pairs of these epochs, in which the later one is better


def still_improving(
    history: Mapping[str, Sequence[float]], best_epoch: int | None = None, column: str = "val_loss"
) -> bool:
    """Whether longer training promises more.

    It does if in the last third of the epochs, of three at least, the second half is better than the first by `GAIN`,
    by their medians, if in `AGREE` of all pairs of these epochs the later one is better, and if the best epoch of all
    is in that second half. What is flat in the end promises nothing, however low the learning rate has become.

    Args:
        history: the columns of `history.csv`.
        best_epoch: the one that was kept, counted from 1; where it is before the last third, nothing is promised.
        column: what is looked at. Of the `RISING` measures the error counts, which is 1 less the measure.
    """
    values = np.asarray(history[column], float)
    if column.removeprefix("val_") in RISING:
        values = 1 - values
    last = values[-max(FEWEST, -(-len(values) // 3)) :]
    if len(values) < FEWEST or not np.isfinite(last).all():
        return False
    if best_epoch is not None and best_epoch <= len(values) - len(last):
        return False
    half = len(last) // 2
    before, after = np.median(last[:-half]), np.median(last[-half:])
    earlier, later = np.triu_indices(len(last), 1)
    agreeing = (last[later] < last[earlier]).mean()
    best_is_late = np.nanargmin(values) >= len(values) - half
    return bool(best_is_late and before - after >= GAIN * abs(before) and agreeing >= AGREE)
