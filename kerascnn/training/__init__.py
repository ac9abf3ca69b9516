"""What is the same in all recipes; `model.fit` is the trainer.

    start(main, CONFIG)     command line -> main(cfg); a wrong input is one line and exit status 2
    Run(cfg)                seed, devices, precision, run folder, callbacks
    input_shape(...)        the image size that suits a network and its data
    PRESETS                 papers' procedures, by name
    epochs(...), schedule(...), optimizer(...), watchers(...), initialize(...), CrossEntropy(), accuracy
                            what the flags of a procedure mean
    heads(...), with_heads(...)    auxiliary heads, for training only
    report_classifier(...)  metrics, pictures, report and model card of a finished run; so does report_autoencoder
    to_reconstruct(...)     noisy images to clean ones
    tile_shape(...), mean_iou(...), CrossEntropyDice(), report_segmenter(...), segment(...)    the same for segmenters
    SideBySide(networks), report_side_by_side(...)    networks on the same batches, to compare them
    AllPairs(network), PairLoss(), one_shot, verification, compile_as_paper(...), report_verifier(...)    for verifiers

Importing this package brings in neither Keras nor TensorFlow: `start` does, after it has read the command line.
"""

from importlib import import_module

from .start import start

_HOMES = {
    "Run": "run",
    "input_shape": "run",
    "report_classifier": "classifier",
    "by_error": "autoencoder",
    "report_autoencoder": "autoencoder",
    "to_reconstruct": "autoencoder",
    "CrossEntropy": "losses",
    "CrossEntropyDice": "losses",
    "PRESETS": "presets",
    "SGD": "optimizers",
    "SideBySide": "side_by_side",
    "report_side_by_side": "side_by_side",
    "accuracy": "losses",
    "epochs": "budget",
    "heads": "auxiliary",
    "initialize": "initialization",
    "optimizer": "optimizers",
    "schedule": "schedules",
    "watchers": "schedules",
    "with_heads": "auxiliary",
    "by_iou": "segmenter",
    "mean_iou": "segmenter",
    "report_segmenter": "segmenter",
    "segment": "sliding",
    "tile_shape": "segmenter",
    "AllPairs": "all_pairs",
    "PairLoss": "all_pairs",
    "one_shot": "all_pairs",
    "verification": "all_pairs",
    "by_one_shot": "verifier",
    "compile_as_paper": "verifier",
    "report_verifier": "verifier",
}
__all__ = ["start", *_HOMES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
