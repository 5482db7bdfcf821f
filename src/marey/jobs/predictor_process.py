"""A process that finds the animals in single frames when asked: ``python -m marey.jobs.predictor_process``.

One line of JSON in, one out. It keeps torch and the network out of the server, and is ended when nobody has
asked for a while.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from marey.errors import InputError, MareyError

IDLE_S = 300.0
FIRST_ANSWER_S = 120.0


class PredictorProcess:
    """Asks the process; starts it when it is needed.

    Parameters
    ----------
    idle_s
        It is ended when nobody has asked for so long.
    """

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def predict(self, run: Path, video: Path | None, frame: int, image: Path | None) -> dict[str, Any]:
        """Find the animals in one frame.

        Parameters
        ----------
        run
            The folder of the run.
        video, frame
            The frame.
        image
            Its image, which is used where there is one.

        Returns
        -------
        dict
            ``animals``, the surest first, each with ``points`` ((x, y) or None for each keypoint) and
            ``confidence``.

        Raises
        ------
        MareyError
            What the process says, or that it ended.
        """
        question = {
            "run": str(run),
            "video": None if video is None else str(video),
            "frame": frame,
            "image": None if image is None else str(image),
        }
        with self._lock:
            answer = self._ask(json.dumps(question))
            self._arm()
        if "error" in answer:
            raise InputError(answer["error"], hint=answer.get("hint"))
        return answer

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(self, line: str) -> dict[str, Any]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "marey.jobs.predictor_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        watchdog = threading.Timer(FIRST_ANSWER_S, process.kill)
        watchdog.start()
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = ""
        finally:
            watchdog.cancel()
        if not answer:
            self._end()
            raise InputError(
                "the network could not be asked: its process ended", hint="try again, or evaluate the run"
            )
        return json.loads(answer)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._idle_s, self.close)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def serve(questions: Any, answers: Any) -> None:
    """Answer questions, line by line, until there are none."""
    predictors: dict[tuple[str, float], Any] = {}
    for line in questions:
        try:
            answer = _answer(json.loads(line), predictors)
        except MareyError as error:
            answer = {"error": error.message, "hint": error.hint}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answer(question: dict[str, Any], predictors: dict[tuple[str, float], Any]) -> dict[str, Any]:
    from marey.prediction import open_predictor
    from marey.project.frame_store import read_image
    from marey.runs import Run
    from marey.video import open_video

    run = Run.open(question["run"])
    key = str(run.path), run.weights_path.stat().st_mtime
    if key not in predictors:
        predictors.clear()  # one network at a time
        predictors[key] = open_predictor(run)
    if question["image"] is not None:
        image = read_image(Path(question["image"]))
    else:
        with open_video(question["video"]) as video:
            image = video.read(question["frame"])
    began = time.perf_counter()
    (found,) = predictors[key].predict_animals([image])
    animals = [
        {
            "points": [[float(x), float(y)] if x == x and y == y else None for x, y in points],  # noqa: PLR0124
            "confidence": [float(value) if value == value else None for value in confidence],  # noqa: PLR0124
        }
        for points, confidence in zip(found.points, found.confidence, strict=True)
    ]
    return {"animals": animals, "seconds": time.perf_counter() - began}


if __name__ == "__main__":
    # What libraries print must not end up among the answers.
    replies, sys.stdout = sys.stdout, sys.stderr
    serve(sys.stdin, replies)
