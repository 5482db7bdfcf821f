"""What "auto" means on this machine, and what this machine cannot do."""

from marey.errors import ConfigError
from marey.runs import TrainingConfig

EMBEDDED_BACKBONE = "lite0"
GPU_BACKBONE = "resnet50"


def resolved(config: TrainingConfig) -> TrainingConfig:
    """Fix what "auto" means on this machine, so that the saved configuration says what was done.

    Raises
    ------
    ConfigError
        There is no such backbone, or there are fewer graphics cards.
    InputError
        The device is not there.
    """
    from marey.networks.backbones import full_name
    from marey.training.loop import choose_device

    device = choose_device(config.device).type
    _check_team(config, device)
    backbone = config.backbone
    if backbone != "auto":
        full_name(backbone)  # refuse an unknown one before anything is written
    if backbone == "auto":
        backbone = GPU_BACKBONE if device == "cuda" and _is_fetchable(GPU_BACKBONE) else EMBEDDED_BACKBONE
    return config.model_copy(update={"device": device, "backbone": backbone})


def _check_team(config: TrainingConfig, device: str) -> None:
    """Refuse more processes than there are graphics cards, unless processes on the CPU were asked for."""
    import torch

    there = torch.cuda.device_count() if device == "cuda" else 1
    if config.n_gpus > there and config.device != "cpu":
        raise ConfigError(
            f"training on {config.n_gpus} graphics cards was asked for, but there are "
            f"{torch.cuda.device_count()}",
            hint=f"use n_gpus={there}",
        )
    if config.batch_size % config.n_gpus:
        raise ConfigError(
            f"a batch of {config.batch_size} cannot be shared evenly by {config.n_gpus} graphics cards",
            hint=f"use batch_size={max(1, config.batch_size // config.n_gpus) * config.n_gpus}",
        )


def _is_fetchable(backbone: str) -> bool:
    from marey.errors import DownloadError
    from marey.networks.backbones import create_backbone

    try:
        create_backbone(backbone)
    except DownloadError:
        return False
    return True
