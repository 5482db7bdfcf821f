import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from marey.errors import FormatError, InputError, NotFoundError, StorageError
from marey.model import Skeleton
from marey.networks import ViewPlan
from marey.networks.network import PoseNetwork
from marey.runs import Run, Split, TrainingConfig

SKELETON = Skeleton(("snout", "left", "right"), symmetries=(("left", "right"),))
PLAN = ViewPlan("whole", (64, 64), 1.0, (64, 64), 1.0, (64, 64), "made for a test")
CONFIG = TrainingConfig(backbone="resnet18", weights="none", pyramid_width=8)
SPLIT = Split(("a/1.png",), ("a/2.png",), ("a/3.png",), "by hand")


@pytest.fixture
def run(tmp_path) -> Run:
    """A run with random weights, in a folder with an awkward name."""
    run = Run(tmp_path / "mäuse 🐭" / "runs" / "first")
    run.write_description(CONFIG, SKELETON, SPLIT, PLAN)
    torch.manual_seed(0)
    network = PoseNetwork(3, backbone="resnet18", weights="none", width=8)
    save_file(network.state_dict(), run.weights_path)
    return run


def test_what_was_written_is_read(run):
    opened = Run.open(run.path)
    assert opened.config == CONFIG
    assert opened.skeleton == SKELETON
    assert opened.split == SPLIT
    assert opened.split.description == "by hand"
    assert opened.plan == PLAN
    assert opened.calibration is None
    assert len(opened.weights_hash) == 64


def test_the_network_is_the_one_that_was_saved(run):
    torch.manual_seed(0)
    saved = PoseNetwork(3, backbone="resnet18", weights="none", width=8).eval()
    images = 255 * torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(run.load_network()(images), saved(images))
    assert not run.load_network().training


def test_weights_of_another_skeleton_are_refused(run):
    save_file(PoseNetwork(5, backbone="resnet18", weights="none", width=8).state_dict(), run.weights_path)
    with pytest.raises(InputError, match=r"does not hold the network of this run \(3 keypoints.*resnet18\)"):
        run.load_network()
    run.weights_path.write_bytes(b"damaged")
    with pytest.raises(InputError, match="replaced or damaged"):
        run.load_network()


def test_weights_that_the_disk_does_not_take_leave_those_that_are_there(run, full_disk):
    before = run.weights_path.read_bytes()
    with full_disk(10_000), pytest.raises(StorageError, match=r"could not write .*weights\.safetensors"):
        run.write_weights({"a": torch.zeros(100, 100)})
    assert run.weights_path.read_bytes() == before
    run.write_weights({"a": torch.ones(2).expand(3, 2)})
    assert load_file(run.weights_path)["a"].tolist() == [[1, 1]] * 3


def test_a_project_with_other_keypoints_is_refused(run):
    run.check_skeleton(SKELETON)
    with pytest.raises(InputError, match=r"trained for the keypoints snout, left, right, but .* snout, tail"):
        run.check_skeleton(Skeleton(("snout", "tail")))


def test_a_run_that_is_not_there_names_those_that_are(run, tmp_path):
    with pytest.raises(NotFoundError, match="there is no run 'second'") as raised:
        Run.open(run.path.with_name("second"))
    assert "the runs are first" in str(raised.value)
    with pytest.raises(NotFoundError, match="train one with"):
        Run.open(tmp_path / "nowhere" / "x")


def test_an_unfinished_training_and_missing_files_are_named(run):
    (run.path / "views.json").unlink()
    with pytest.raises(NotFoundError, match=r"the run 'first' lacks its file views.json"):
        _ = run.plan
    (run.path / "split.json").write_text("{", encoding="utf-8")
    with pytest.raises(FormatError, match=r"split\.json is not valid JSON"):
        _ = run.split
    run.weights_path.unlink()
    with pytest.raises(NotFoundError, match=r"has not finished\s+hint: .*--run first --resume"):
        Run.open(run.path)


def test_a_frame_is_in_one_part_of_a_split_only():
    with pytest.raises(InputError, match="a/1 is in the train part and in the test part"):
        Split(train=("a/1", "a/2"), test=("a/1",))
    with pytest.raises(InputError, match="a/2 is in the train part and in the train part"):
        Split(train=("a/2", "a/2"))


def test_opening_a_run_imports_no_torch(run):
    code = (
        "import sys; from marey.runs import Run; r = Run.open(sys.argv[1])\n"
        "r.config, r.skeleton, r.split, r.plan, r.calibration, r.weights_hash\n"
        "print(sorted({'torch', 'timm', 'cv2', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(run.path)], capture_output=True, encoding="utf-8", check=True
    )
    assert out.stdout.strip() == "[]"
