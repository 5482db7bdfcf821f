"""What networks for several animals reach, on flies that others labelled.

    python bench/several_animals.py pair ../shared/data/centered_pair --approach top-down --folds 1 2 3 4 5
    python bench/several_animals.py pair ../shared/data/centered_pair --approach bottom-up --folds 1 2 3 4 5
    python bench/several_animals.py clip ../shared/data/fly_pair
    python bench/several_animals.py crowd --approach top-down

``pair``: two flies, 24 keypoints, 70 labelled frames in five folds by blocks of time; what is printed of each
fold is of its test frames. ``clip``: two flies, 13 keypoints; trained on the first 300 labelled frames, the
last 1,000 frames are predicted, tracked and compared with the labels. ``crowd``: five drawn mice in a box
hardly larger than they are, 80 labelled frames of eight recordings, tested on 40 of two others. ``gross
errors`` counts points that are far off, and those of them that lie on another animal: no more than these
could a network mend that is told of the other animals' poses. Nothing but split, approach and a
time limit is set (20 minutes a fold, 12 for the clip), or with ``--steps`` a number of steps, which is the
same on a busy machine; seed 0. ``--keep`` leaves the project for a look.
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from marey.demo.labelling import label_frames
from marey.demo.recording import render_recording
from marey.evaluation import evaluate, pool_folds
from marey.prediction import predict, prepare_engines
from marey.progress import Progress
from marey.project import Project
from marey.project.importing import import_project
from marey.runs import Run, preset
from marey.synthesis import Arena, RecordingSpec, find_species
from marey.tracking import evaluate_tracks, load_animals, track
from marey.training import train
from marey.training.splits import make_splits

WANTED = (
    "n_frames", "oks_map", "oks_mar", "median_error_px", "mean_error_px", "n_true_instances",
    "n_missed_instances", "n_extra_instances", "interval_coverage_90", "offset_px",
)  # fmt: skip
TRAINED, TESTED_FROM = 300, 500
GROSS_PX = 10
CROWDED = Arena(width_mm=240, height_mm=180)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("pair", "clip", "crowd"))
    parser.add_argument("source", type=Path, nargs="?", help="the folder of the data; of crowd: none")
    parser.add_argument("--approach", default="auto")
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--minutes", type=float, help="of training")
    parser.add_argument("--steps", type=int, help="of training, however long they take")
    parser.add_argument(
        "--keep", type=Path, help="where to leave the project; an existing one is gone on with"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = options.keep or Path(folder) / "project"
        answer = {"pair": measure_pair, "clip": measure_clip, "crowd": measure_crowd}[options.what](
            root, options
        )
    print(json.dumps(answer, indent=2))


def open_project(root: Path, source: Path) -> Project:
    return Project.open(root) if root.exists() else import_project(source, root).project


def train_run(project: Project, name: str, split: Any, options: argparse.Namespace, minutes: float) -> Run:
    settings = {"approach": options.approach, "time_limit_minutes": options.minutes or minutes}
    if options.steps:
        settings |= {"steps": options.steps, "time_limit_minutes": None}
    began = time.perf_counter()
    run = train(project, name, preset("balanced").with_settings(settings), split=split, progress=tell)
    print(f"trained in {(time.perf_counter() - began) / 60:.1f} minutes", flush=True)
    prepare_engines(run, project)
    return run


def measure_pair(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    project = open_project(root, options.source / "centered_pair.slp")
    splits = make_splits(list(project.load_labels().confirmed()), "kfold:5", validation_fraction=0.12)
    evaluations, answer = [], {}
    for fold in options.folds:
        run = train_run(project, f"{options.approach}-fold{fold}", splits[fold - 1], options, 20)
        evaluations.append(evaluate(project, run))
        test = evaluations[-1].to_dict()["test"]
        answer[run.name] = {name: test[name] for name in WANTED} | {"steps": run.provenance["steps"]}
        answer[run.name] |= {"gross errors": gross_errors(run)}
        print(json.dumps(answer[run.name]), flush=True)
    pooled = pool_folds(evaluations)["test"]
    return answer | {"all folds": {name: pooled[name] for name in WANTED if name in pooled}}


def measure_clip(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    project = open_project(root, options.source / "clip.slp")
    frames = list(project.load_labels().confirmed())
    rows = {"train": list(range(TRAINED)), "test": list(range(TESTED_FROM, len(frames), 20))}
    (split := root / "split.json").write_text(json.dumps(rows), encoding="utf-8")
    run = train_run(project, f"clip-{options.approach}", str(split), options, 12)
    test = evaluate(project, run, parts=("test",)).to_dict()["test"]
    (result,) = predict(
        run, options.source / "clip.mp4", root / "predictions", start=TESTED_FROM, overwrite=True
    )
    truth = load_animals(options.source / "clip.slp").isel(time=slice(TESTED_FROM, None))
    began = time.perf_counter()
    tracks = track(load_animals(result.output), n_animals=2).poses
    seconds = result.seconds + time.perf_counter() - began
    peer = load_animals(options.source / "clip.predictions.slp").isel(time=slice(TESTED_FROM, None))
    return {
        "test frames": {name: test[name] for name in WANTED} | {"steps": run.provenance["steps"]},
        "gross errors": gross_errors(run),
        "frames_per_s": round(result.n_frames / seconds, 1),
        "frames with two animals": share_with_two(tracks),
        "tracks": evaluate_tracks(truth, tracks).to_dict(),
        "peer frames with two animals": share_with_two(peer),
        "peer": evaluate_tracks(truth, peer).to_dict(),
    }


def measure_crowd(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    project = Project.create(root, skeleton=find_species("mouse").skeleton)
    rows: dict[str, list[str]] = {"train": [], "test": []}
    for seed in range(10):
        spec = RecordingSpec(n_frames=200, n_animals=5, seed=seed, size=(400, 300), arena=CROWDED)
        drawn = render_recording(spec, root.parent / f"crowd{seed}.mp4")
        video = project.add_video(drawn.path)
        frames = range(0, 200, 20 if seed < 8 else 10)
        project.add_frames(video, frames)
        labels = label_frames(video, frames, drawn.points, drawn.visibility, np.random.default_rng(seed))
        images = project.frame_images(video)
        project.save_labels(video, [replace(frame, image=images[frame.frame]) for frame in labels])
        rows["train" if seed < 8 else "test"] += [f"{video}/{images[frame]}" for frame in frames]
    (split := root / "split.json").write_text(json.dumps(rows), encoding="utf-8")
    run = train_run(project, f"crowd-{options.approach}", str(split), options, 20)
    test = evaluate(project, run).to_dict()["test"]
    return {name: test[name] for name in WANTED} | {"gross errors": gross_errors(run)}


def gross_errors(run: Run) -> dict[str, Any]:
    """Count the points that are off by more than `GROSS_PX`, and those of them that lie on another animal.

    That is what a network that is told of the other animals' poses could mend.
    """
    points = pd.read_csv(run.path / "evaluation" / "predictions.csv").query("part == 'test'")
    gross = on_other = 0
    for _, frame in points.groupby("image"):
        found, true = frame[["x", "y"]].to_numpy(), frame[["true_x", "true_y"]].to_numpy()
        apart = np.linalg.norm(found[:, None] - true[None], axis=-1)
        is_own = frame["animal"].to_numpy()[:, None] == frame["animal"].to_numpy()
        is_gross = np.diag(apart) > GROSS_PX
        nearest_own = np.nanmin(np.where(is_own, apart, np.inf), axis=1)
        nearest_other = np.nanmin(np.where(is_own, np.inf, apart), axis=1)
        gross += int(is_gross.sum())
        on_other += int((is_gross & (nearest_other < nearest_own)).sum())
    return {"points": len(points), "gross": gross, "on another animal": on_other}


def share_with_two(poses: Any) -> float:
    is_there = poses["position"].notnull().all("space").any("keypoint").sum("individual")
    return float((is_there >= 2).mean())


def tell(event: Progress) -> None:
    if event.message:
        print(event.message, flush=True)


if __name__ == "__main__":
    main()
