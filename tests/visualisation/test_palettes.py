import numpy as np
import pytest

from marey.errors import ConfigError
from marey.visualisation import PALETTES, choose_colours
from marey.visualisation.palettes import OKABE_ITO, as_hex, choose_animal_colours, oklab_to_rgb

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
COLOUR_BLIND = {
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


ROUND = ["#c5d88d", "#417fd8", "#833e2d", "#3fedc3", "#936fad", "#784c00", "#81dcff"]


def linear(colours):
    c = colours / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(linear_rgb):
    """CIE L*a*b* (D65)."""
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = np.clip(linear_rgb, 0, 1) @ to_xyz.T / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def least_difference(colours):
    distances = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
    return distances[~np.eye(len(colours), dtype=bool)].min()


@pytest.mark.parametrize("blindness", COLOUR_BLIND)
def test_the_small_palette_differs_for_the_colour_blind(blindness):
    seen = lab(linear(choose_colours(7)) @ np.array(COLOUR_BLIND[blindness]).T)
    assert least_difference(seen) > 10


def test_the_check_above_can_fail():
    traffic_light = np.array([(200, 40, 40), (110, 110, 30)], np.uint8)
    seen = lab(linear(traffic_light) @ np.array(COLOUR_BLIND["deuteranopia"]).T)
    assert least_difference(seen) < least_difference(lab(linear(traffic_light))) / 2


@pytest.mark.parametrize("palette", ["dawn", "cividis", "viridis"])
def test_large_palettes_rise_evenly_in_lightness(palette):
    lightness = lab(linear(choose_colours(20, palette)))[:, 0]
    steps = np.diff(lightness)
    assert (steps > 0).all()
    assert lightness[-1] - lightness[0] > 45
    if palette == "dawn":
        assert steps.max() < 3 * steps.min()


def test_auto_takes_the_large_one_when_the_small_one_does_not_suffice():
    np.testing.assert_array_equal(choose_colours(4), OKABE_ITO[:4])
    np.testing.assert_array_equal(choose_colours(8), choose_colours(8, "dawn"))


@pytest.mark.parametrize("sight", ["usual", *COLOUR_BLIND])
def test_neighbouring_animals_differ_for_every_kind_of_sight(sight):
    matrix = np.array(COLOUR_BLIND.get(sight, np.eye(3)))
    seen = lab(np.clip(linear(choose_animal_colours(40)) @ matrix.T, 0, 1))
    assert np.linalg.norm(np.diff(seen, axis=0), axis=1).min() > 15
    assert least_difference(seen[:14]) > 7


def test_animals_keep_their_colours_while_others_come():
    colours = choose_animal_colours(14)
    np.testing.assert_array_equal(choose_animal_colours(3), OKABE_ITO[:3])
    np.testing.assert_array_equal(choose_animal_colours(9), colours[:9])
    assert [as_hex(colour) for colour in colours[7:]] == ROUND, "as on the pages"
    np.testing.assert_array_equal(choose_animal_colours(9, "viridis"), choose_colours(9, "viridis"))


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("n", [0, 1, 2])
def test_any_number(palette, n):
    colours = choose_colours(n, palette)
    assert (colours.shape, colours.dtype) == ((n, 3), np.uint8)


def test_what_cannot_be_had():
    with pytest.raises(ConfigError, match="okabe-ito has 7 colours, but 9"):
        choose_colours(9, "okabe-ito")
    with pytest.raises(ConfigError, match="got 'jet'"):
        choose_colours(3, "jet")


def test_oklab_by_its_published_values():
    # White and the red primary, from the tables of the definition.
    np.testing.assert_allclose(oklab_to_rgb(np.array([1.0, 0, 0])), 1, atol=1e-3)
    np.testing.assert_allclose(oklab_to_rgb(np.array([0.62796, 0.22486, 0.12585])), [1, 0, 0], atol=2e-3)
