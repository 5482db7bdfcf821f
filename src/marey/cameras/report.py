"""The report of a calibration: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from marey import __version__
from marey.cameras import figures
from marey.cameras.calibrate import Calibration, rms
from marey.files import write_text
from marey.video import open_video
from marey.video.images import read_image_file

PICTURE_WIDTH = 620


def write_report(calibration: Calibration, summary: Mapping[str, Any], path: str | Path) -> Path:
    """Write the report; what is at `path` is replaced.

    Parameters
    ----------
    calibration
        What it is about.
    summary
        From :func:`marey.cameras.quality.summarise`.
    path
        Where to.
    """
    sections = [
        _headline(summary),
        _warnings(summary),
        _cameras(summary),
        _errors(calibration),
        _space(calibration, summary),
        _uncertainty(summary),
        _pictures(calibration),
        _reading(),
    ]
    style = resources.files("marey.cameras").joinpath("report.css").read_text(encoding="utf-8")
    names = ", ".join(summary["cameras"])
    document = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Calibration of {escape(names)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>How good is the calibration of {escape(names)}?</h1>\n{''.join(sections)}"
        f"<p>Marey {__version__}, board {escape(summary['board'])}.</p></main>\n</body>\n</html>\n"
    )
    path = Path(path)
    write_text(path, document)
    return path


def _headline(summary: Mapping[str, Any]) -> str:
    spacing = summary.get("spacing")
    tiles = [
        ("error (RMS)", f"{summary['rms_px']:.2f} px"),
        ("noise of a corner", f"{summary['sigma_px']:.2f} px"),
    ]
    if math.isfinite(summary["held_out_rms_px"]):
        tiles.append(("error in held-out views", f"{summary['held_out_rms_px']:.2f} px"))
    tiles.append(("views", str(summary["n_views"])))
    if spacing:
        unit = summary["units"]
        tiles.append(
            (f"spacing in 3D, {spacing['true']:g} {unit}", f"{spacing['mean']:.3f} ± {spacing['sd']:.3f}")
        )
    tiles.append(("warnings", str(len(summary["warnings"]))))
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in tiles)
    return (
        f'<p class="lead">A corner of the board is on average (root mean square) {summary["rms_px"]:.2f} '
        "px from where "
        f'the calibration puts it.</p><dl class="tiles">{cells}</dl>'
    )


def _warnings(summary: Mapping[str, Any]) -> str:
    if not summary["warnings"]:
        return ""
    items = "".join(f"<li>{escape(warning)}</li>" for warning in summary["warnings"])
    return f'<section class="warn"><h2>Look at this first</h2><ul>{items}</ul></section>'


def _cameras(summary: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{row['n_views']}</td><td>{row['n_corners']}</td><td>{row['rms_px']:.2f}</td>"
        f"<td>{row['median_px']:.2f}</td><td>{100 * row['covered']:.0f} %</td></tr>"
        for name, row in summary["cameras"].items()
    )
    columns = ("camera", "views", "corners", "RMS (px)", "median (px)", "covered")
    head = f"<tr>{''.join(f'<th>{column}</th>' for column in columns)}</tr>"
    links = "".join(
        f"<tr><td>{escape(' – '.join(pair['cameras']))}</td><td>{pair['n_shared']}</td>"
        f"<td>{pair['n_agreeing']}</td></tr>"
        for pair in summary["pairs"]
    )
    table = (
        "<h2>Pairs of cameras</h2><p>How many views both saw, and how many of them agree on where the two "
        "stand.</p>"
        "<div "
        f'class="scroll"><table><tr><th>pair</th><th>shared</th><th>agreeing</th></tr>{links}</table></div>'
        if links
        else ""
    )
    return f'<section><h2>Cameras</h2><div class="scroll"><table>{head}{rows}</table></div>{table}</section>'


def _errors(calibration: Calibration) -> str:
    return (
        "<section><h2>Errors over the images</h2>"
        f"<figure>{figures.errors_over_image(calibration)}<figcaption>Dots: corners where they were seen. "
        f"Lines: their errors, {figures.enlargement(calibration)} times as long. Lines that lean the same "
        "way in one region say that the lens model "
        "does not fit there; regions without dots are guessed.</figcaption></figure>"
        f"<h2>Errors by view</h2><figure>{figures.errors_by_view(calibration)}<figcaption>A view that "
        "stands out was blurred "
        "or found wrongly; a camera whose error rises from some view on was "
        "moved.</figcaption></figure></section>"
    )


def _space(calibration: Calibration, summary: Mapping[str, Any]) -> str:
    if not summary["placed"]:
        return ""
    return (
        '<section><h2>In space</h2><div class="pair">'
        f"<figure>{figures.layout(calibration)}<figcaption>The cameras, from above and from the side, in "
        "the frame of the "
        "first; dots are the boards.</figcaption></figure>"
        f"<figure>{figures.spacing(calibration)}<figcaption>Each corner was triangulated by itself. The "
        "line is what the "
        "board should measure.</figcaption></figure></div></section>"
    )


def _uncertainty(summary: Mapping[str, Any]) -> str:
    def pair(values: list[float], deviations: list[float], digits: int) -> str:
        return ", ".join(
            f"{value:.{digits}f} ± {sd:.{digits}f}" for value, sd in zip(values, deviations, strict=True)
        )

    cameras = summary["cameras"].items()
    lenses = "".join(
        f"<tr><td>{escape(name)}</td><td>{pair(row['focal_px'], row['focal_sd_px'], 1)}</td>"
        f"<td>{pair(row['centre_px'], row['centre_sd_px'], 1)}</td>"
        f"<td>{', '.join(f'{value:.3f}' for value in row['distortion'])}</td></tr>"
        for name, row in cameras
    )
    places = "".join(
        f"<tr><td>{escape(name)}</td><td>{pair(row['translation'], row['translation_sd'], 2)}</td></tr>"
        for name, row in cameras
    )
    head = "<tr><th>camera</th><th>focal lengths (px)</th><th>axis at (px)</th><th>distortion</th></tr>"
    return (
        "<section><h2>What is known how well</h2><p>One standard deviation, from the noise of the corners "
        "alone; a board "
        "that is not flat adds to it.</p><div "
        f'class="scroll"><table>{head}{lenses}</table></div><div class="scroll"><table>'
        f"<tr><th>camera</th><th>translation ({summary['units']})</th></tr>{places}</table></div></section>"
    )


def _pictures(calibration: Calibration) -> str:
    """Show each camera's worst view: what was seen, and where the calibration puts it."""
    cards = []
    for number, name in enumerate(calibration.sightings.cameras):
        errors = [rms(view) for view in calibration.residuals[number]]
        if not np.isfinite(errors).any():
            continue
        view = int(np.nanargmax(errors))
        source = calibration.sightings.sources.get((number, view))
        if source is None or not source[0].is_file():
            continue
        title = f"{name}, {calibration.sightings.views[view]}: {errors[view]:.2f} px"
        image = _picture(calibration, number, view)
        cards.append(
            f'<figure><img src="{image}" width="{PICTURE_WIDTH // 2}" alt="{escape(title)}">'
            f"<figcaption>{escape(title)}</figcaption></figure>"
        )
    if not cards:
        return ""
    return (
        "<section><h2>The worst view of each camera</h2><p>Blue rings: corners that were found. Orange "
        "dots: where the "
        f'calibration puts them.</p><div class="pair">{"".join(cards)}</div></section>'
    )


def _picture(calibration: Calibration, number: int, view: int) -> str:
    import cv2

    path, frame = calibration.sightings.sources[number, view]
    if frame is None:
        image = read_image_file(path)
    else:
        with open_video(path) as video:
            image = video.read(frame)
    by = PICTURE_WIDTH / image.shape[1]
    shown = cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
    seen = calibration.sightings.corners[number, view]
    put = seen - calibration.residuals[number, view]
    for corner, place in zip(seen, put, strict=True):
        if np.isfinite(corner).all() and np.isfinite(place).all():
            for point, radius, colour, thick in (
                (corner, 5, (0, 114, 178), 1),
                (place, 2, (230, 120, 0), -1),
            ):
                at = tuple(round(float(value)) for value in (point + 0.5) * by * 16 - 8)
                cv2.circle(shown, at, radius * 16, colour, thick, cv2.LINE_AA, 4)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 82])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def _reading() -> str:
    return (
        "<section><h2>How to read this</h2><p>The error says how well the calibration explains the views "
        "it was made from; "
        "held-out views say how well it explains others. The spacing in 3D says what matters in the end: "
        "how well lengths "
        "are measured where the board was. None of it says anything of places where the board never "
        "was.</p></section>"
    )
