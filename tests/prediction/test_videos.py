import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from marey.errors import AlreadyExistsError, ConfigError, InputError, Interrupted, StorageError, VideoError
from marey.formats import load_poses
from marey.formats.deeplabcut import dlc_filtered_names
from marey.formats.native import SCHEMA_VERSION
from marey.model import create_poses, read_history
from marey.prediction import FailedVideo, PredictionResult, VideosFailedError, predict
from marey.prediction.following import BLOCK_FRAMES
from marey.prediction.journal import Journal, row_type
from marey.prediction.poses_file import write_poses_file
from marey.prediction.request import Selection, name_outputs
from marey.prediction.videos import journal_path
from marey.refinement import smooth
from marey.video import VideoWriter

from .blobs import FRAME_SIZE, KEYPOINTS, draw_frame, make_run, walk


def positions(path: Path) -> np.ndarray:
    """The points of a file of poses, (n_frames, n_keypoints, 2)."""
    return load_poses(path)["position"].values[..., 0].transpose(0, 2, 1)


@pytest.mark.parametrize("adaptive_crop", ["on", "off"])
def test_a_video_becomes_poses(run, recording, tmp_path, adaptive_crop):
    video, truth = recording
    (result,) = predict(run, video, tmp_path / "out", engine="torch", adaptive_crop=adaptive_crop)
    assert result.output == tmp_path / "out" / "Käfig 1.h5"
    assert (result.n_frames, result.engine) == (300, "torch")
    assert result.frames_per_s == pytest.approx(300 / result.seconds)
    poses = load_poses(result.output)
    assert dict(poses.sizes) == {"time": 300, "space": 2, "keypoint": 2, "individual": 1}
    assert list(poses.keypoint.values) == list(KEYPOINTS)
    np.testing.assert_array_equal(poses.frame, np.arange(300))
    np.testing.assert_allclose(poses.time, np.arange(300) / 25, atol=1e-6)
    assert np.abs(positions(result.output) - truth).max() < 2
    assert (poses.confidence > 0.8).all()
    (entry,) = read_history(poses)
    assert (entry["operation"], entry["engine"], entry["run"]) == ("predict", "torch", "blobs")
    assert entry["weights"] == run.weights_hash
    assert entry["follow_size"] == ([128, 128] if adaptive_crop == "on" else None)
    assert list((tmp_path / "out").iterdir()) == [result.output], "nothing is left over"


def test_candidates_are_kept_and_the_path_through_them_is_right(whole_run, tmp_path):
    truth, flashes = walk(60), slice(20, 24)
    with VideoWriter(tmp_path / "flashes.mp4", fps=25, size=FRAME_SIZE) as writer:
        for i, points in enumerate(truth):
            image = draw_frame(points)
            if flashes.start <= i < flashes.stop:  # a patch that is redder than the keypoint
                image[20:32, 20:32] = (255, 10, 10)
            writer.write(image)
    (plain,) = predict(whole_run, tmp_path / "flashes.mp4", tmp_path / "one", engine="torch")
    (result,) = predict(whole_run, tmp_path / "flashes.mp4", tmp_path, engine="torch", n_candidates=3)
    poses = load_poses(result.output)
    np.testing.assert_array_equal(positions(result.output), positions(plain.output))
    assert poses.sizes["candidate"] == 2
    off = np.linalg.norm(positions(result.output) - truth, axis=2)[:, 0]
    assert np.flatnonzero(off > 50).tolist() == [20, 21, 22, 23]
    second = poses["candidate_position"].isel(time=flashes, candidate=0, keypoint=0, individual=0)
    assert np.abs(second - truth[flashes, 0]).max() < 3
    unsure = poses["candidate_confidence"].isel(time=flashes, candidate=0, keypoint=0)
    assert (unsure < poses["confidence"].isel(time=flashes, keypoint=0)).all()
    best = smooth(poses, "viterbi")
    assert "candidate_position" not in best
    found = best["position"].to_numpy()[..., 0].transpose(0, 2, 1)
    assert np.abs(found - truth).max() < 3
    with pytest.raises(AlreadyExistsError, match="n_candidates is None instead of 3"):
        predict(whole_run, tmp_path / "flashes.mp4", tmp_path, engine="torch")


def test_frames_and_crop(run, recording, tmp_path):
    video, truth = recording
    (result,) = predict(
        run, [video], tmp_path, engine="torch", start=10, stop=25, step=10, crop=(150, 0, 170, 240)
    )
    poses = load_poses(result.output)
    np.testing.assert_array_equal(poses.frame, [10, 20])
    np.testing.assert_allclose(positions(result.output), truth[10:25:10], atol=2)


def test_the_crop_hides_what_is_outside(run, recording, tmp_path):
    video, truth = recording
    (result,) = predict(run, [video], tmp_path, engine="torch", stop=2, crop=(0, 0, 100, 100))
    assert truth[0, :, 0].min() > 200
    assert (load_poses(result.output).confidence < 0.2).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": 5, "stop": 5}, "expected frames start < stop"),
        ({"step": 0}, "step of at least 1"),
        ({"crop": (0, 0, 0, 10)}, "expected a crop"),
        ({"crop": (0, 0, 400, 10)}, "reaches beyond the frames of Käfig 1.mp4, which have 320x240"),
        ({"start": 300}, "the frames from 300 on were asked for, but Käfig 1.mp4 has only 300"),
        ({"formats": ["sleap"]}, "no format 'sleap'"),
        ({"adaptive_crop": "maybe"}, "on, off or auto, got 'maybe'"),
        ({"n_candidates": 0}, "at least one candidate for each keypoint, got 0"),
        ({"batch_size": 7}, "batch_size must divide 256, got 7"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(run, recording, tmp_path, arguments, message):
    with pytest.raises(ConfigError, match=message):
        predict(run, recording[0], tmp_path / "out", engine="torch", **arguments)
    assert not (tmp_path / "out").exists()


def test_done_videos_are_left_alone(run, recording, tmp_path):
    first = predict(run, recording[0], tmp_path, engine="torch", stop=5)[0]
    before = first.output.read_bytes()
    (again,) = predict(run, recording[0], tmp_path, engine="torch", stop=5)
    assert "done already" in again.notes[0]
    assert (again.n_frames, again.frames_per_s) == (5, 0)
    assert first.output.read_bytes() == before
    with pytest.raises(AlreadyExistsError, match="stop is 6 instead of 5"):
        predict(run, recording[0], tmp_path, engine="torch", stop=6)
    (replaced,) = predict(run, recording[0], tmp_path, engine="torch", stop=6, overwrite=True)
    assert replaced.n_frames == 6


def test_another_run_does_not_overwrite(run, recording, tmp_path):
    predict(run, recording[0], tmp_path, engine="torch", stop=5)
    other = make_run(tmp_path / "other" / "runs" / "second")
    other.weights_path.write_bytes(b"other weights")
    with pytest.raises(AlreadyExistsError, match="weights is"):
        predict(other, recording[0], tmp_path, engine="torch", stop=5)


class _StopAt:
    """Presses Ctrl-C when so many frames are done."""

    def __init__(self, n_frames: int) -> None:
        self.n_frames = n_frames

    def __call__(self, event) -> None:
        if event.stage.startswith("predicting") and event.done >= self.n_frames:
            raise KeyboardInterrupt


@pytest.mark.parametrize("adaptive_crop", ["on", "off"])
def test_an_interrupted_prediction_goes_on_with_the_same_poses(
    run, recording, tmp_path, adaptive_crop, monkeypatch
):
    monkeypatch.setattr("marey.prediction.streaming.REPORT_EVERY_S", 0)
    options = {"engine": "torch", "adaptive_crop": adaptive_crop}
    whole = predict(run, recording[0], tmp_path / "whole", **options)[0]
    out = tmp_path / "parts"
    with pytest.raises(
        Interrupted, match=r"stopped after 256 of 300 frames.*kept\nhint: go on with --resume"
    ):
        predict(run, recording[0], out, **options, progress=_StopAt(280))
    (partial,) = out.iterdir()
    assert Journal.read(partial).n_rows == BLOCK_FRAMES
    with pytest.raises(AlreadyExistsError, match=r"was interrupted.*\nhint: go on with --resume"):
        predict(run, recording[0], out, **options)
    with pytest.raises(InputError, match="start is 3 instead of 0"):
        predict(run, recording[0], out, **options, start=3, resume=True)
    resumed = predict(run, recording[0], out, **options, resume=True)[0]
    assert resumed.n_frames == 300
    first, second = load_poses(whole.output), load_poses(resumed.output)
    for name in first.data_vars:
        assert first[name].values.tobytes() == second[name].values.tobytes()
    assert not partial.exists()


def test_resuming_cuts_off_what_a_crash_left_half_written(run, recording, tmp_path, monkeypatch):
    monkeypatch.setattr("marey.prediction.streaming.REPORT_EVERY_S", 0)
    with pytest.raises(Interrupted):
        predict(run, recording[0], tmp_path, engine="torch", progress=_StopAt(270))
    partial = journal_path(tmp_path / "Käfig 1.h5")
    with partial.open("ab") as file:
        file.write(b"rows\x10\x00\x00\x00 torn")
    (result,) = predict(run, recording[0], tmp_path, engine="torch", resume=True)
    np.testing.assert_array_equal(load_poses(result.output).frame, np.arange(300))


def predict_elsewhere(run, video: Path, output: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    """Predict in a process of its own, after a program; it prints how much memory it used at most."""
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from prediction.blobs import BlobRun
from marey.prediction import predict
{before}
(result,) = predict(BlobRun(Path({str(run.path)!r})), {str(video)!r}, {str(output)!r}, engine="torch")
print(result.peak_memory_mb)
"""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_the_memory_of_a_prediction_is_told_and_small(run, recording, tmp_path):
    result = predict_elsewhere(run, recording[0], tmp_path)
    assert result.returncode == 0, result.stderr
    assert 50 < float(result.stdout) < 1500


@pytest.mark.skipif(os.name == "nt", reason="kills a process by signal")
@pytest.mark.slow
def test_a_killed_prediction_loses_at_most_a_block(run, recording, tmp_path):
    program = """
import os, signal
import marey.prediction.journal as journal
append = journal.Journal.append
def append_and_die(self, rows):
    append(self, rows)
    os.kill(os.getpid(), signal.SIGKILL)
journal.Journal.append = append_and_die
"""
    result = predict_elsewhere(run, recording[0], tmp_path, before=program)
    assert result.returncode == -signal.SIGKILL, result.stderr
    assert Journal.read(journal_path(tmp_path / "Käfig 1.h5")).n_rows == 256
    (done,) = predict(run, recording[0], tmp_path, engine="torch", resume=True)
    assert done.n_frames == 300


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_keeps_what_is_done(tmp_path):
    journal = Journal.create(tmp_path / "poses.h5.partial", {"keypoints": list(KEYPOINTS)})
    rows = np.zeros(3, dtype=row_type(2))
    journal.append(rows)
    kept = journal.path
    journal.path = Path("/dev/full")
    with pytest.raises(
        StorageError, match=r"The 3 frames predicted so far are kept.*\nhint: free some space"
    ):
        journal.append(rows)
    assert Journal.read(kept).n_rows == 3


def test_where_nothing_can_be_written_nothing_is_begun(run, recording, tmp_path, full_disk):
    with full_disk(100), pytest.raises(StorageError, match=r"could not write .*What was there before"):
        predict(run, recording[0], tmp_path / "out", engine="torch", stop=4)
    assert not (tmp_path / "out").exists()
    (done,) = predict(run, recording[0], tmp_path / "out", engine="torch", stop=4, resume=True)
    assert done.n_frames == 4


def test_a_damaged_video_gives_what_can_be_read(run, recording, tmp_path):
    from marey.video import VideoWriter, open_video

    damaged = tmp_path / "cut.mkv"
    with VideoWriter(damaged, fps=25, size=(320, 240)) as writer:
        for points in walk(120):
            writer.write(draw_frame(points))
    data = damaged.read_bytes()
    damaged.write_bytes(data[: len(data) * 2 // 3])
    (result,) = predict(run, damaged, tmp_path / "out", engine="torch")
    assert 20 < result.n_frames < 120
    with open_video(damaged) as video:
        assert result.n_frames == sum(1 for _ in video.frames())
    n_whole = result.n_frames - 1  # of the last one a piece may be missing
    np.testing.assert_allclose(positions(result.output)[:n_whole], walk(120)[:n_whole], atol=2)


def test_what_is_no_video_at_all(run, tmp_path):
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    with pytest.raises(VideoError):
        predict(run, empty, tmp_path / "out", engine="torch")
    assert not list((tmp_path / "out").glob("*"))


def test_a_bad_video_among_others_does_not_stop_them(run, recording, tmp_path):
    import shutil

    videos = tmp_path / "Nacht 1"
    videos.mkdir()
    (videos / "a.mp4").write_bytes(b"")
    (videos / "b.mp4").write_bytes(b"no video at all" * 99)
    shutil.copy(recording[0], videos / "c.mp4")
    told = []
    with pytest.raises(
        VideosFailedError, match=r"(?s)2 of 3 videos could not be predicted.*a\.mp4 is empty.*b\.mp4"
    ) as failure:
        predict(run, videos, tmp_path / "out", engine="torch", stop=8, progress=told.append)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["c.h5"]
    assert any("a.mp4 is empty" in event.message for event in told)
    outcomes = failure.value.outcomes
    assert [outcome.path.name for outcome in outcomes] == ["a.mp4", "b.mp4", "c.mp4"]
    assert [type(outcome) for outcome in outcomes] == [FailedVideo, FailedVideo, PredictionResult]


def test_a_crop_that_does_not_fit_one_video_does_not_stop_the_others(run, recording, tmp_path):
    small = tmp_path / "small.mp4"
    with VideoWriter(small, fps=30, size=(32, 32)) as writer:
        writer.write(np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(VideosFailedError, match=r"1 of 2 videos could not be predicted") as failure:
        predict(run, [small, recording[0]], tmp_path / "out", engine="torch", stop=8, crop=(0, 0, 48, 48))
    bad, good = failure.value.outcomes
    assert "reaches beyond the frames of small.mp4" in bad.error
    assert good.n_frames == 8


def test_a_folder_of_images(run, tmp_path):
    import cv2

    folder = tmp_path / "Bilder"
    folder.mkdir()
    truth = walk(6)
    for i, points in enumerate(truth):
        image = cv2.cvtColor(draw_frame(points), cv2.COLOR_RGB2BGR)
        (folder / f"img{i}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    (result,) = predict(run, folder, tmp_path / "out", engine="torch")
    assert result.output.name == "Bilder.h5"
    np.testing.assert_allclose(positions(result.output), truth, atol=0.6)
    assert load_poses(result.output).attrs["time_unit"] == "frames"


def test_deeplabcut_files_beside_the_poses(run, recording, tmp_path):
    (result,) = predict(run, recording[0], tmp_path, engine="torch", stop=4, formats=["dlc"])
    assert sorted(path.suffix for path in result.exports) == [".csv", ".h5"]
    filtered = dlc_filtered_names(load_poses(result.output))
    assert filtered == [f"{path.stem}_filtered{path.suffix}" for path in result.exports]
    for path in result.exports:
        assert path.name.startswith("Käfig 1DLC_")
        np.testing.assert_allclose(
            load_poses(path, format="dlc")["position"].values,
            load_poses(result.output)["position"].values,
            atol=1e-4,
        )


def test_a_format_that_is_asked_for_later_is_written_without_predicting_again(run, recording, tmp_path):
    first = predict(run, recording[0], tmp_path, engine="torch", stop=4)[0]
    assert first.exports == ()
    (again,) = predict(run, recording[0], tmp_path, engine="torch", stop=4, formats=["dlc"])
    assert again.frames_per_s == 0
    assert [path.suffix for path in again.exports] == [".csv", ".h5"]
    assert all(len(load_poses(path, format="dlc").time) == 4 for path in again.exports)
    again.exports[0].write_text("looked through by hand")
    (third,) = predict(run, recording[0], tmp_path, engine="torch", stop=4, formats=["dlc"])
    assert third.exports == again.exports
    assert again.exports[0].read_text() == "looked through by hand"


def test_progress_tells_speed_and_time_left(run, recording, tmp_path):
    events = []
    predict(run, recording[0], tmp_path, engine="torch", stop=30, progress=events.append)
    last = events[-1]
    assert (last.stage, last.done, last.total) == ("predicting Käfig 1.mp4", 30, 30)
    assert last.values["frames_per_s"] > 0
    assert last.values["seconds_left"] == 0


def test_the_file_is_what_xarray_would_have_written(tmp_path):
    header = {"keypoints": ["nose", "Ohr", "tail"]}
    journal = Journal.create(tmp_path / "a.partial", header)
    rng = np.random.default_rng(0)
    rows = np.zeros(2500, dtype=row_type(3))
    rows["frame"], rows["time"] = np.arange(2500), np.arange(2500) / 30
    for name in ("position", "confidence", "expected_error", "error_90"):
        rows[name] = rng.normal(size=rows[name].shape)
    rows["position"][7] = np.nan
    for part in np.array_split(rows, 3):
        journal.append(part)
    write_poses_file(journal, tmp_path / "a.h5", {"fps": 30.0, "ds_type": "poses", "time_unit": "seconds"})
    expected = create_poses(
        rows["position"].astype(float),
        keypoints=header["keypoints"],
        fps=30.0,
        **{name: rows[name] for name in ("confidence", "expected_error", "error_90")},
    )
    found = load_poses(tmp_path / "a.h5")
    xr.testing.assert_equal(found, expected)
    assert found.attrs["marey_poses_version"] == SCHEMA_VERSION
    with xr.open_dataset(tmp_path / "a.h5", engine="h5netcdf", decode_times=False) as plain:
        xr.testing.assert_equal(plain.load(), expected)


def test_journals_of_no_rows_and_other_files(tmp_path):
    from marey.errors import FormatError

    empty = Journal.create(tmp_path / "a.partial", {"keypoints": ["nose"]})
    assert (Journal.read(empty.path).n_rows, empty.last_frame) == (0, None)
    write_poses_file(empty, tmp_path / "a.h5", {})
    assert load_poses(tmp_path / "a.h5").sizes["time"] == 0
    (tmp_path / "b.partial").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(FormatError, match="expected an unfinished prediction"):
        Journal.read(tmp_path / "b.partial")


def test_a_flipped_bit_ends_the_journal(tmp_path):
    journal = Journal.create(tmp_path / "a.partial", {"keypoints": ["nose"]})
    for _ in range(3):
        journal.append(np.zeros(4, dtype=row_type(1)))
    data = bytearray(journal.path.read_bytes())
    data[-10] ^= 1
    journal.path.write_bytes(data)
    assert Journal.read(journal.path).n_rows == 8


def test_outputs_are_named_after_videos(tmp_path):
    for name in ("a/x.mp4", "b/x.mp4", "b/x.avi", "y.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    videos = [tmp_path / name for name in ("a/x.mp4", "b/x.mp4", "b/x.avi", "y.mp4")]
    names = [path.name for path in name_outputs(videos, tmp_path)]
    assert names == ["a-x.mp4.h5", "b-x.mp4.h5", "x-avi.h5", "y.h5"]
    with pytest.raises(ConfigError, match="several videos would be written"):
        name_outputs([videos[3], videos[3]], tmp_path)


def test_selection_is_checked():
    assert Selection(3, None, 2).start == 3
    with pytest.raises(ConfigError, match="got -1:"):
        Selection(-1)
