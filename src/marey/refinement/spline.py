"""The constant-velocity smoother of one keypoint, as one banded system instead of two passes.

The model (Rauch, Tung and Striebel 1965; Wecker and Ansley 1983): position and velocity x, v follow

    dx = v dt,   dv = white noise of spectral density s²·λ,   z_t = x(t) + noise of variance s²/m_t

with nothing known beforehand of x and v. The estimate given all measurements, which a Kalman filter and the
backward pass of Rauch, Tung and Striebel compute frame by frame, solves a symmetric system that couples
neighbouring frames only (bandwidth 3 with x and v interleaved). A banded Cholesky factorisation solves it
exactly in a few nanoseconds a frame, missing frames (m_t = 0) and uneven time included; its determinant gives
the likelihood of λ. It is the cubic smoothing spline with λ chosen by maximum likelihood.
"""

from __future__ import annotations

import functools

import numpy as np

LOG10_LAMBDA_RANGE = (-7.0, 4.0)
N_DIFFUSE = 2  # position and velocity are fitted, not known beforehand


def coupling(time: np.ndarray) -> np.ndarray:
    """Return what ties neighbouring frames together, for λ = 1.

    Parameters
    ----------
    time
        Increasing, shape (n_frames,); in units of about one frame, for the sake of the conditioning.

    Returns
    -------
    numpy.ndarray
        The precision matrix of (x0, v0, x1, v1, ...) in LAPACK's lower banded form, (4, 2 · n_frames).
    """
    dt = np.diff(time)
    c, b, a = 12 / dt**3, 6 / dt**2, 2 / dt
    band = np.zeros((4, len(time), 2))
    band[0, :-1, 0] += c
    band[0, 1:, 0] += c
    band[0, :-1, 1] += 2 * a
    band[0, 1:, 1] += 2 * a
    band[1, :-1, 0] += b
    band[1, 1:, 0] -= b
    band[1, :-1, 1] = -b
    band[2, :-1, 0] = -c
    band[2, :-1, 1] = a
    band[3, :-1, 0] = b
    return band.reshape(4, -1)


def solve(band: np.ndarray, measured: np.ndarray, precision: np.ndarray, lam: float) -> np.ndarray:
    """Return the smoothed positions.

    Parameters
    ----------
    band
        What :func:`coupling` gave.
    measured
        Measurements, (n_frames, n_space); of any value where `precision` is 0.
    precision
        m_t, shape (n_frames,); at least two are positive.
    lam
        λ: how lively the motion is in relation to the noise.

    Returns
    -------
    numpy.ndarray
        Shape (n_frames, n_space).
    """
    factor, right = _factorise(band, measured, precision, lam)
    return _back_substitute(factor, right)[::2]


def deviance(
    band: np.ndarray, measured: np.ndarray, precision: np.ndarray, lam: float
) -> tuple[float, float]:
    """Return -2 log likelihood of λ (up to a constant), and the noise variance s² that goes with it.

    The variance is concentrated out: s² = J / (n_space · (n - 2)), J being the least weighted sum of squares.
    """
    factor, right = _factorise(band, measured, precision, lam)
    n_space, n_measured = measured.shape[1], int((precision > 0).sum())
    smoothed = _back_substitute(factor, right)
    least = float((measured * precision[:, None] * (measured - smoothed[::2])).sum())
    n_free = n_space * max(1, n_measured - N_DIFFUSE)
    scale = float((measured**2 * precision[:, None]).sum()) / n_free
    variance = max(least / n_free, 1e-14 * scale, 1e-30)
    log_det = 2 * float(np.log(factor[0]).sum()) + (len(factor[0]) - 2) * np.log(lam)
    return n_space * log_det + n_free * np.log(variance), variance


def estimate(band: np.ndarray, measured: np.ndarray, precision: np.ndarray) -> tuple[float, float]:
    """Return λ of maximum likelihood and its noise variance s², in squared pixels."""
    from scipy.optimize import minimize_scalar

    def cost(log_lam: float) -> float:
        return deviance(band, measured, precision, 10**log_lam)[0]

    # The likelihood may have several maxima, so look around before going down.
    grid = np.linspace(*LOG10_LAMBDA_RANGE, 12)
    best = int(np.argmin([cost(value) for value in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    log_lam = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 0.05}).x
    return float(10**log_lam), deviance(band, measured, precision, 10**log_lam)[1]


def leverage(lam: np.ndarray) -> np.ndarray:
    """Return how far a measurement pulls its own estimate, in (0, 1), amid even ones with this λ."""
    log_lam, values = _leverages()
    return np.interp(np.log10(np.maximum(lam, 1e-300)), log_lam, values)


@functools.cache
def _leverages() -> tuple[np.ndarray, np.ndarray]:
    n = 601
    band = coupling(np.arange(n, dtype=float))
    impulse = np.zeros((n, 1))
    impulse[n // 2] = 1
    log_lam = np.linspace(LOG10_LAMBDA_RANGE[0], LOG10_LAMBDA_RANGE[1] + 4, 46)
    values = [solve(band, impulse, np.ones(n), 10**value)[n // 2, 0] for value in log_lam]
    return log_lam, np.array(values)


def _factorise(
    band: np.ndarray, measured: np.ndarray, precision: np.ndarray, lam: float
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.linalg import cholesky_banded

    system = band / lam
    system[0, ::2] += precision
    right = np.zeros((2 * len(measured), measured.shape[1]))
    right[::2] = measured * precision[:, None]
    return cholesky_banded(system, lower=True, overwrite_ab=True, check_finite=False), right


def _back_substitute(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    from scipy.linalg import cho_solve_banded

    return cho_solve_banded((factor, True), right, check_finite=False)
