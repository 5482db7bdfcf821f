"""The report of an evaluation: one HTML file that needs nothing else, for the people who labelled."""

import csv
import math
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey import __version__
from marey.evaluation import figures
from marey.evaluation.evaluate import Evaluation, offset_warning
from marey.evaluation.gallery import worst_frames
from marey.files import utc_now, write_text
from marey.runs import Run
from marey.words import counted

if TYPE_CHECKING:
    from marey.project import Project


def write_report(
    evaluation: Evaluation,
    project: "Project",
    path: str | Path,
    *,
    others: Sequence[Evaluation] = (),
    pooled: Mapping[str, Any] | None = None,
) -> Path:
    """Write the report.

    Parameters
    ----------
    evaluation
        What it is about.
    project
        Where the pictures of the worst frames come from.
    path
        Where to; an earlier report there is replaced.
    others
        Evaluations to compare with.
    pooled
        From :func:`marey.evaluation.pool_folds`, where these are the folds of a cross-validation.
    """
    shown = "test" if "test" in evaluation.parts else next(iter(evaluation.parts))
    sections = [
        _headline(evaluation, shown),
        _animals_section(evaluation),
        _errors_section(evaluation, shown),
        _confidence_section(evaluation, shown),
        _gallery_section(evaluation, project, shown),
        _comparison_section([evaluation, *others], pooled) if others else "",
        _training_section(evaluation.run),
        _reading_section(),
        _provenance_section(evaluation),
    ]
    style = resources.files("marey.evaluation").joinpath("report.css").read_text(encoding="utf-8")
    title = f"{evaluation.run.name} · {project.name}"
    document = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<header><p>{escape(project.name)}</p><h1>How good is <em>{escape(evaluation.run.name)}</em>?</h1>"
        f"</header>\n{''.join(sections)}</main>\n</body>\n</html>\n"
    )
    path = Path(path)
    write_text(path, document)
    return path


def _headline(evaluation: Evaluation, shown: str) -> str:
    row = evaluation.metrics[shown]
    low, high = row["intervals_95"]["mean_error_px"]
    size = evaluation.reference_px
    words = figures.PART_WORDS[shown]
    if not row["n_points"]:
        n = row["n_frames"]
        return f'<p class="lead">Not one labelled point was found on {n} {words} frames: train longer.</p>'
    share = f", {100 * row['mean_error_px'] / size:.1f} % of the animal’s size" if size > 0 else ""
    doubt = f" (95 % interval {low:.2f} to {high:.2f})" if math.isfinite(low) else ""
    sentence = (
        f"On {row['n_frames']} {words} frames that the network was not trained on, a point is on average "
        f"<strong>{row['mean_error_px']:.2f} px</strong> from where the person put it{doubt}{share}. "
        f"Half of the points are within <strong>{row['median_error_px']:.2f} px</strong>."
    )
    if shown == "validation":
        sentence = (
            f"There are no test frames; these frames chose the weights and flatter a little. {sentence}"
        )
    if shown == "train":
        sentence = "There are no test frames: these figures are of the training frames, and flatter."
    if warning := offset_warning(row):
        sentence += f" Note that {warning}"
    tiles = [
        ("mean error", _px(row["mean_error_px"])),
        ("median error", _px(row["median_error_px"])),
        ("root mean square", _px(row["rmse_px"])),
        ("within 5 px", _percent(row["pck"].get("5px"))),
        ("90 % interval covers", _percent(row["interval_coverage_90"])),
        ("OKS mAP", f"{row['oks_map']:.2f}"),
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in tiles)
    return f'<p class="lead">{sentence}</p><dl class="tiles">{cells}</dl>'


def _errors_section(evaluation: Evaluation, shown: str) -> str:
    header = "<tr><th>part</th><th>frames</th><th>points</th><th>mean</th><th>median</th><th>RMSE</th>"
    header += "<th>95 % are below</th><th>within 5 px</th></tr>"
    rows = "".join(
        f"<tr><td>{figures.PART_WORDS[name]}</td><td>{row['n_frames']}</td><td>{row['n_points']}</td>"
        f"<td>{_px(row['mean_error_px'])}</td><td>{_px(row['median_error_px'])}</td><td>{_px(row['rmse_px'])}</td>"
        f"<td>{_px(row['percentiles_px'].get('95'))}</td><td>{_percent(row['pck'].get('5px'))}</td></tr>"
        for name in evaluation.parts
        for row in (evaluation.metrics[name],)
    )
    return (
        "<section><h2>Errors</h2><p>Distances between the label and the prediction. Training frames have "
        "been seen, validation frames selected the weights; only test frames judge.</p>"
        f'<div class="scroll"><table>{header}{rows}</table></div><div class="pair">'
        f"<figure>{figures.cumulative_errors(evaluation)}</figure>"
        f"<figure>{figures.keypoint_errors(evaluation, shown)}</figure></div></section>"
    )


def _confidence_section(evaluation: Evaluation, shown: str) -> str:
    calibration = evaluation.run.calibration
    if calibration is None:
        return (
            "<section><h2>Confidence</h2><p>There were too few validation points to calibrate the "
            "confidence: it is the raw height of the heatmap’s peak. Label more frames.</p></section>"
        )
    row, cut = evaluation.metrics[shown], evaluation.metrics[shown]["with_confidence_cut"]
    words = figures.PART_WORDS[shown]
    covered, kept = _percent(row["interval_coverage_90"]), _percent(cut["kept"])
    text = (
        f"A confidence of 80 % says: eight in ten such points are within {calibration['threshold_px']:.1f} "
        f"px. It was fitted on {calibration['n_frames']} validation frames. On the {words} frames the stated "
        f"90 % interval held <strong>{covered}</strong> of the points. Keeping only points of confidence "
        f"{cut['confidence']:g} or more keeps {kept} of them, with a mean error of "
        f"{_px(cut['mean_error_px'])}."
    )
    return (
        f'<section><h2>Confidence</h2><p>{text}</p><div class="pair">'
        f"<figure>{figures.reliability(evaluation.metrics, calibration['threshold_px'])}"
        "<figcaption>On the dashed line, confidence is true.</figcaption></figure>"
        f"<figure>{figures.stated_against_found(evaluation.parts[shown], shown)}"
        "<figcaption>Each dot is a point; the dashed line is where they agree.</figcaption></figure></div>"
        "</section>"
    )


def _gallery_section(evaluation: Evaluation, project: "Project", shown: str) -> str:
    cards = "".join(
        f'<figure><img src="{card["image"]}" alt="{escape(card["key"])}" width="300" height="300">'
        f"<figcaption>{_caption(card)}</figcaption></figure>"
        for card in worst_frames(evaluation.parts[shown], project, evaluation.run.skeleton.keypoints)
    )
    return (
        f"<section><h2>Worst {figures.PART_WORDS[shown]} frames</h2><p>White rings: the label. Orange dots: "
        "the prediction. If the label is wrong, correct it; if the animal does something rare, label more "
        "such frames."
        f'</p><div class="gallery">{cards}</div></section>'
    )


def _caption(card: Mapping[str, Any]) -> str:
    key = escape(card["key"])
    if not card["keypoint"]:
        return f"<strong>missed</strong><br><span>{key}</span>"
    return (
        f"<strong>{escape(card['keypoint'])}</strong> {card['error_px']:.1f} px off"
        f"<br><span>{key}, confidence {card['confidence']:.2f}</span>"
    )


def _animals_section(evaluation: Evaluation) -> str:
    """Say how many animals were found, where the run finds several."""
    if evaluation.run.approach.kind == "single":
        return ""
    header = "<tr><th>part</th><th>labelled</th><th>found</th><th>missed</th><th>extra</th>"
    rows = "".join(
        f"<tr><td>{figures.PART_WORDS[name]}</td><td>{row['n_true_instances']}</td>"
        f"<td>{row['n_matched_instances']}</td><td>{row['n_missed_instances']}</td>"
        f"<td>{row['n_extra_instances']}</td><td>{row['oks_map']:.2f}</td><td>{row['oks_mar']:.2f}</td></tr>"
        for name in evaluation.parts
        for row in (evaluation.metrics[name],)
    )
    n_ignored = sum(evaluation.metrics[name]["n_ignored_instances"] for name in evaluation.parts)
    left_out = f"{counted(n_ignored, 'pose')} on animals that nobody labelled left out. " if n_ignored else ""
    return (
        "<section><h2>Animals</h2><p>A labelled animal is found when a predicted pose is similar to it; a "
        f"pose that is of no labelled animal is extra. {left_out}Errors below are of the animals that were "
        'found; who is who plays no part.</p><div class="scroll"><table>'
        f"{header}<th>OKS mAP</th><th>OKS mAR</th></tr>{rows}</table></div></section>"
    )


def _comparison_section(evaluations: Sequence[Evaluation], pooled: Mapping[str, Any] | None) -> str:
    rows = ""
    if pooled:
        test = pooled["test"]
        low, high = test["intervals_95"]["mean_error_px"]
        rows += (
            f"<tr><td>all {pooled['n_folds']} folds</td><td></td><td>{test['n_frames']}</td>"
            f"<td>{_px(test['mean_error_px'])}</td><td>{low:.2f} to {high:.2f}</td>"
            f"<td>{_px(test['median_error_px'])}</td></tr>"
        )
    for evaluation in evaluations:
        row = evaluation.metrics.get("test")
        if row:
            low, high = row["intervals_95"]["mean_error_px"]
            config = evaluation.run.config
            rows += (
                f"<tr><td>{escape(evaluation.run.name)}</td>"
                f"<td>{escape(config.backbone)}, {config.preset}</td><td>{row['n_frames']}</td>"
                f"<td>{_px(row['mean_error_px'])}</td><td>{low:.2f} to {high:.2f}</td>"
                f"<td>{_px(row['median_error_px'])}</td></tr>"
            )
    header = "<tr><th>run</th><th>network</th><th>test frames</th><th>mean</th><th>95 % interval</th>"
    same = len({evaluation.run.split.test for evaluation in evaluations}) == 1
    if pooled:
        note = "<p>Folds of a cross-validation: each frame was tested by the run that has not seen it.</p>"
    elif same:
        note = ""
    else:
        note = "<p>These runs were tested on different frames: their figures cannot be compared.</p>"
    return (
        f'<section><h2>Comparison</h2>{note}<div class="scroll"><table>{header}<th>median</th></tr>{rows}'
        "</table></div></section>"
    )


def _training_section(run: Run) -> str:
    path = run.path / "metrics.csv"
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    if len(rows) < 2:
        return ""
    return f"<section><h2>Training</h2><figure>{figures.training_curve(rows)}</figure></section>"


def _reading_section() -> str:
    return (
        "<section><h2>How to read this</h2><p>"
        "An error is the distance between a label and a prediction, in pixels of the original frame. The "
        "mean is what DeepLabCut calls RMSE; root mean square here is the root of the mean of the "
        "squares, which a few large errors dominate. The 95 % interval says how much the mean would "
        "change with other frames of the same videos; it says nothing of new animals, cages or cameras: "
        "label some frames of those and test on them. OKS mAP is the COCO score with a fall-off of 0.025 "
        "for every keypoint and the box around the labels as area; it is strict. People who label the "
        "same frame twice differ too, often by two or three pixels: an error near that cannot fall much "
        "further. "
        "</p></section>"
    )


def _provenance_section(evaluation: Evaluation) -> str:
    run, provenance = evaluation.run, evaluation.run.provenance
    facts: list[tuple[str, Any]] = [
        ("approach", ": ".join(text for text in (run.approach.kind, run.approach.reason) if text)),
        ("views", run.plan.reason),
        ("split", (f"{run.split.description}: {len(run.split.train)} training, {len(run.split.validation)} "
                  f"validation, {len(run.split.test)} test frames")),
        ("network", f"{run.config.backbone}, stride {run.config.stride}, preset {run.config.preset}"),
        ("training", (f"{provenance['steps']} steps of {run.config.batch_size} images in "
                     f"{provenance['training_seconds'] / 60:.1f} min on {provenance['device']}, weights of "
                     f"step {provenance['selected_step']}, seed {run.config.seed}")),
        ("engine", evaluation.engine),
        ("weights", run.weights_hash[:16]),
        ("versions", f"Marey {provenance['marey']}, torch {provenance['torch']}; report Marey {__version__}"),
        ("written", utc_now()),
    ]  # fmt: skip
    rows = "".join(f"<tr><th>{name}</th><td>{escape(str(value))}</td></tr>" for name, value in facts)
    return f'<section class="facts"><h2>How it was made</h2><table>{rows}</table></section>'


def _px(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.2f} px"


def _percent(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.0f} %"
