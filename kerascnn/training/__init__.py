"""What is the same in all recipes; `model.fit` is the trainer.

    start(main, CONFIG)     command line -> main(cfg); a wrong input is one line and exit status 2
    Run(cfg)                seed, devices, precision, run folder, callbacks
    input_shape(...)        the image size that suits a network and its data
    PRESETS                 papers' procedures, by name
    Procedure               how a network is trained: optimizer, schedule, regularization, length, validation
    epochs(...), schedule(...), optimizer(...), plateau_and_early_stopping(...), initialize(...), CrossEntropy(),
    accuracy, warmup_cosine(...)    what a procedure is made of
    heads(...), with_heads(...)    auxiliary heads, for training only
    with_class_weights(...) rare classes count more in the loss
    report_classifier(...)  metrics, pictures, report and model card of a finished run; so does report_autoencoder
    BinaryCrossEntropy(), pr_auc(...), report_multi_label(...)    the same for images with several labels
    to_reconstruct(...)     noisy images to clean ones
    tile_shape(...), mean_iou(...), CrossEntropyDice(), report_segmenter(...)    the same for segmenters
    SideBySide(networks), report_side_by_side(...)    networks on the same batches, to compare them
    AllPairs(network), PairLoss(), one_shot, verification, compile_as_paper(...), report_verifier(...)    for verifiers

Importing this package brings in neither Keras nor TensorFlow: `start` does, after it has read the command line.
"""

from typing import TYPE_CHECKING

from ..late_imports import late
from .main import start

if TYPE_CHECKING:  # what editors and type checkers see; at run time `__getattr__` imports it
    from .procedure.auxiliary_heads import heads, with_heads
    from .procedure.class_weights import with_class_weights
    from .procedure.epochs import epochs
    from .procedure.initializers import initialize
    from .procedure.losses import BinaryCrossEntropy, CrossEntropy, CrossEntropyDice, accuracy
    from .procedure.optimizers import SGD, optimizer
    from .procedure.presets import PRESETS
    from .procedure.procedure import Procedure
    from .procedure.schedules import plateau_and_early_stopping, schedule, warmup_cosine
    from .run import Run, input_shape
    from .tasks.classification import report_classifier
    from .tasks.comparison import SideBySide, report_side_by_side
    from .tasks.contrastive import AllPairs, PairLoss, one_shot, verification
    from .tasks.multi_label import pr_auc, report_multi_label
    from .tasks.reconstruction import by_error, report_autoencoder, to_reconstruct
    from .tasks.segmentation import by_iou, mean_iou, report_segmenter, tile_shape
    from .tasks.verification import by_one_shot, compile_as_paper, report_verifier

_HOMES = {
    "Run": "run",
    "input_shape": "run",
    "report_classifier": "tasks.classification",
    "by_error": "tasks.reconstruction",
    "report_autoencoder": "tasks.reconstruction",
    "to_reconstruct": "tasks.reconstruction",
    "BinaryCrossEntropy": "procedure.losses",
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
    "pr_auc": "tasks.multi_label",
    "report_multi_label": "tasks.multi_label",
    "schedule": "procedure.schedules",
    "warmup_cosine": "procedure.schedules",
    "with_class_weights": "procedure.class_weights",
    "with_heads": "procedure.auxiliary_heads",
    "by_iou": "tasks.segmentation",
    "mean_iou": "tasks.segmentation",
    "report_segmenter": "tasks.segmentation",
    "tile_shape": "tasks.segmentation",
    "AllPairs": "tasks.contrastive",
    "PairLoss": "tasks.contrastive",
    "one_shot": "tasks.contrastive",
    "verification": "tasks.contrastive",
    "by_one_shot": "tasks.verification",
    "compile_as_paper": "tasks.verification",
    "report_verifier": "tasks.verification",
}
__all__ = [
    "PRESETS",
    "SGD",
    "AllPairs",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "CrossEntropyDice",
    "PairLoss",
    "Procedure",
    "Run",
    "SideBySide",
    "accuracy",
    "by_error",
    "by_iou",
    "by_one_shot",
    "compile_as_paper",
    "epochs",
    "heads",
    "initialize",
    "input_shape",
    "mean_iou",
    "one_shot",
    "optimizer",
    "plateau_and_early_stopping",
    "pr_auc",
    "report_autoencoder",
    "report_classifier",
    "report_multi_label",
    "report_segmenter",
    "report_side_by_side",
    "report_verifier",
    "schedule",
    "start",
    "tile_shape",
    "to_reconstruct",
    "verification",
    "warmup_cosine",
    "with_class_weights",
    "with_heads",
]
__getattr__, __dir__ = late(__name__, _HOMES)
