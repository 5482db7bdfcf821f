import pickle
import time

import pytest
import torch
from safetensors.torch import save_file

from marey.errors import ConfigError, DownloadError, InputError, NotFoundError
from marey.networks.backbones import create_backbone, embedded_lite0_weights, read_weights
from marey.networks.network import PoseNetwork


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    "name",
    [
        "lite0",
        "resnet18",
        "mobilenetv3",
        "hrnet_w18_small",
        "convnext_atto",
        "vit_tiny_patch16_224",
        "dinov2_small",  # patches of 14 pixels
    ],
)
def test_every_family_gives_heatmaps_at_the_wanted_stride(name):
    network = PoseNetwork(3, backbone=name, weights="none", width=16).eval()
    with torch.inference_mode():
        logits = network(255 * torch.rand(2, 3, 64, 96))
    assert logits.shape == (2, 3, 16, 24)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("stride", [2, 8, 16])
def test_other_strides(stride):
    network = PoseNetwork(2, backbone="resnet18", weights="none", stride=stride, width=16).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 96)).shape == (1, 2, 64 // stride, 96 // stride)


def test_every_parameter_of_the_decoder_is_trained():
    network = PoseNetwork(2, backbone="vit_tiny_patch16_224", weights="none", width=16)
    network(255 * torch.rand(2, 3, 64, 64)).square().sum().backward()
    idle = [n for n, p in network.named_parameters() if p.grad is None and not n.startswith("backbone")]
    assert idle == []


def test_the_embedded_weights_fill_the_backbone():
    network = PoseNetwork(4, backbone="lite0").eval()
    embedded = embedded_lite0_weights()
    loaded = network.backbone.state_dict()
    for name, value in loaded.items():
        torch.testing.assert_close(value, embedded[name], msg=name)
    left_over = {name.split(".")[0] for name in embedded.keys() - loaded.keys()}
    assert left_over == {"conv_head", "bn2", "classifier"}  # what only a classifier needs
    with torch.inference_mode():
        assert torch.isfinite(network(255 * torch.rand(1, 3, 64, 64))).all()


def test_random_weights_differ_from_the_embedded_ones():
    random, _, _ = create_backbone("lite0", weights="none")
    trained, _, _ = create_backbone("lite0")
    assert not torch.equal(random.state_dict()["conv_stem.weight"], trained.state_dict()["conv_stem.weight"])


@pytest.mark.parametrize("name", ["resnet18", "convnext_atto", "vit_tiny_patch16_224"])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_of_a_whole_model_from_a_file(name, suffix, tmp_path):
    from marey.networks.torchvision_guard import import_timm

    torch.manual_seed(1)
    whole = import_timm().create_model(name, num_classes=7).state_dict()
    path = tmp_path / f"gewichte 🐭{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": whole}, path)
    else:
        save_file(whole, path)
    module, _, _ = create_backbone(name, weights=str(path))
    values = {value.flatten()[0].item() for value in whole.values()}
    assert all(value.flatten()[0].item() in values for value in module.state_dict().values())


def test_weights_of_another_backbone_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"conv1.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(InputError, match=r"do not fit the backbone: conv1.weight .* but it has \(2, 2\)"):
        create_backbone("resnet18", weights=str(path))
    save_file({"something": torch.zeros(2, 2)}, path)
    with pytest.raises(InputError, match="not been found"):
        create_backbone("resnet18", weights=str(path))


class Harmful:
    """What a pickle can hide: a call that is made while it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return self.mark.write_text, ("executed",)


@pytest.mark.parametrize("save", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_a_file_that_would_run_code_is_refused_and_runs_nothing(save, tmp_path):
    path, mark = tmp_path / "harmful.pth", tmp_path / "mark"
    save({"state_dict": Harmful(mark)}, path)
    with pytest.raises(InputError, match="is not a file of weights that can be read safely"):
        read_weights(path)
    assert not mark.exists()


@pytest.mark.parametrize("value", [torch.zeros(3), [1, 2], {"state_dict": {"epoch": 3}}])
def test_a_file_without_named_tensors_is_refused(value, tmp_path):
    torch.save(value, tmp_path / "odd.pth")
    with pytest.raises(InputError, match=r"expected tensors by name in .*odd\.pth"):
        read_weights(tmp_path / "odd.pth")


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(NotFoundError, match="expected weights at"):
        read_weights(tmp_path / "none.pth")
    (tmp_path / "bad.safetensors").write_bytes(b"not at all")
    with pytest.raises(InputError, match=r"bad\.safetensors is not a file of weights"):
        read_weights(tmp_path / "bad.safetensors")


def test_an_unknown_backbone_is_answered_with_known_ones():
    with pytest.raises(ConfigError, match=r"there is no backbone 'resnet19'") as raised:
        create_backbone("resnet19", weights="none")
    assert "lite0" in str(raised.value)


def test_a_hub_that_does_not_answer_is_noticed_at_once(monkeypatch, tmp_path):
    from huggingface_hub import constants

    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", "https://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    before = constants.HF_HUB_OFFLINE
    started = time.monotonic()
    with pytest.raises(DownloadError, match="ImageNet weights of 'resnet10t' could not be fetched"):
        create_backbone("resnet10t")
    assert time.monotonic() - started < 10
    assert before == constants.HF_HUB_OFFLINE
