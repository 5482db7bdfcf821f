"""Evaluation: how far off a run is on frames that it was not trained on, and a report about it."""

from marey.evaluation.evaluate import Evaluation, Part, evaluate, load_evaluation, offset_warning
from marey.evaluation.folds import pool_folds
from marey.evaluation.report import write_report

__all__ = [
    "Evaluation",
    "Part",
    "evaluate",
    "load_evaluation",
    "offset_warning",
    "pool_folds",
    "write_report",
]
