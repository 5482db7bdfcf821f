"""Letters of every alphabet: Matplotlib's own font, and fonts of the machine for what that one lacks."""

import contextlib
import functools
import itertools
import logging
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

OWN_FAMILY = "DejaVu Sans"
FALLBACK_FAMILIES = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK TC",
    "Noto Sans CJK KR",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans TC",
    "Noto Sans KR",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Hiragino Sans",
    "Hiragino Sans GB",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Arial Unicode MS",
    "Microsoft YaHei",
    "Microsoft JhengHei",
    "Yu Gothic",
    "Meiryo",
    "MS Gothic",
    "SimHei",
    "Malgun Gothic",
)

_REGULAR_WEIGHTS = (400, "normal", "regular", "book")

log = logging.getLogger("marey.visualisation")


def find_fonts(fallbacks: Sequence[str] = FALLBACK_FAMILIES) -> dict[str, Path]:
    """Return the files of :data:`OWN_FAMILY` and of the `fallbacks` that the machine has, in their order."""
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    found: dict[str, Path] = {}
    for entry in fontManager.ttflist:
        if entry.style == "normal" and (entry.name not in found or entry.weight in _REGULAR_WEIGHTS):
            found[entry.name] = Path(entry.fname)
    own = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return {OWN_FAMILY: own, **{name: found[name] for name in fallbacks if name in found}}


@functools.cache
def fonts_of_machine() -> dict[str, Path]:
    """Return :func:`find_fonts`, looked for once."""
    return find_fonts()


def split_by_font(text: str, files: Sequence[Path]) -> list[tuple[Path, str]]:
    """Split a text into runs, each with the first font that has its letters; the first where none has."""
    chosen = [(next((file for file in files if _has(file, letter)), files[0]), letter) for letter in text]
    return [
        (file, "".join(letter for _, letter in run))
        for file, run in itertools.groupby(chosen, key=lambda pair: pair[0])
    ]


def find_missing(texts: Iterable[str], files: Sequence[Path]) -> str:
    """Return the letters that no font has, each once."""
    letters = dict.fromkeys("".join(texts))
    return "".join(letter for letter in letters if not any(_has(file, letter) for file in files))


def tell_missing(texts: Iterable[str]) -> None:
    """Say, once, that no font of the machine has some of the letters."""
    if find_missing(texts, list(fonts_of_machine().values())):
        _tell_once()


@functools.cache
def _tell_once() -> None:
    log.warning(
        "no font of this machine has all the letters of these names, so some are drawn as boxes; "
        "hint: install one that has them, for Chinese, Japanese and Korean for example Noto Sans CJK"
    )


@contextlib.contextmanager
def quiet_about_fonts() -> Iterator[None]:
    """Keep Matplotlib from telling of every letter and weight that a font lacks: see :func:`tell_missing`."""
    finder = logging.getLogger("matplotlib.font_manager")
    level = finder.level
    finder.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
            yield
    finally:
        finder.setLevel(level)


def _has(file: Path, letter: str) -> bool:
    """Whether a font has a letter; what is not seen, such as line breaks, every font has."""
    return ord(letter) in _letters_of(file) or unicodedata.category(letter) in ("Cc", "Cf", "Mn", "Zs")


@functools.cache
def _letters_of(file: Path) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(file)).get_charmap())
