import numpy as np
import pytest

from marey.metrics.medians import known_median


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.filterwarnings("ignore:All-NaN")
def test_it_is_the_median_of_what_is_known(axis):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 6, 7))
    values[rng.random(values.shape) < 0.4] = np.nan
    values[:, 2, 3] = values[1, :, 4] = values[3, 5] = np.nan
    np.testing.assert_allclose(known_median(values, axis), np.nanmedian(values, axis=axis))


@pytest.mark.filterwarnings("error")
def test_nothing_known_is_nan_without_a_warning():
    assert np.isnan(known_median(np.full((3, 2), np.nan), axis=0)).all()
