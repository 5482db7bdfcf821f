import json
import re

import pytest

from marey.evaluation import evaluate, write_report
from marey.runs import Run

from .test_evaluate import OffsetPredictor, make_run, project  # noqa: F401 - a fixture

PROVENANCE = {
    "steps": 100, "training_seconds": 90.0, "device": "cpu", "selected_step": 80, "marey": "0", "torch": "2",
}  # fmt: skip


@pytest.fixture
def report(project):  # noqa: F811
    run = make_run(project, "cat &amp dog")
    (run.path / "provenance.json").write_text(json.dumps(PROVENANCE), encoding="utf-8")
    (run.path / "weights.safetensors").write_bytes(b"weights")
    (run.path / "metrics.csv").write_text("step,loss,validation_error_px\n1,9,8\n2,4,5\n", encoding="utf-8")
    evaluation = evaluate(project, Run(run.path), predictor=OffsetPredictor())
    path = write_report(evaluation, project, run.path / "report.html", others=[evaluation])
    return path.read_text(encoding="utf-8")


def test_the_report_says_the_figures_and_shows_pictures(report):
    assert "<strong>5.00 px</strong>" in report
    assert "How to read this" in report
    assert report.count("data:image/jpeg;base64,") == 8
    assert report.count("<svg") >= 3


def test_the_report_asks_nothing_of_the_network(report):
    addresses = re.findall(r'(?:src|href)\s*=\s*"([^"]+)"', report)
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "@import" not in report
    assert not re.search(r"url\((?!#|data:)", report)


def test_names_cannot_change_the_page(report):
    assert "cat &amp;amp dog" in report
    assert "cat &amp dog" not in report
