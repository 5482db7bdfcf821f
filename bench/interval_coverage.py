"""How often the stated 90 % interval holds, on simulated errors that are as unpleasant as real ones.

Each trial draws a network's validation frames and 30 test frames: features that tell something of the error,
keypoints of different difficulty, errors that run together within a frame, heavy tails, and test frames that
are harder by a factor. It fits :class:`marey.metrics.Reliability` on the former and counts on the latter.

    python bench/interval_coverage.py [--trials 300]
"""

import argparse

import numpy as np

from marey.metrics import Reliability, interval_coverage

FEATURES = ("peak_logit", "log_spread", "second_peak_ratio", "log_mass")
TEST_FRAMES = 30


def draw(
    rng: np.random.Generator, n_frames: int, keypoint_offsets: np.ndarray, tail: float, harder: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw features (n_frames, n_keypoints, 4) and errors in pixels (n_frames, n_keypoints)."""
    shape = (n_frames, len(keypoint_offsets))
    difficulty = 0.4 * rng.standard_normal(shape) + 0.25 * rng.standard_normal((n_frames, 1))
    noise = 0.3 * rng.standard_normal((*shape, len(FEATURES)))
    features = difficulty[..., None] * np.array([-1.5, 0.4, 0.2, -0.3]) + noise
    # A Rayleigh distance with a heavy-tailed multiplier, part of it common to the whole frame.
    distance = rng.rayleigh(1.0, shape)
    multiplier = np.exp(0.25 * rng.standard_normal((n_frames, 1)) + 0.12 * rng.standard_t(tail, shape))
    return features, 2.0 * harder * distance * multiplier * np.exp(0.7 * difficulty + keypoint_offsets)


def coverages(n_frames: int, n_keypoints: int, tail: float, harder: float, n_trials: int) -> np.ndarray:
    """Return the coverage on the test frames of each trial."""
    rng = np.random.default_rng([n_frames, n_keypoints, int(10 * tail), int(100 * harder)])
    found = []
    for _ in range(n_trials):
        offsets = 0.3 * rng.standard_normal(n_keypoints)
        features, errors = draw(rng, n_frames, offsets, tail, 1.0)
        fitted = Reliability.fit(features, errors, feature_names=FEATURES, threshold_px=5.0)
        features, errors = draw(rng, TEST_FRAMES, offsets, tail, harder)
        found.append(interval_coverage(fitted.error_90_px(features), errors))
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--trials", type=int, default=300)
    n_trials = parser.parse_args().trials
    print("frames keypoints tail harder  mean coverage  5 % to 95 % of trials  trials within 85 to 95 %")
    for n_frames in (9, 11, 14, 40):
        for n_keypoints in (4, 17):
            for tail, harder in ((5.0, 1.0), (2.5, 1.0), (2.5, 1.15)):
                found = coverages(n_frames, n_keypoints, tail, harder, n_trials)
                low, high = np.quantile(found, [0.05, 0.95])
                within = np.mean((found >= 0.85) & (found <= 0.95))
                print(
                    f"{n_frames:6d} {n_keypoints:9d} {tail:4.1f} {harder:6.2f} {found.mean():14.3f}"
                    f"{low:14.3f} to {high:.3f}{within:22.2f}"
                )


if __name__ == "__main__":
    main()
