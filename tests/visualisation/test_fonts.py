import logging

import numpy as np
import pytest

from marey.model import create_poses
from marey.visualisation import figures, fonts, save_figure
from marey.visualisation.fonts import find_fonts, find_missing, split_by_font
from marey.visualisation.lettering import draw_text

SIGN = "\ue000"  # of the private area: fonts of letters lack it


@pytest.fixture
def files():
    """Two fonts that come with Matplotlib; the second has signs that the first lacks."""
    found = find_fonts(["No such font", "STIXNonUnicode"])
    assert list(found) == ["DejaVu Sans", "STIXNonUnicode"]
    return list(found.values())


def test_a_letter_is_taken_from_the_first_font_that_has_it(files):
    first, second = files
    assert split_by_font(f"Ada {SIGN}{SIGN} é", files) == [
        (first, "Ada "),
        (second, SIGN * 2),
        (first, " é"),
    ]
    assert split_by_font("果", files) == [(first, "果")], "a box of the first font"


def test_letters_that_no_font_has_are_found(files):
    assert find_missing(["Ada", "果é", "果蝇"], files) == "果蝇"
    assert find_missing([f"{SIGN} a\N{COMBINING ACUTE ACCENT}\u200d\n"], files) == ""


def test_missing_letters_are_told_once_in_words(caplog, tmp_path):
    fonts._tell_once.cache_clear()
    unknown = "\U000e0fff"
    poses = create_poses(np.ones((5, 2, 1, 1)), keypoints=[f"a{unknown}"])
    with caplog.at_level(logging.WARNING, logger="marey.visualisation"):
        draw_text(unknown, 12)
        for name in ("a.png", "b.svg"):
            save_figure(figures.plot_confidence(poses), tmp_path / name)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "install one that has them" in caplog.text


def test_figures_are_written_with_every_font_there_is():
    poses = create_poses(np.ones((5, 2, 1, 1)), keypoints=["a"])
    label = figures.plot_coordinates(poses).axes[0].yaxis.label
    assert label.get_fontfamily() == list(fonts.fonts_of_machine())
