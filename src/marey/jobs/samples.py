"""Predictions on a few validation frames while a network is being trained: something to look at."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import MareyError
from marey.files import write_bytes, write_json
from marey.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from marey.model import LabeledFrame
    from marey.project import Project

N_FRAMES = 4
AT_MOST_EVERY_S = 20.0
FOLDER = "samples"
LIST = "samples.json"


class Sampler:
    """Passes progress on, and after each validation draws what the best network so far makes of some frames.

    Parameters
    ----------
    project
        Whose frames.
    run_name
        The run in training.
    progress
        Where events go.
    """

    def __init__(self, project: "Project", run_name: str, progress: ProgressCallback) -> None:
        self._project = project
        self._run = project.run_folder(run_name)
        self._progress = progress
        self._seen_error: float | None = None
        self._is_due = False
        self._last = -AT_MOST_EVERY_S
        self._samples: list[dict[str, Any]] = []

    def __call__(self, event: Progress) -> None:
        """Take an event of the training."""
        self._progress(event)
        error = event.values.get("validation_error_px")
        if error is not None and error != self._seen_error:
            # The checkpoint is written right after this event: draw at the next one.
            self._seen_error, self._is_due = error, True
        elif self._is_due and time.monotonic() - self._last >= AT_MOST_EVERY_S:
            self._is_due, self._last = False, time.monotonic()
            self._draw(event.done)

    def finish(self) -> None:
        """Draw the frames as the finished run sees them."""
        steps = [sample["step"] for sample in self._samples]
        self._draw(max(steps, default=0) + 1, is_last=True)

    def _draw(self, step: int, *, is_last: bool = False) -> None:
        try:
            drawn = self._predict_and_draw(is_last=is_last)
        except (MareyError, OSError) as error:  # pictures are no reason to lose a training
            self._progress(Progress("drawing samples", 0, None, message=f"no sample was drawn: {error}"))
            return
        for place, (key, picture, error_px) in enumerate(drawn):
            name = f"step{step:07d}-{place}"
            write_bytes(self._run / FOLDER / f"{name}.jpg", picture)
            video, _, image = key.rpartition("/")
            self._samples.append(
                {"name": name, "step": step, "video": video, "image": image, "error_px": error_px}
            )
        write_json(self._run / FOLDER / LIST, self._samples)

    def _predict_and_draw(self, *, is_last: bool) -> list[tuple[str, bytes, float | None]]:
        from marey.evaluation.gallery import draw_errors
        from marey.jobs.pictures import to_jpeg
        from marey.runs import Run
        from marey.training.inference import torch_infer
        from marey.training.validation import FrameCheck

        run = Run(self._run)
        frames = self._frames(run.split.validation)
        network = run.load_network() if is_last else _load_best(run)
        if not frames or network is None:
            return []
        check = FrameCheck(run, self._project, frames)
        seen, _ = check.see(torch_infer(network))
        drawn = []
        for row, truth, points in zip(check.frame_rows, check.every_truth, seen, strict=True):
            frame, image = frames[row], check.images[row]
            errors = np.linalg.norm(points - truth, axis=-1)
            error = float(np.nanmean(errors)) if np.isfinite(errors).any() else None
            drawn.append((frame.image_key, to_jpeg(draw_errors(image, truth, points)), error))
        return drawn

    def _frames(self, keys: tuple[str, ...]) -> "list[LabeledFrame]":
        by_key = {frame.image_key: frame for frame in self._project.load_labels().confirmed()}
        known = [by_key[key] for key in keys if key in by_key and by_key[key].instances]
        places = np.linspace(0, len(known) - 1, min(N_FRAMES, len(known))).astype(int)
        return [known[place] for place in dict.fromkeys(places.tolist())]


def _load_best(run: Any) -> Any:
    """Return the best network so far, from the checkpoint, or None where there is none yet."""
    import torch

    path = Path(run.path) / "checkpoint" / "state.pt"
    if not path.is_file():
        return None
    best = torch.load(path, map_location="cpu", weights_only=True)["best"]
    if not best:
        return None
    network = run.create_network(weights="none")
    network.load_state_dict(best)
    return network.eval()
