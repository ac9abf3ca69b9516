"""What is the same in all recipes; `model.fit` is the trainer.

    start(main, CONFIG)     command line -> main(cfg); a wrong input is one line and exit status 2
    Run(cfg)                seed, devices, precision, run folder, callbacks
    input_shape(...)        the image size that suits a network and its data
    PRESETS                 papers' procedures, by name
    Procedure               how a network is trained: optimizer, schedule, regularization, length, validation
    epochs(...), schedule(...), optimizer(...), plateau_and_early_stopping(...), initialize(...), CrossEntropy(),
    accuracy, warmup_cosine(...)    what a procedure is made of
    heads(...), with_heads(...)    auxiliary heads, for training only
    report_classifier(...)  metrics, pictures, report and model card of a finished run; so does report_autoencoder
    to_reconstruct(...)     noisy images to clean ones
    tile_shape(...), mean_iou(...), CrossEntropyDice(), report_segmenter(...), segment(...)    the same for segmenters
    SideBySide(networks), report_side_by_side(...)    networks on the same batches, to compare them
    AllPairs(network), PairLoss(), one_shot, verification, compile_as_paper(...), report_verifier(...)    for verifiers

Importing this package brings in neither Keras nor TensorFlow: `start` does, after it has read the command line.
"""

from importlib import import_module

from .main import start

_HOMES = {
    "Run": "run",
    "input_shape": "run",
    "report_classifier": "tasks.classification",
    "by_error": "tasks.reconstruction",
    "report_autoencoder": "tasks.reconstruction",
    "to_reconstruct": "tasks.reconstruction",
    "CrossEntropy": "procedure.losses",
    "CrossEntropyDice": "procedure.losses",
    "PRESETS": "procedure.presets",
    "Procedure": "procedure.procedure",
    "SGD": "procedure.optimizers",
    "SideBySide": "tasks.comparison",
    "report_side_by_side": "tasks.comparison",
    "accuracy": "procedure.losses",
    "epochs": "procedure.epochs",
    "heads": "procedure.auxiliary_heads",
    "initialize": "procedure.initializers",
    "optimizer": "procedure.optimizers",
    "plateau_and_early_stopping": "procedure.schedules",
    "schedule": "procedure.schedules",
    "warmup_cosine": "procedure.schedules",
    "with_heads": "procedure.auxiliary_heads",
    "by_iou": "tasks.segmentation",
    "mean_iou": "tasks.segmentation",
    "report_segmenter": "tasks.segmentation",
    "segment": "tasks.sliding_window",
    "tile_shape": "tasks.segmentation",
    "AllPairs": "tasks.contrastive",
    "PairLoss": "tasks.contrastive",
    "one_shot": "tasks.contrastive",
    "verification": "tasks.contrastive",
    "by_one_shot": "tasks.verification",
    "compile_as_paper": "tasks.verification",
    "report_verifier": "tasks.verification",
}
__all__ = ["start", *_HOMES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
