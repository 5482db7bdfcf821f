from dataclasses import replace

import numpy as np
import pytest

from marey.errors import ConfigError
from marey.formats import load_poses
from marey.networks.views import View
from marey.prediction import predict
from marey.prediction.engines import FunctionEngine, create_engine
from marey.prediction.frames import ImageFrame
from marey.prediction.predictor import Predictor, RawPose
from marey.prediction.several import BottomUpPredictor, TopDownPredictor, predictor_of, without_duplicates
from marey.prediction.translation import NetworkFiles

from .blobs import make_run
from .herds import FRAME_SIZE, HerdRun, animal_at, draw_herd, make_herd_run, walk_of_three

KINDS = ("top-down", "bottom-up")
N_CHANNELS_TOP_DOWN = 3  # two keypoints and the anchor


@pytest.fixture(params=KINDS)
def herd(request, tmp_path):
    return make_herd_run(tmp_path / "Projekt 🐭" / "runs" / "herd", request.param)


@pytest.fixture(scope="session")
def herd_video(tmp_path_factory):
    """A video of three animals, 60 frames, and where they are."""
    from marey.video import VideoWriter

    truth = walk_of_three(60)
    path = tmp_path_factory.mktemp("herd") / "Käfig 2.mp4"
    with VideoWriter(path, fps=25, size=FRAME_SIZE) as writer:
        for animals in truth:
            writer.write(draw_herd(animals[np.isfinite(animals[:, 0, 0])], with_limbs=True))
    return path, truth


def predictor(run) -> Predictor:
    return predictor_of(run, create_engine("torch", NetworkFiles.of(run)))


def farthest(found: np.ndarray, truth: np.ndarray) -> float:
    """How far off the worst point of the nearest of `found` is, over all true animals."""
    apart = np.abs(found[:, None] - truth[None]).max(axis=(2, 3))
    return float(np.nanmin(apart, axis=0).max())


def images_of(run, *scenes):
    return [draw_herd(np.array(scene), with_limbs=run.approach.kind == "bottom-up") for scene in scenes]


def test_the_approach_decides_who_finds_the_animals(tmp_path):
    kinds = {kind: type(predictor(make_herd_run(tmp_path / kind, kind))) for kind in KINDS}
    assert kinds == {"top-down": TopDownPredictor, "bottom-up": BottomUpPredictor}
    assert type(predictor(make_run(tmp_path / "one"))) is Predictor


def test_all_animals_are_found_where_they_are(herd):
    scenes = [
        [animal_at(60, 60), animal_at(200, 70), animal_at(150, 190)],
        [],
        [animal_at(100, 100)],
        [animal_at(100, 100), animal_at(110, 126)],  # each lies in the other's crop
    ]
    found = predictor(herd).predict_animals(images_of(herd, *scenes))
    assert [len(frame.points) for frame in found] == [3, 0, 1, 2]
    for scene, frame, tolerance in zip(scenes, found, (2, 0, 2, 2.5), strict=True):
        if not scene:
            continue
        assert farthest(frame.points, np.array(scene)) < tolerance
        assert (np.diff(frame.scores) <= 0).all()
        assert ((frame.scores > 0) & (frame.scores <= 1)).all()


def test_a_faint_anchor_is_looked_at_where_an_animal_is_missing(tmp_path):
    herd = make_herd_run(tmp_path / "herd", "top-down", n_animals=2)
    clear = animal_at(60, 60)
    both = draw_herd(np.array([clear, animal_at(220, 160)]), blue=(1.0, 0.4))
    alone = draw_herd(np.array([clear]))
    alone[150:170, 210:230, 2] += 40  # as blue as the faint one, but without its points
    places = predictor(herd)
    spot = places.plan.locate_view(FRAME_SIZE)
    for picture, n_animals in ((both, 2), (alone, 1)):
        logits = places.engine.start(spot.cut(picture)[None])()[0]
        assert [place.is_clear for place in places.find_places(logits, spot)] == [True, False]
        (found,) = places.predict_animals([picture])
        assert len(found.points) == n_animals


def test_who_is_not_found_from_afar_is_looked_for_where_it_was(tmp_path, monkeypatch):
    herd = make_herd_run(tmp_path / "herd", "top-down", n_animals=2)
    walk = [np.array([animal_at(60, 60), animal_at(220 + 3 * i, 160)]) for i in range(8)]
    pictures = [draw_herd(scene, blue=(1.0, 1.0 if i < 2 else 0.0)) for i, scene in enumerate(walk[:6])]
    pictures += [
        draw_herd(walk[6][:1]),
        draw_herd(walk[7], blue=(1.0, 0.0)),
    ]  # it goes, and is not looked for

    def n_found() -> list[int]:
        return [len(poses) for _, poses in predictor(herd).search_video(map(ImageFrame, pictures))]

    alone = predictor(herd).predict_animals(pictures)
    assert [len(found.points) for found in alone] == [2, 2, 1, 1, 1, 1, 1, 1]
    assert n_found() == [2, 2, 2, 2, 2, 2, 1, 1]
    for (_, poses), scene in zip(
        predictor(herd).search_video(map(ImageFrame, pictures)), walk[:6], strict=False
    ):
        assert farthest(np.array([pose.points for pose in poses]), scene) < 2
    monkeypatch.setattr("marey.prediction.remembering.BLOCK_FRAMES", 4)  # a block remembers nothing before it
    assert n_found() == [2, 2, 2, 2, 1, 1, 1, 1]


def test_no_more_animals_are_found_than_there_can_be(herd):
    images = images_of(herd, [animal_at(50 + 90 * i, 120) for i in range(3)])
    herd.approach = replace(herd.approach, n_animals=2)
    (found,) = predictor(herd).predict_animals(images)
    assert len(found.points) == 2


def test_order_is_kept_over_batches_of_frames_with_different_numbers(herd):
    scenes = [[animal_at(60 + 80 * i, 40 + row) for i in range(row % 4)] for row in range(11)]
    network = herd.load_network()

    def infer(images):
        import torch

        with torch.inference_mode():
            return network(torch.from_numpy(images).permute(0, 3, 1, 2).float()).numpy()

    batched = predictor_of(herd, FunctionEngine(infer)).predict_animals(images_of(herd, *scenes))
    alone = predictor(herd).predict_animals(images_of(herd, *scenes))
    assert [len(frame.points) for frame in batched] == [row % 4 for row in range(11)]
    for a, b in zip(batched, alone, strict=True):
        np.testing.assert_allclose(a.points, b.points, atol=1e-3)


def pose(points, score) -> RawPose:
    view = View((0, 0), 1.0, (64, 64))
    return RawPose(
        np.array(points, float), np.full(len(points), score), np.zeros((len(points), 4)), view, score
    )


def test_the_weaker_of_two_poses_of_an_animal_is_dropped():
    body = np.array([[0.0, 0], [20, 0], [20, 20]])
    first, again, other = pose(body, 0.9), pose(body + 0.8, 0.5), pose(body + 30, 0.4)
    assert without_duplicates([first, again, other]) == [first, other]
    turned = pose(body[::-1], 0.6)  # the same place, but facing the other way: another animal
    assert without_duplicates([first, turned]) == [first, turned]
    assert without_duplicates([]) == []


def test_places_of_a_file_hold_animals_scores_and_nothing(herd, herd_video, tmp_path):
    path, truth = herd_video
    (result,) = predict(herd, path, tmp_path / "out", engine="torch", device="cpu")
    poses = load_poses(result.output)
    assert dict(poses.sizes) == {"time": 60, "space": 2, "keypoint": 2, "individual": 3}
    assert poses["individual"].values.tolist() == ["animal 1", "animal 2", "animal 3"]
    is_there = np.isfinite(poses["position"].values).all(axis=(1, 2))
    if herd.approach.kind == "bottom-up":  # limbs are painted, so anchors are not dots
        assert (is_there.sum(axis=1) == np.isfinite(truth[:, :, 0, 0]).sum(axis=1)).all()
        found = poses["position"].values.transpose(0, 3, 2, 1)
        assert farthest(found[50], truth[50]) < 2
    assert (np.isfinite(poses["score"].values) == is_there).all()
    assert (np.isfinite(poses["confidence"].values).all(axis=1) == is_there).all()


def test_an_interrupted_prediction_of_several_goes_on(herd, herd_video, tmp_path, monkeypatch):
    from marey.errors import Interrupted
    from marey.prediction import streaming

    monkeypatch.setattr(streaming, "BLOCK_FRAMES", 16)
    (whole,) = predict(herd, herd_video[0], tmp_path / "whole", engine="torch")

    def stop(event):
        if event.done >= 40:
            raise KeyboardInterrupt

    monkeypatch.setattr(streaming, "REPORT_EVERY_S", 0)
    with pytest.raises(Interrupted, match="stopped after 32 of 60 frames"):
        predict(herd, herd_video[0], tmp_path / "again", engine="torch", progress=stop)
    (again,) = predict(herd, herd_video[0], tmp_path / "again", engine="torch", resume=True)
    a, b = load_poses(whole.output), load_poses(again.output)
    np.testing.assert_array_equal(a["position"].values, b["position"].values)


def test_the_number_of_animals_can_be_set(herd, herd_video, tmp_path):
    (result,) = predict(herd, herd_video[0], tmp_path, engine="torch", n_animals=5, stop=3)
    assert load_poses(result.output).sizes["individual"] == 5
    with pytest.raises(ConfigError, match="at least one animal, got 0"):
        predict(herd, herd_video[0], tmp_path / "b", engine="torch", n_animals=0)
    single = make_run(tmp_path / "one")
    with pytest.raises(
        ConfigError, match="3 animals were asked for, but the run 'one' was trained to find one"
    ):
        predict(single, herd_video[0], tmp_path / "c", engine="torch", n_animals=3)


def test_found_animals_are_linked_by_tracking(tmp_path, herd_video):
    from marey.tracking import load_animals, track

    run = make_herd_run(tmp_path / "runs" / "herd", "bottom-up")
    (result,) = predict(run, herd_video[0], tmp_path / "out", engine="torch", stop=30)
    tracks = track(load_animals(result.output), n_animals=2).poses
    y = np.nanmean(tracks["position"].values[:, 1], axis=1)  # (time, individual)
    assert tracks.sizes["individual"] == 2
    assert sorted(np.nanmean(y, axis=0).round().tolist()) == [60, 110]
    assert np.nanstd(y, axis=0).max() < 1  # nobody was exchanged


def test_whoever_asks_for_one_animal_gets_the_surest(herd):
    images = images_of(herd, [animal_at(60, 60), animal_at(200, 70)], [])
    one = predictor(herd).predict_images(images)
    (both, _) = predictor(herd).predict_animals(images)
    np.testing.assert_allclose(one.points[0], both.points[0], atol=1e-6)
    assert np.isnan(one.points[1]).all()


def test_engines_are_judged_on_every_labelled_animal(tmp_path):
    from marey.model import Instance, LabeledFrame, Skeleton
    from marey.prediction import prepare_engines
    from marey.project import Project
    from marey.runs import Split

    from .herds import KEYPOINTS

    project = Project.create(tmp_path / "project", skeleton=Skeleton(KEYPOINTS))
    project.add_video(tmp_path / "day1.mp4", missing_ok=True)
    frames = []
    for i, animals in enumerate(walk_of_three(12)[:, :2]):
        image = project.add_image("day1", i, draw_herd(animals))
        frames.append(LabeledFrame("day1", i, tuple(map(Instance, animals)), image=image.name))
    project.save_labels("day1", frames)
    run = make_herd_run(project.run_folder("herd"), "top-down")
    split = Split(validation=tuple(frame.image_key for frame in frames))
    run.write_description(run.config, run.skeleton, split, run.plan, run.approach)
    verdict = prepare_engines(HerdRun(run.path), project, device="cpu")
    assert verdict.n_frames == 12
    assert verdict.trials[0].movement_px == 0
    assert 0 < verdict.trials[0].error_px < 2
    assert not verdict.adaptive_crop.is_on
    assert "several animals" in verdict.adaptive_crop.reason
    exact = [
        trial for trial in verdict.trials if trial.engine in {"openvino", "onnxruntime"} and not trial.reason
    ]
    assert all(trial.movement_px < 1e-3 for trial in exact)


def test_who_animals_may_be_is_in_the_file_and_names_their_tracks(herd_video, tmp_path):
    import json

    from marey.tracking import load_animals, track

    run = make_herd_run(tmp_path / "runs" / "herd", "top-down")
    told = {"individuals": ["Ada", "Bo"], "accuracy": 0.9, "n_checked": 20, "temperature": 2.0}
    run.identity_path.write_text(json.dumps(told), encoding="utf-8")
    run = HerdRun(run.path)
    assert run.approach.n_channels == N_CHANNELS_TOP_DOWN + 2
    (result,) = predict(run, herd_video[0], tmp_path / "out", engine="torch", device="cpu", stop=20)
    poses = load_poses(result.output)
    assert poses["identity"].values.tolist() == ["Ada", "Bo"]
    said = poses["identity_probability"].transpose("time", "individual", "identity").values
    is_there = np.isfinite(poses["score"].values)
    np.testing.assert_allclose(said[is_there], 0.5)  # (this network does not tell them apart)
    assert np.isnan(said[~is_there]).all()
    poses = load_animals(result.output)
    tracks = track(poses, n_animals=2).poses
    assert sorted(tracks["individual"].values) == ["track_1", "track_2"]
