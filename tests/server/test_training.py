"""A whole round over HTTP: train, evaluate, analyse, look at what came out."""

import time

import numpy as np
import pytest

from .test_labels import body, point, put

SMALL = {
    "steps": 4,
    "batch_size": 2,
    "validate_every": 2,
    "whole_side": 64,
    "pyramid_width": 8,
    "device": "cpu",
    "weights": "none",
    "workers": 0,
}


@pytest.fixture
def labelled(client, url):
    """Ten frames with labels that do not matter."""
    rng = np.random.default_rng(0)
    for frame in range(0, 40, 4):
        x, y = rng.uniform(20, 40, 2)
        put(client, url, frame, body(*[point(x + 4 * i, y) for i in range(4)]))
    return url


def test_what_can_be_chosen(client, url):
    choices = client.get(f"{url}/training").json()
    assert [preset["name"] for preset in choices["presets"]] == ["fast", "balanced", "accurate"]
    assert "steps" in choices["settings_schema"]["properties"]
    assert choices["devices"][:2] == ["auto", "cpu"]


def test_a_plan_starts_nothing(client, labelled):
    plan = client.post(f"{labelled}/training/plan", json={"name": "first", "settings": SMALL}).json()
    assert {part["part"] for part in plan["parts"]} == {"train", "validation", "test"}
    assert sum(part["n_frames"] for part in plan["parts"]) <= 10
    assert plan["minutes"] > 0
    assert "rough" in plan["basis"]
    assert client.get(f"{labelled}/runs").json() == []
    wrong = client.post(f"{labelled}/training/plan", json={"name": "x", "settings": {"stepz": 1}})
    assert wrong.status_code == 422
    assert "stepz" in wrong.json()["error"]["message"]


def test_without_labels(client, url):
    refused = client.post(f"{url}/training/plan", json={"name": "first"})
    assert "no labelled frames" in refused.json()["error"]["message"]


@pytest.mark.slow
def test_the_whole_round(client, labelled, finish):
    url = labelled
    request = {"name": "first", "preset": "fast", "settings": SMALL}
    job = client.post(f"{url}/runs", json=request).json()
    assert client.post(f"{url}/runs", json=request).status_code == 409
    (training,) = client.get(f"{url}/runs").json()
    assert (training["state"], training["job"]) == ("training", job["id"])
    done = finish(job)
    assert done["status"] == "done", (done, client.get(f"/api/jobs/{job['id']}/log").json()["text"][-3000:])
    curve = client.get(f"{url}/runs/first/curve").json()
    assert [row["step"] for row in curve["rows"]] == [2, 4]
    assert curve["samples"]
    sample = client.get(f"{url}/runs/first/samples/{curve['samples'][0]['name']}.jpg")
    assert sample.headers["content-type"] == "image/jpeg"
    assert client.get(f"{url}/runs/first/samples/nothing.jpg").status_code == 404

    assert client.get(f"{url}/runs/first/evaluation").status_code == 404
    done = finish(client.post(f"{url}/runs/first/evaluation", json={}).json())
    assert done["status"] == "done", done
    evaluation = client.get(f"{url}/runs/first/evaluation").json()
    assert (evaluation["has_report"], evaluation["is_current"]) == (True, True)
    assert evaluation["metrics"]["test"]["n_frames"] > 0
    report = client.get(f"{url}/runs/first/report")
    assert report.headers["content-security-policy"].startswith("sandbox")
    worst = client.get(f"{url}/runs/first/worst", params={"part": "test"}).json()
    assert worst == sorted(worst, key=lambda item: -item["error_px"])
    assert worst[0]["video"] == "day 1"
    assert worst[0]["frame"] % 4 == 0
    (row,) = client.get(f"{url}/comparison", params={"run": "first"}).json()
    assert row["mean_error_px"] == pytest.approx(evaluation["metrics"]["test"]["mean_error_px"])
    (round_,) = client.get(f"{url}/learning-curve").json()
    assert round_["run"] == "first"
    (run,) = client.get(f"{url}/runs").json()
    assert (run["state"], run["fits_skeleton"]) == ("evaluated", True)

    put(client, url, 1, body(point(3, 3)))
    client.get(f"{url}/checks")
    assert client.get(f"{url}/runs/first/evaluation").json()["is_current"] is False

    prefilled = client.get(f"{url}/labels/day%201/13/prefill").json()
    assert prefilled["run"] == "first"
    assert {p["origin"] for p in prefilled["instances"][0]["points"]} == {"model"}
    (job,) = client.post(f"{url}/analyses", json={"run": "first", "videos": ["day 1"]}).json()
    done = finish(job)
    assert done["status"] == "done", done
    (cell,) = client.get(f"{url}/analyses").json()["cells"]
    assert cell["state"] == "done"
    detail = client.get(f"{url}/results/{cell['result']}").json()
    assert (detail["n_frames"], detail["run"], detail["video"]) == (40, "first", "day 1")
    assert detail["levels"]
    again = client.get(f"{url}/labels/day%201/13/prefill").json()
    assert again["instances"][0]["points"][0]["position"] == pytest.approx(
        prefilled["instances"][0]["points"][0]["position"], abs=1.5
    )
    assert client.get(url).json()["n_results"] == 1
    estimate = client.post(f"{url}/training/plan", json={"name": "second", "settings": SMALL}).json()
    assert "'first' on this computer" in estimate["basis"]
    assert client.delete(f"{url}/runs/first").status_code == 204
    assert client.get(f"{url}/runs").json() == []


@pytest.mark.slow
def test_a_training_is_stopped_and_goes_on(client, labelled, finish):
    settings = {**SMALL, "steps": 240, "validate_every": 10}
    job = client.post(f"{labelled}/runs", json={"name": "long", "settings": settings}).json()
    jobs = client.app.state.workspace.jobs
    deadline = time.monotonic() + 600
    while not any(event["done"] >= 10 for event in jobs.get(job["id"]).events()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert client.get(f"{labelled}/runs/long/curve").json()["rows"]
    assert client.post(f"/api/jobs/{job['id']}/cancel").json()["can_cancel"] is False
    stopped = finish(job)
    assert (stopped["status"], stopped["can_retry"]) == ("stopped", True)
    assert "nothing is lost" in stopped["error"]["message"]
    (run,) = client.get(f"{labelled}/runs").json()
    assert run["state"] == "stopped"
    at = max(event["done"] for event in jobs.get(job["id"]).events())
    assert 10 <= at < 240
    again = client.post(f"/api/jobs/{job['id']}/retry").json()
    assert finish(again)["status"] == "done"
    steps = [e["done"] for e in jobs.get(again["id"]).events() if e["stage"] == "training" and e["values"]]
    assert at < min(steps) <= at + 20  # it went on, and did not begin again
    (run,) = client.get(f"{labelled}/runs").json()
    assert run["state"] == "trained"
