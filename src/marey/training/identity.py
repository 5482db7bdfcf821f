"""Learning who is who from labels that name individuals, when everything else has been learned.

Names are worth something only if they say who somebody is; in many projects they only count the animals of a
frame. That is not asked but measured: a network carries identities where it gives the named animals of the
validation frames their own names more often than chance would.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError
from marey.files import write_json
from marey.model import Instance, LabeledFrame
from marey.networks.approach import Approach
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.runs import Identity, Run, TrainingConfig
from marey.training.augmentation import Warp, random_warp, vary_appearance
from marey.training.subjects import rotation_of

if TYPE_CHECKING:
    import torch

    from marey.networks.identity import IdentityHead
    from marey.networks.network import PoseNetwork
    from marey.project import Project

# An individual is learned from so many frames on.
FEWEST_FRAMES = 8
# "auto" learns names where at least this share of the labelled animals has one.
NAMED_SHARE = 0.5
FEWEST_CHECKED = 10
# Chance would do as well as the network did with at most this probability.
MOST_CHANCE = 0.01
# Animals are shown so often in all, each at most a few times, varied as in training.
MOST_VIEWS = 400
MOST_VIEWS_OF_ONE = 4
_STEPS = 300
_BATCH = 64
_LEARNING_RATE = 3e-3
_WEIGHT_DECAY = 0.05
_NOISE = 0.3
_HIDDEN_SHARE = 0.3
_TEMPERATURES = np.geomspace(0.25, 16, 49)


def names_to_learn(
    frames: Sequence[LabeledFrame], config: TrainingConfig, approach: Approach
) -> tuple[str, ...]:
    """Return the individuals that labels name often enough; none where they are not to be learned.

    Animals without a name train the poses like all others, and nothing about who is who.

    Raises
    ------
    ConfigError
        Identities were asked for, but there is one animal, or fewer than two are named.
    """
    is_wanted = config.identity == "on"
    if config.identity == "off" or (approach.kind == "single" and not is_wanted):
        return ()
    animals = [i for frame in frames for i in frame.instances if i.is_confirmed.any()]
    counts = Counter(i.individual for i in animals if i.individual is not None)
    names = tuple(sorted(name for name, n in counts.items() if n >= FEWEST_FRAMES))
    if is_wanted and (approach.kind == "single" or len(names) < 2):
        raise ConfigError(
            f"identities were asked for, but the labels name {len(names)} individuals in at least "
            f"{FEWEST_FRAMES} frames, and two are needed",
            hint="name the animals in more frames, or leave identity out",
        )
    is_usual = sum(counts.values()) >= NAMED_SHARE * max(1, len(animals))
    return names if len(names) >= 2 and (is_wanted or is_usual) else ()


def learn_identity(
    run: Run,
    project: "Project",
    frames: Sequence[LabeledFrame],
    progress: ProgressCallback = ignore_progress,
) -> Run:
    """Teach a trained network who is who, where labels say so; everything else it does stays as it is.

    Parameters
    ----------
    run
        With its weights, telling nobody apart.
    frames
        The labelled frames of the project.

    Returns
    -------
    Run
        The run as it is then: with the individuals, or as it was.
    """
    by_key = {frame.image_key: frame for frame in frames}
    training = [by_key[key] for key in run.split.train if key in by_key]
    checked = [by_key[key] for key in run.split.validation if key in by_key]
    try:
        names = names_to_learn(training, run.config, run.approach)
    except ConfigError:  # all labels together name enough, those that train do not
        names = ()
    if not names:
        return run
    network = run.load_measuring_network()
    taught = _collect(run, project, network, training, names, is_varied=True)
    told = _collect(run, project, network, checked, names, is_varied=False)
    head = _fit(network, taught, len(names), run.config.seed)
    identity, is_told = _check(head, told, names)
    progress(Progress("training", run.config.steps, run.config.steps, message=_describe(identity, is_told)))
    if not is_told and run.config.identity != "on":
        return run
    _write(run, head, identity)
    return Run(run.path)


@dataclass(frozen=True)
class _Named:
    """Features at the keypoints of named animals, (n, K, channels) with NaN, and who they are, (n,)."""

    features: "torch.Tensor"
    who: "torch.Tensor"


def _collect(
    run: Run,
    project: "Project",
    network: "PoseNetwork",
    frames: Sequence[LabeledFrame],
    names: tuple[str, ...],
    *,
    is_varied: bool,
) -> _Named:
    """Show the network the named animals of frames, as it is shown them in a prediction."""
    import torch

    from marey.networks.identity import sample_features

    n_named = sum(i.individual in names for frame in frames for i in frame.instances)
    n_times = int(np.clip(MOST_VIEWS // max(1, n_named), 1, MOST_VIEWS_OF_ONE)) if is_varied else 1
    step = max(1, n_named // MOST_VIEWS)
    n_keypoints = len(run.skeleton)
    features, who = [], []
    rng = np.random.default_rng((run.config.seed, 77))
    rotation = rotation_of(run.config.augmentation, frames, n_keypoints) if is_varied else None
    for image, animals in zip(project.read_images(frames[::step]), frames[::step], strict=True):
        named = [i for i in animals.instances if i.individual in names and i.is_confirmed.any()]
        for group in _groups(run.approach, named):
            for _ in range(n_times):
                warp = _view(run, image, group, rng, rotation)
                shown = warp.warp(image)
                shown = vary_appearance(shown, run.config.augmentation, rng) if is_varied else shown
                points = np.stack([warp.apply(i.confirmed_points()) for i in group]).reshape(1, -1, 2)
                with torch.inference_mode():
                    maps = network.features(torch.from_numpy(shown).permute(2, 0, 1)[None].float())
                    size = (shown.shape[0], shown.shape[1])
                    seen = sample_features(maps, torch.from_numpy(points), size)
                features.append(seen.reshape(len(group), n_keypoints, -1).clone())
                who += [names.index(str(i.individual)) for i in group]
    if not features:
        return _Named(torch.empty((0, n_keypoints, 1)), torch.empty(0, dtype=torch.int64))
    return _Named(torch.cat(features), torch.tensor(who))


def _groups(approach: Approach, named: list[Instance]) -> Iterator[list[Instance]]:
    """Give the animals that are seen together: all of a frame, or each in its crop."""
    if approach.kind == "top-down":
        yield from ([one] for one in named)
    elif named:
        yield named


def _view(
    run: Run, image: np.ndarray, group: list[Instance], rng: np.random.Generator, rotation: float | None
) -> Warp:
    view, shift = run.plan.locate_view((image.shape[1], image.shape[0])), 0.12
    center = (np.array(view.size) / view.scale - 1) / 2
    if run.approach.kind == "top-down":
        view, shift = run.plan.crop_view((0, 0)), 0.04
        center = run.approach.anchors(group[0].confirmed_points())
    settings = run.config.augmentation
    if rotation is None:
        settings, shift = settings.model_copy(update={"scale": 1.0}), 0.0
    return random_warp(
        center, view.scale, view.size, settings,
        rotation_degrees=rotation or 0.0, shift=shift, flip=False, rng=rng,
    )  # fmt: skip


def _fit(network: "PoseNetwork", taught: _Named, n_individuals: int, seed: int) -> "IdentityHead":
    import torch
    from torch.nn import functional

    from marey.networks.identity import IdentityHead

    channels = [lateral[0].in_channels for lateral in network.pyramid.lateral]  # type: ignore[index]
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = IdentityHead(channels, n_individuals)
    known = torch.isfinite(taught.features).all(dim=-1)
    every = taught.features[known]
    middle, scale = every.mean(dim=0), every.std(dim=0) + 1e-3
    scaled = torch.nan_to_num((taught.features - middle) / scale)
    counts = torch.bincount(taught.who, minlength=n_individuals).clamp(min=1)
    balance = len(taught.who) / (n_individuals * counts.float())
    optimizer = torch.optim.AdamW(head.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    for step in range(_STEPS):
        for group in optimizer.param_groups:
            group["lr"] = _LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * step / _STEPS))
        rows = torch.randint(len(scaled), (min(_BATCH, len(scaled)),), generator=generator)
        batch, seen = scaled[rows], known[rows]
        batch = batch + _NOISE * torch.randn(batch.shape, generator=generator)
        kept = seen & (torch.rand(seen.shape, generator=generator) > _HIDDEN_SHARE)
        kept = torch.where(kept.any(dim=1, keepdim=True), kept, seen)
        loss = functional.cross_entropy(_scores(head, batch, kept), taught.who[rows], weight=balance)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    head.absorb(middle, scale)
    return head.eval()


def _scores(head: "IdentityHead", features: "torch.Tensor", known: "torch.Tensor") -> "torch.Tensor":
    """Return the mean scores over the known keypoints of each animal, (n, n_individuals)."""
    n, n_keypoints = known.shape
    each = head.at_points(features.reshape(n * n_keypoints, -1)).reshape(n, n_keypoints, -1)
    weight = known.float()[..., None]
    return (each * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)


def _check(head: "IdentityHead", told: _Named, names: tuple[str, ...]) -> tuple[Identity, bool]:
    """Measure how often named animals are given their own names, and whether chance would do as well."""
    import torch
    from scipy.stats import binomtest

    n = len(told.who)
    if not n:
        return Identity(names, float("nan"), 0, 1.0), False
    known = torch.isfinite(told.features).all(dim=-1)
    with torch.inference_mode():
        scores = _scores(head, torch.nan_to_num(told.features), known).double()
        n_right = int((scores.argmax(dim=1) == told.who).sum())
        losses = [
            float(torch.nn.functional.cross_entropy(scores / float(t), told.who)) for t in _TEMPERATURES
        ]
    temperature = float(_TEMPERATURES[int(np.argmin(losses))])
    commonest = float(torch.bincount(told.who).max()) / n
    chance = binomtest(n_right, n, min(commonest, 1 - 1e-9), alternative="greater").pvalue
    is_told = n >= FEWEST_CHECKED and chance <= MOST_CHANCE
    return Identity(names, n_right / n, n, temperature), bool(is_told)


def _describe(identity: Identity, is_told: bool) -> str:
    if not identity.n_checked:
        return "no validation frame names an animal: whether names say who is who is not known"
    said = f"{identity.accuracy:.0%} of {identity.n_checked} named validation animals were given their name"
    return said if is_told else f"{said}: no more than chance, so that names do not say who is who"


def _write(run: Run, head: "IdentityHead", identity: Identity) -> None:
    """Put the head to the weights, then say that it is there."""
    from safetensors.torch import load_file

    own = {f"identity.{name}": value for name, value in head.state_dict().items()}
    run.write_weights(load_file(run.weights_path) | own)
    write_json(run.identity_path, asdict(identity))
