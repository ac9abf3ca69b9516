"""What is done with trained networks: runs, or their `model.keras`.

    predict(model, images)    what a network says of image files
    evaluate(runs, data)      how good a network is, or several as an ensemble
    report(run)               the report of a run, drawn anew
    runs(folder)              a table of run folders
    Ensemble(cfg)             runs that differ by their seeds, under one folder

Importing this package brings in neither Keras nor TensorFlow.
"""

from typing import TYPE_CHECKING

from ..late_imports import late

if TYPE_CHECKING:  # what editors and type checkers see; at run time `__getattr__` imports it
    from .ensemble import Ensemble
    from .evaluation import evaluate
    from .prediction import predict
    from .run_report import report
    from .run_table import runs

_HOMES = {
    "Ensemble": "ensemble",
    "evaluate": "evaluation",
    "predict": "prediction",
    "report": "run_report",
    "runs": "run_table",
}
__all__ = ["Ensemble", "evaluate", "predict", "report", "runs"]
__getattr__, __dir__ = late(__name__, _HOMES)
