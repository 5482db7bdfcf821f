"""Colours that people with any kind of colour vision can tell apart.

Few colours come from Okabe and Ito (2008), who chose eight that differ for all common kinds of colour
blindness. Many come from a ramp of steadily rising lightness, which everybody sees, while the hue turns for
those who see it too; it is built in Ottosson's OkLab (2020), where steps of one size look alike.

Animals need neighbours that differ: after the colours of Okabe and Ito, theirs go round the hues of OkLab by
the golden angle, and through three lightnesses for those who see fewer hues.
"""

from collections.abc import Sequence

import numpy as np

from marey.errors import ConfigError

SKY_BLUE = (86, 180, 233)
ORANGE = (230, 159, 0)
GREEN = (0, 158, 115)
PURPLE = (204, 121, 167)
YELLOW = (240, 228, 66)
VERMILLION = (213, 94, 0)
BLUE = (0, 114, 178)

OKABE_ITO = np.array([SKY_BLUE, ORANGE, GREEN, PURPLE, YELLOW, VERMILLION, BLUE], dtype=np.uint8)
"""RGB, shape (7, 3); the eighth colour, black, is left out because it vanishes on dark videos."""

PALETTES = ("auto", "okabe-ito", "dawn", "cividis", "viridis")

_RAMP_LIGHTNESS = (0.42, 0.93)
_RAMP_HUE_DEGREES = (275.0, 0.0)
_RAMP_CHROMA = (0.17, 0.13, 0.13, 0.15, 0.08)

_ROUND_START_DEGREES = 120.0
_ROUND_LIGHTNESS = (0.85, 0.6, 0.45)
_ROUND_CHROMA = (0.1, 0.15)
GOLDEN_ANGLE_DEGREES = 137.50776405003785


def choose_colours(n: int, palette: str = "auto") -> np.ndarray:
    """Return `n` colours.

    Parameters
    ----------
    n
        How many.
    palette
        ``"okabe-ito"`` (up to 7), ``"dawn"``, ``"cividis"`` or ``"viridis"`` (any number, ordered by
        lightness), or ``"auto"``: the first where it suffices, else the second.

    Returns
    -------
    numpy.ndarray
        RGB, uint8, shape (n, 3).

    Raises
    ------
    ConfigError
        The palette is unknown, or has fewer colours.
    """
    if palette not in PALETTES:
        raise ConfigError(f"expected a palette of {', '.join(PALETTES)}, got {palette!r}")
    if palette == "auto":
        palette = "okabe-ito" if n <= len(OKABE_ITO) else "dawn"
    if palette == "okabe-ito":
        if n > len(OKABE_ITO):
            raise ConfigError(
                f"the palette okabe-ito has {len(OKABE_ITO)} colours, but {n} are needed",
                hint="use dawn, cividis or viridis, which have any number",
            )
        return OKABE_ITO[:n].copy()
    places = np.linspace(0, 1, n) if n > 1 else np.full(n, 0.5)
    if palette == "dawn":
        return _dawn(places)
    import matplotlib as mpl

    return np.round(mpl.colormaps[palette](places)[:, :3] * 255).astype(np.uint8)


def choose_animal_colours(n: int, palette: str = "auto") -> np.ndarray:
    """Return `n` colours of animals: neighbours differ, and a colour does not depend on how many there are.

    Parameters
    ----------
    n
        How many.
    palette
        ``"auto"``, or a palette of :func:`choose_colours`, which is taken as it is.

    Returns
    -------
    numpy.ndarray
        RGB, uint8, shape (n, 3).

    Raises
    ------
    ConfigError
        The palette is unknown, or has fewer colours.
    """
    if palette != "auto" or n <= len(OKABE_ITO):
        return choose_colours(n, palette)
    return np.concatenate([OKABE_ITO, _round(np.arange(n - len(OKABE_ITO)))])


def as_hex(rgb: Sequence[int]) -> str:
    """Return a colour as figures and pages name it: ``#0072b2``."""
    return "#" + "".join(f"{value:02x}" for value in rgb)


def _dawn(places: np.ndarray) -> np.ndarray:
    """Return the ramp at `places` in [0, 1]: night blue, teal, green, orange, pale rose."""
    lightness = np.interp(places, (0, 1), _RAMP_LIGHTNESS)
    hue = np.radians(np.interp(places, (0, 1), _RAMP_HUE_DEGREES))
    chroma = np.interp(places, np.linspace(0, 1, len(_RAMP_CHROMA)), _RAMP_CHROMA)
    rgb = oklab_to_rgb(np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1))
    return np.round(rgb * 255).astype(np.uint8)


def _round(places: np.ndarray) -> np.ndarray:
    """Return the colours at `places`, counted from 0, on the way round the hues."""
    hue = np.radians(_ROUND_START_DEGREES + GOLDEN_ANGLE_DEGREES * places)
    lightness = np.array(_ROUND_LIGHTNESS)[places % len(_ROUND_LIGHTNESS)]
    chroma = np.array(_ROUND_CHROMA)[places % len(_ROUND_CHROMA)]
    rgb = oklab_to_rgb(np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1))
    return np.round(rgb * 255).astype(np.uint8)


def oklab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """Return sRGB in [0, 1] of OkLab colours, (..., 3), clipped to what screens show (Ottosson 2020)."""
    to_cones = np.array(
        [
            [1.0, 0.3963377774, 0.2158037573],
            [1.0, -0.1055613458, -0.0638541728],
            [1.0, -0.0894841775, -1.2914855480],
        ]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((lab @ to_cones.T) ** 3 @ to_linear.T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
