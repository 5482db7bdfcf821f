"""What commands print: JSON that any program reads, and progress that suits a log."""

import json

import numpy as np
import pytest

from marey.cli.output import print_json, progress_lines, quoted
from marey.progress import Progress


def test_json_has_no_nan_and_no_foreign_types(capsys, tmp_path):
    print_json({"a": np.float64("nan"), "b": np.arange(2), "c": tmp_path, 1: (True, None, "é")})
    data = json.loads(capsys.readouterr().out)
    assert data == {"a": None, "b": [0, 1], "c": str(tmp_path), "1": [True, None, "é"]}


def test_log_lines_come_at_the_beginning_now_and_then_and_at_the_end(capsys):
    show = progress_lines(interval_s=1000)
    for done in range(5):
        show(Progress("training", done, 4, {"loss": 0.25}))
    show(Progress("training", 0, 4, message="second fold"))
    lines = capsys.readouterr().err.splitlines()
    show(Progress("predicting", 1, 9000, {"frames_per_s": 0.23456, "seconds_left": 38361.4}))
    lines += capsys.readouterr().err.splitlines()
    assert lines == [
        "training: 0 of 4  loss 0.25",
        "training: 4 of 4  loss 0.25",
        "second fold",
        "training: 0 of 4",
        "predicting: 1 of 9000  frames_per_s 0.2346  seconds_left 38361",
    ]


@pytest.mark.parametrize(
    ("argument", "typed"),
    [
        ("my-project", "my-project"),
        ("C:\\data\\mice", "C:\\data\\mice"),
        ("Mäuse/größe.h5", "Mäuse/größe.h5"),
        ("my project", '"my project"'),
        ("mice & men (1)", '"mice & men (1)"'),
        ("🐭", '"🐭"'),
        ("", '""'),
    ],
)
def test_arguments_can_be_typed_again(argument, typed):
    assert quoted(argument) == typed
