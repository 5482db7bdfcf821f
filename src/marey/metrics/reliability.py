"""From raw heatmap peaks to an expected error in pixels, an interval, and a calibrated confidence.

The error of a point is modelled as ``scale(features) · r``. The scale is log-linear in the features, fitted
by ridge regression on the log errors, with an offset for each keypoint that is shrunk towards zero. The
spread of the ratio r is not assumed: it is the one seen on the calibration points, and the 90 % interval is
its conformal quantile (Vovk et al., Algorithmic Learning in a Random World, 2005; scores normalised after
Papadopoulos et al., 2008).

Points of one frame err together, so the finite-sample correction counts fewer than all points: the geometric
mean of the number of frames and of points. What no correction can give is exchangeability: frames that are
unlike the calibration frames (another animal, another light) err more than stated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marey.errors import InputError

COVERAGE = 0.9
# Errors below a fifth of a pixel are below what a person can label: they must not rule a fit of logarithms.
FLOOR_PX = 0.2
MIN_POINTS = 8
_RIDGE = 8.0
_KEYPOINT_SHRINKAGE = 6.0


@dataclass(frozen=True)
class Reliability:
    """A fitted model of how far off points are.

    Use :meth:`fit`; arrays of features have shape (..., n_keypoints, n_features).
    """

    feature_names: tuple[str, ...]
    center: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    intercept: float
    keypoint_offsets: np.ndarray
    ratios: np.ndarray
    """Sorted ratios of error to scale on the calibration points."""
    ratio_90: float
    threshold_px: float
    """A point counts as right when it is less than this from the truth."""
    n_frames: int

    @classmethod
    def fit(
        cls,
        features: np.ndarray,
        errors_px: np.ndarray,
        *,
        feature_names: Sequence[str],
        threshold_px: float,
    ) -> "Reliability":
        """Fit on frames that the network was not trained on.

        Parameters
        ----------
        features
            Shape (n_frames, n_keypoints, n_features).
        errors_px
            Shape (n_frames, n_keypoints); NaN where there is no truth.
        feature_names
            Names along the last axis, kept with the model.
        threshold_px
            What confidence is about: it is the chance that the error is smaller.

        Raises
        ------
        InputError
            Fewer than eight points have a truth.
        """
        known = np.isfinite(errors_px) & np.isfinite(features).all(axis=-1)
        frame, keypoint = np.nonzero(known)
        if len(frame) < MIN_POINTS:
            raise InputError(
                f"calibration needs at least {MIN_POINTS} labelled points that were not trained on, "
                f"got {len(frame)}",
                hint="label more frames, or set a larger validation_fraction",
            )
        x, target = features[known], np.log(np.maximum(errors_px[known], FLOOR_PX))
        center, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
        z = np.clip((x - center) / spread, -3, 3)
        weights, intercept = _ridge(z, target)
        offsets = _shrunk_offsets(target - z @ weights - intercept, keypoint, errors_px.shape[1])
        scale = np.exp(z @ weights + intercept + offsets[keypoint])
        ratios = np.sort(errors_px[known] / scale)
        n_effective = np.sqrt(len(np.unique(frame)) * len(frame))
        level = min(1.0, COVERAGE * (1 + 1 / n_effective))
        return cls(
            feature_names=tuple(feature_names),
            center=center,
            spread=spread,
            weights=weights,
            intercept=intercept,
            keypoint_offsets=offsets,
            ratios=ratios,
            ratio_90=float(np.quantile(ratios, level, method="higher")),
            threshold_px=float(threshold_px),
            n_frames=len(np.unique(frame)),
        )

    def scale_px(self, features: np.ndarray) -> np.ndarray:
        """Return the typical error of each point in pixels, shape (..., n_keypoints)."""
        z = np.clip((features - self.center) / self.spread, -3, 3)
        return np.exp(z @ self.weights + self.intercept + self.keypoint_offsets)

    def expected_error_px(self, features: np.ndarray) -> np.ndarray:
        """Return the mean error to expect of each point in pixels, shape (..., n_keypoints)."""
        return self.scale_px(features) * self.ratios.mean()

    def error_90_px(self, features: np.ndarray) -> np.ndarray:
        """Return the radius that holds the true position in 90 % of cases, pixels, (..., n_keypoints)."""
        return self.scale_px(features) * self.ratio_90

    def confidence(self, features: np.ndarray) -> np.ndarray:
        """Return the chance that each point is within the threshold of the truth, (..., n_keypoints).

        It is the share of calibration ratios below ``threshold / scale``, interpolated, and never quite 0 or
        1: with n calibration points nothing rarer than 1 in n + 1 can be known.
        """
        n = len(self.ratios)
        share = (np.arange(n) + 0.5) / n
        ratio = self.threshold_px / self.scale_px(features)
        return np.interp(ratio, self.ratios, share, left=0.5 / (n + 1), right=1 - 0.5 / (n + 1))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {"schema_version": 1} | {
            name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Reliability":
        """Build a model from what :meth:`to_dict` gave."""
        arrays = ("center", "spread", "weights", "keypoint_offsets", "ratios")
        values = {name: data[name] for name in cls.__dataclass_fields__}
        values |= {name: np.asarray(data[name], dtype=np.float64) for name in arrays}
        values["feature_names"] = tuple(data["feature_names"])
        return cls(**values)


def _ridge(z: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit target ~ z · weights + intercept; the intercept is not shrunk."""
    intercept = float(target.mean())
    gram = z.T @ z + _RIDGE * np.eye(z.shape[1])
    return np.linalg.solve(gram, z.T @ (target - intercept)), intercept


def _shrunk_offsets(residual: np.ndarray, keypoint: np.ndarray, n_keypoints: int) -> np.ndarray:
    """Return the mean residual of each keypoint, pulled to zero where there are few points."""
    total = np.bincount(keypoint, weights=residual, minlength=n_keypoints)
    count = np.bincount(keypoint, minlength=n_keypoints)
    return total / (count + _KEYPOINT_SHRINKAGE)


def interval_coverage(radius_px: np.ndarray, errors_px: np.ndarray) -> float:
    """Return the share of points whose error is within the stated radius; NaN when there are none."""
    known = np.isfinite(radius_px) & np.isfinite(errors_px)
    return float((errors_px[known] <= radius_px[known]).mean()) if known.any() else float("nan")


def reliability_curve(
    confidence: np.ndarray, is_right: np.ndarray, *, n_bins: int = 8
) -> dict[str, np.ndarray]:
    """Compare stated confidence with the share that was right, in bins of equally many points.

    Parameters
    ----------
    confidence
        In [0, 1], shape (n,); NaN is left out.
    is_right
        bool, shape (n,).

    Returns
    -------
    dict
        ``confidence`` and ``accuracy`` (means) and ``count`` of each bin that is not empty.
    """
    known = np.isfinite(confidence)
    order = np.argsort(confidence[known], kind="stable")
    stated, right = confidence[known][order], np.asarray(is_right)[known][order].astype(float)
    bins = [part for part in np.array_split(np.arange(len(stated)), n_bins) if len(part)]
    return {
        "confidence": np.array([stated[part].mean() for part in bins]),
        "accuracy": np.array([right[part].mean() for part in bins]),
        "count": np.array([len(part) for part in bins]),
    }


def expected_calibration_error(confidence: np.ndarray, is_right: np.ndarray, *, n_bins: int = 8) -> float:
    """Return the mean distance between stated confidence and the share that was right (Guo et al., 2017)."""
    curve = reliability_curve(confidence, is_right, n_bins=n_bins)
    if not len(curve["count"]):
        return float("nan")
    return float(np.average(np.abs(curve["confidence"] - curve["accuracy"]), weights=curve["count"]))
