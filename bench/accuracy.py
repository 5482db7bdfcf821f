"""What one call each of import, train and evaluate reaches on a project made with another tool.

    python bench/accuracy.py dlc OPENFIELD --split blocks:0.8
    python bench/accuracy.py dlc OPENFIELD --split OPENFIELD_SPLIT80.json
    python bench/accuracy.py lightning-pose MIRROR_MOUSE --split kfold:5

Nothing but the split and a time limit (20 minutes of training, of each fold) is set: the rest is the default.
The wall time of each command is printed with the figures of the test frames.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUN = "bench"


def marey(*arguments: str) -> tuple[str, float]:
    """Run a command as a user would; return what it prints and its wall seconds."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "marey", *arguments], check=False, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise SystemExit(f"marey {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tool", help="what made the project, as for marey import")
    parser.add_argument("source", help="the project")
    parser.add_argument("--split", required=True)
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--time-limit", default="20", help="minutes of training, of each fold")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--keep", type=Path, help="where to leave the project; else it is thrown away")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = str(arguments.keep or Path(folder) / "project")
        marey("import", arguments.tool, arguments.source, project)
        training = ["--split", arguments.split, "--preset", arguments.preset, "--seed", arguments.seed]
        _, seconds = marey("train", project, "--run", RUN, *training, "--time-limit", arguments.time_limit)
        answer, evaluation_seconds = marey("evaluate", project, "--run", RUN, "--json")
    test = json.loads(answer)["test"]
    wanted = [
        "n_frames",
        "mean_error_px",
        "median_error_px",
        "rmse_px",
        "interval_coverage_90",
        "per_keypoint",
    ]
    print(
        json.dumps(
            {
                "split": arguments.split,
                "train_minutes": round(seconds / 60, 1),
                "evaluate_minutes": round(evaluation_seconds / 60, 1),
                **{name: test[name] for name in wanted if name in test},
                "intervals_95": test.get("intervals_95"),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
