"""Prediction: inference engines, the streamed pass over a video, the adaptive crop, export.

Nothing here imports torch at the top: a run whose network has been translated is predicted without it.
"""

from marey.prediction.export import export_model
from marey.prediction.gate import Verdict, choose_engine, prepare_engines
from marey.prediction.predictor import Prediction, Predictor
from marey.prediction.videos import (
    FailedVideo,
    PredictionResult,
    VideosFailedError,
    open_predictor,
    predict,
)

__all__ = [
    "FailedVideo",
    "Prediction",
    "PredictionResult",
    "Predictor",
    "Verdict",
    "VideosFailedError",
    "choose_engine",
    "export_model",
    "open_predictor",
    "predict",
    "prepare_engines",
]
