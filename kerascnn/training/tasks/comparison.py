"""Trains networks side by side on the same batches, to compare how they learn."""

from pathlib import Path

import keras
from keras.metrics import SparseCategoricalAccuracy, SparseCategoricalCrossentropy

from ... import analysis, data
from ...escaping import python
from .. import files
from ..distribution import devices
from ..procedure.network_wrapper import NetworkWrapper
from ..reporting import page, plots
from ..run import Run, chief_only


class SideBySide(NetworkWrapper):
    """Networks that read the same images, each with a loss of its own.

    The logs have the cross-entropy and the accuracy of each, as `{network}_loss` and `{network}_accuracy`; `loss` is
    the sum. `save` saves one model with all networks as its layers.

    Args:
        networks: made by `build`, of the same input shape, with different names.
    """

    def __init__(self, networks: list[keras.Model]):
        image = keras.Input(networks[0].input_shape[1:])
        super().__init__(keras.Model(image, [network(image) for network in networks], name="side_by_side"))
        self.networks = networks
        self.entropies = [SparseCategoricalCrossentropy(name=f"{network.name}_loss") for network in networks]
        self.accuracies = [SparseCategoricalAccuracy(name=f"{network.name}_accuracy") for network in networks]

    def call(self, images, training=None):
        return self.network(images, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return sum(self.loss(y, said) for said in y_pred)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        for entropy, accuracy, said in zip(self.entropies, self.accuracies, y_pred, strict=True):
            entropy.update_state(y, said)
            accuracy.update_state(y, said)
        return self.get_metrics_result()


@chief_only
def report_side_by_side(run: Run, model: SideBySide, images: data.Data) -> None:
    """Write `metrics.json`, the curves, `report.html` and `README.md` of a run that is over.

    A network's training loss is the mean over the last epoch's batches, as they were learnt.
    """
    history = run.history()
    result = {
        network.name: {
            "loss": history[f"{network.name}_loss"][-1],
            "error": 1 - history[f"{network.name}_accuracy"][-1],
            "held_out_loss": history[f"val_{network.name}_loss"][-1],
            "held_out_error": 1 - history[f"val_{network.name}_accuracy"][-1],
            **analysis.cost(network)._asdict(),
        }
        for network in model.networks
    }
    whole = {
        "epochs": len(history["loss"]),
        "training_seconds": sum(history["seconds"]),
        "device": devices.describe(),
    }
    files.write_json(run.folder / "metrics.json", {"networks": result, **whole})
    draw(run.folder / "curves.png", history, list(result))
    page.publish(run.folder, compose(run, images, result, whole))


def draw(path: Path, history: dict[str, list[float]], names: list[str]) -> None:
    """Training loss and error on held-out images by epoch, to a PNG file: a color for each depth, plain dashed."""
    depths = list(dict.fromkeys(map(_depth, names)))
    losses, errors = (
        [
            plots.Line(
                label=f"{_words(name)}: {form.format(values[name][-1])}",
                values=values[name],
                color=plots.COLORS[depths.index(_depth(name)) % len(plots.COLORS)],
                dashed=name.startswith("plain"),
            )
            for name in names
        ]
        for form, values in (
            ("{:.3f}", {name: history[f"{name}_loss"] for name in names}),
            ("{:.1%}", {name: [1 - right for right in history[f"val_{name}_accuracy"]] for name in names}),
        )
    )
    plots.lines(path, {"training loss (cross-entropy alone)": losses, "error on held-out images": errors})


def compose(run: Run, images: data.Data, result: dict, whole: dict) -> page.Report:
    """The text of the report."""
    first, *_, last = result
    rows = [
        (
            _words(name),
            f"{found['loss']:.4f}",
            *(f"{found[which]:.2%}" for which in ("error", "held_out_error")),
            f"{found['params']:,}",
            f"{found['macs']:,}",
        )
        for name, found in result.items()
    ]
    columns = ("network", "training loss", "training error", "held-out error", "parameters", "MACs for one image")
    return page.Report(
        title=f"Plain and residual networks on {images.name}",
        lead="The networks of Deep Residual Learning for Image Recognition (He et al., 2015, arXiv:1512.03385, "
        f"Section 4.2), trained side by side on the same batches of {images.train_size:,} images.",
        facts=[
            *((f"training loss of {_words(name)}", f"{found['loss']:.4f}") for name, found in reversed(result.items())),
            ("epochs", str(whole["epochs"])),
            ("training", f"{whole['training_seconds']:.0f} s"),
            ("device", whole["device"]),
        ],
        pictures=[("Deeper plain networks learn worse, deeper residual ones don't", "curves.png")],
        tables=[
            page.Table("Networks", columns, rows),
            page.Table("Configuration", (), page.as_rows(run.config)),
        ],
        usage=f"""```python
import kerascnn

networks = kerascnn.load({python(run.folder / "model.keras")})
network = networks.get_layer("{last}")  # or another of them, from {first} on
```
""",
    )


def _depth(name):
    return int("".join(filter(str.isdigit, name)))


def _words(name):
    """plain20_cifar to plain-20, resnet20_cifar to ResNet-20."""
    return ("plain-" if name.startswith("plain") else "ResNet-") + str(_depth(name))
