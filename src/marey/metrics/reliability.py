"""From raw heatmap peaks to an expected error in pixels, an interval, and a calibrated confidence.

The error of a point is modelled as ``scale(features) · r``. The scale is log-linear in the features, fitted
by ridge regression on the log errors, with an offset for each keypoint that is shrunk towards zero. The
spread of the ratio r is not assumed: it is the one seen on the calibration points, each judged by a model
that was fitted without its frame (cross-conformal prediction: Vovk, 2015; scores normalised after
Papadopoulos et al., 2008). The 90 % quantile of the ratios is Harrell and Davis's (1982), a weighted mean of
all order statistics, because with ten frames a single order statistic is mostly luck.

What no correction can give is exchangeability. Validation frames lie next to training frames in time, so
frames of a new stretch err somewhat more: the radius has an allowance for that,
:data:`NEW_FRAMES_ALLOWANCE`. It is a choice, not a guarantee: animals or light unlike the calibration frames
err more than stated. With few frames the coverage of a single model scatters;
``bench/interval_coverage.py`` shows by how much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marey.errors import FormatError, InputError

SCHEMA_VERSION = 1
COVERAGE = 0.9
# Errors below a fifth of a pixel are below what a person can label: they must not rule a fit of logarithms.
FLOOR_PX = 0.2
MIN_POINTS = 8
# How much larger errors are taken to be on a new stretch of video than on the calibration frames. With this,
# intervals held 89 % of the test points of five networks of two flies (bench/RESULTS.md); where new frames
# are as easy, they hold 94 %.
NEW_FRAMES_ALLOWANCE = 1.15
PEAK_FEATURE = "peak_logit"
# By how much the logarithm of the error grows with each logit that a peak lies below all of the calibration,
# and down to where: from a clear peak at 0.9 to none at all, errors grow from a pixel to the animal's size.
FAINT_PER_LOGIT = 0.8
FAINTEST_LOGITS = 6.0
_MAX_FOLDS = 20
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
    """Sorted ratios of error to scale on the calibration points, each judged without its frame."""
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
        frames: np.ndarray | None = None,
    ) -> "Reliability":
        """Fit on frames that the network was not trained on.

        Parameters
        ----------
        features
            Shape (n_frames, n_keypoints, n_features); frames in the order of time.
        errors_px
            Shape (n_frames, n_keypoints); NaN where there is no truth.
        feature_names
            Names along the last axis, kept with the model.
        threshold_px
            What confidence is about: it is the chance that the error is smaller.
        frames
            The frame of each row, shape (n_frames,), where several animals of a frame have a row each.

        Raises
        ------
        InputError
            Fewer than eight points have a truth, or the shapes do not fit.
        """
        features, errors_px = np.asarray(features, float), np.asarray(errors_px, float)
        _check_shapes(features, errors_px, feature_names)
        known = np.isfinite(errors_px) & np.isfinite(features).all(axis=-1)
        row, keypoint = np.nonzero(known)
        frame = row if frames is None else np.asarray(frames)[row]
        if len(frame) < MIN_POINTS:
            raise InputError(
                f"calibration needs at least {MIN_POINTS} labelled points that were not trained on, "
                f"got {len(frame)}",
                hint="label more frames, or set a larger validation_fraction",
            )
        x = features[known]
        center, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
        z = np.clip((x - center) / spread, -3, 3)
        points = _Points(z, np.log(np.maximum(errors_px[known], FLOOR_PX)), frame, keypoint)
        n_keypoints = errors_px.shape[1]
        weights, intercept, offsets = _fit_scale(points, n_keypoints)
        ratios = np.sort(np.exp(points.log_error) / _scales_without_own_frame(points, n_keypoints))
        return cls(
            feature_names=tuple(feature_names),
            center=center,
            spread=spread,
            weights=weights,
            intercept=intercept,
            keypoint_offsets=offsets,
            ratios=ratios,
            ratio_90=NEW_FRAMES_ALLOWANCE * harrell_davis_quantile(ratios, COVERAGE),
            threshold_px=float(threshold_px),
            n_frames=len(np.unique(frame)),
        )

    def scale_px(self, features: np.ndarray) -> np.ndarray:
        """Return the typical error of each point in pixels, shape (..., n_keypoints)."""
        z = np.clip((features - self.center) / self.spread, -3, 3)
        return np.exp(z @ self.weights + self.intercept + self.keypoint_offsets + self._faintness(features))

    def _faintness(self, features: np.ndarray) -> np.ndarray:
        """Return how much larger, in logarithms, the errors of peaks are that lie below those of the fit.

        What was fitted on clear peaks says nothing of a keypoint that was not found: the animal's other parts
        have no reason to be near. So the error is taken to grow with each step that the peak lies lower.
        """
        if PEAK_FEATURE not in self.feature_names:
            return np.zeros(features.shape[:-1])
        place = self.feature_names.index(PEAK_FEATURE)
        lowest = self.center[place] - 3 * self.spread[place]
        return FAINT_PER_LOGIT * np.clip(lowest - features[..., place], 0, FAINTEST_LOGITS)

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
        return {"schema_version": SCHEMA_VERSION} | {
            name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Reliability":
        """Build a model from what :meth:`to_dict` gave.

        Raises
        ------
        FormatError
            A field is missing, or a newer Marey wrote it.
        """
        missing = [name for name in cls.__dataclass_fields__ if name not in data]
        if missing or data.get("schema_version", 1) > SCHEMA_VERSION:
            raise FormatError(
                f"expected a calibration of schema {SCHEMA_VERSION}, got schema {data.get('schema_version')} "
                f"without {', '.join(missing) or 'anything missing'}",
                hint="train or calibrate with this version of Marey",
            )
        arrays = ("center", "spread", "weights", "keypoint_offsets", "ratios")
        values = {name: data[name] for name in cls.__dataclass_fields__}
        values |= {name: np.asarray(data[name], dtype=np.float64) for name in arrays}
        values["feature_names"] = tuple(data["feature_names"])
        return cls(**values)


@dataclass(frozen=True)
class _Points:
    """Calibration points: standardised features (n, F), log errors, frame and keypoint numbers (n,)."""

    z: np.ndarray
    log_error: np.ndarray
    frame: np.ndarray
    keypoint: np.ndarray

    def select(self, chosen: np.ndarray) -> "_Points":
        return _Points(self.z[chosen], self.log_error[chosen], self.frame[chosen], self.keypoint[chosen])


def _fit_scale(points: _Points, n_keypoints: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Fit log error ~ z · weights + intercept + offset of the keypoint; the intercept is not shrunk."""
    intercept = float(points.log_error.mean())
    gram = points.z.T @ points.z + _RIDGE * np.eye(points.z.shape[1])
    weights = np.linalg.solve(gram, points.z.T @ (points.log_error - intercept))
    residual = points.log_error - points.z @ weights - intercept
    total = np.bincount(points.keypoint, weights=residual, minlength=n_keypoints)
    count = np.bincount(points.keypoint, minlength=n_keypoints)
    return weights, intercept, total / (count + _KEYPOINT_SHRINKAGE)


def _scales_without_own_frame(points: _Points, n_keypoints: int) -> np.ndarray:
    """Return the scale of each point by a model of the other frames, in pixels, shape (n,).

    Many frames are left out in stretches. A single frame can only be judged by itself.
    """
    frames = np.unique(points.frame)
    if len(frames) == 1:
        return _scales(points, *_fit_scale(points, n_keypoints))
    scales = np.empty(len(points.log_error))
    for left_out in np.array_split(frames, min(len(frames), _MAX_FOLDS)):
        is_out = np.isin(points.frame, left_out)
        fitted = _fit_scale(points.select(~is_out), n_keypoints)
        scales[is_out] = _scales(points.select(is_out), *fitted)
    return scales


def _scales(points: _Points, weights: np.ndarray, intercept: float, offsets: np.ndarray) -> np.ndarray:
    return np.exp(points.z @ weights + intercept + offsets[points.keypoint])


def _check_shapes(features: np.ndarray, errors_px: np.ndarray, feature_names: Sequence[str]) -> None:
    if features.ndim != 3 or features.shape[:2] != errors_px.shape or features.shape[2] != len(feature_names):
        raise InputError(
            f"features must have shape (n_frames, n_keypoints, {len(feature_names)}) and errors (n_frames, "
            f"n_keypoints), got {features.shape} and {errors_px.shape}"
        )


def harrell_davis_quantile(values: np.ndarray, level: float) -> float:
    """Return a quantile as the mean of all order statistics under beta weights.

    Source: Harrell and Davis, A new distribution-free quantile estimator, Biometrika 1982, equation 2. The
    weights apply to logarithms here, which heavy tails pull less.

    Parameters
    ----------
    values
        Positive or zero, shape (n,), n at least 1.
    level
        Between 0 and 1.
    """
    from scipy.special import betainc

    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    weights = np.diff(betainc((n + 1) * level, (n + 1) * (1 - level), np.arange(n + 1) / n))
    return float(np.exp(weights @ np.log(np.maximum(ordered, np.finfo(float).tiny))))


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
