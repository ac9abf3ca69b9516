"""The pictures of a search, of networks that are made up: whatever there is, they are drawn."""

import matplotlib.image
import numpy as np
import pytest

from kerascnn.nas import budget
from kerascnn.nas.outcome.importance import Choice
from kerascnn.nas.outcome.plots import BEST, COSTS, draw_choices, draw_costs, draw_curves, draw_networks
from kerascnn.nas.outcome.selection import Network
from kerascnn.nas.spaces.count import count

SPEC = {"name": "staged", "input_shape": [16, 16, 1], "classes": 10}
SPEC |= {"kernel_size": 3, "blocks": ["plain", "se"], "repeats": [1, 1], "n_filters": [8, 8]}


def tried(n):
    """Networks that get wider and better, but for the last one, which has failed."""
    for i in range(n):
        spec = SPEC | {"n_filters": [8 * (i + 1), 8 * (i + 1)]}
        curve = {epoch: 0.5 + 0.04 * i + 0.01 * epoch for epoch in range(1, 2 + i)}
        yield Network((str(i),), {"n_filters": 8 * (i + 1)}, spec, count(spec), curve, 1.0, (1.0,), True, None)
    yield Network((str(n),), {"n_filters": 8}, SPEC, count(SPEC), {}, 1.0, (), False, "killed")


def drawn(path):
    image = matplotlib.image.imread(path)[..., :3]
    assert np.ptp(image) > 0.5
    return image


@pytest.mark.parametrize("n", [1, 6])
@pytest.mark.parametrize("limits", [{}, {"max_params": "100k", "max_macs": "20M"}])
def test_costs(tmp_path, n, limits):
    good = [one for one in tried(n) if one.is_good][::-1]
    widths = []
    for costs in (["params"], list(COSTS)[:2]):
        draw_costs(tmp_path / "costs.png", good, budget(**limits), costs)
        widths.append(drawn(tmp_path / "costs.png").shape[1])
    assert widths[1] > 1.2 * widths[0], "a panel for each cost"


@pytest.mark.parametrize("n", [1, 6])
def test_curves(tmp_path, n):
    networks = list(tried(n))
    draw_curves(tmp_path / "curves.png", [one for one in networks if one.is_good][::-1], networks)
    color = np.array([int(BEST[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    assert (np.abs(drawn(tmp_path / "curves.png") - color).max(-1) < 0.02).sum() > 50, "the winner's curve"


@pytest.mark.parametrize("panels", [1, 4, 9])
def test_choices(tmp_path, panels):
    found = [Choice(f"n{i}", 0.5 / (i + 1), 0.1, {8: [0.5, 0.6], "a long word": [0.7]}) for i in range(panels)]
    draw_choices(tmp_path / "choices.png", found, 3)
    drawn(tmp_path / "choices.png")


def test_networks_are_above_one_another(tmp_path):
    heights = []
    for n in (1, 2):
        draw_networks(tmp_path / "networks.png", {f"network {i}": SPEC for i in range(n)})
        heights.append(drawn(tmp_path / "networks.png").shape[0])
    assert heights[1] > 1.7 * heights[0]
