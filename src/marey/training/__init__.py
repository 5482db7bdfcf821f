"""Training: splits, samples and their variation, the loop, and the run that comes out."""

from marey.training.splits import make_splits
from marey.training.train import train, train_folds

__all__ = ["make_splits", "train", "train_folds"]
