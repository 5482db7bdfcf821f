"""Which frames train, which select, which judge.

Neighbouring frames are nearly the same image, so a random split flatters the network. Blocks of time and
whole videos are the honest ways; random is there to compare with figures that others published.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np

from marey.errors import ConfigError, InputError
from marey.model import LabeledFrame
from marey.progress import ProgressCallback, ignore_progress
from marey.runs import Split
from marey.training.split_file import KnownFrames, read_split_file

Rows = list[int]


def make_splits(
    frames: Sequence[LabeledFrame],
    rule: str,
    *,
    validation_fraction: float = 0.12,
    seed: int = 0,
    rows: Sequence[str] | None = None,
    unlabelled: Collection[str] = (),
    progress: ProgressCallback = ignore_progress,
) -> list[Split]:
    """Split labelled frames by a rule.

    Parameters
    ----------
    frames
        The labelled frames, in the order of the project's rows.
    rule
        ``blocks:F`` (the first F of each video's frames, in time, train), ``random:F``, ``videos:F`` (whole
        videos), ``kfold:K`` (K splits; each tests one contiguous block of every video), ``all`` (no test
        frames), or the path of a JSON file ``{"train": [...], "test": [...]}`` of row numbers or image names,
        such as the ``split.json`` of a run; where it has ``"validation"`` too, that is kept.
    validation_fraction
        The part of the training frames that selects the checkpoint and calibrates the confidence. It is taken
        in blocks, or as videos or at random where the rule says so.
    seed
        For the random choices.
    rows
        What the row numbers of a file mean: image keys, those without labels among them. Left out, the
        rows are `frames`.
    unlabelled
        More image keys that a file may name although they have no labels.
    progress
        Told which frames of a file were left out because they have no labels.

    Returns
    -------
    list of Split
        One, or K.

    Raises
    ------
    ConfigError
        The rule is unknown or its number out of range.
    InputError
        Too few frames or videos for the rule, or the file names frames that do not exist.
    """
    if len(frames) < 2:
        raise InputError(
            f"training needs at least two labelled frames, got {len(frames)}",
            hint="label some frames first; twenty are a beginning, a hundred are good",
        )
    kind, _, argument = rule.partition(":")
    rng = np.random.default_rng(seed)
    if rule.lower().endswith(".json"):
        known = KnownFrames(frames, rows, unlabelled)
        train, test, validation = read_split_file(Path(rule), known, progress)
        if validation:
            keys = [tuple(frames[row].image_key for row in part) for part in (train, validation, test)]
            return [Split(train=keys[0], validation=keys[1], test=keys[2], description=rule)]
        pairs = [(train, test)]
        kind = "random"
    elif kind == "kfold":
        pairs = _folds(frames, _number(rule, argument, int, 2, 100))
    elif kind == "all":
        pairs = [(list(range(len(frames))), [])]
    elif kind in _RULES:
        fraction = _number(rule, argument or "0.8", float, 0.01, 0.999)
        pairs = [_RULES[kind](frames, fraction, rng)]
    else:
        raise ConfigError(
            f"{rule!r} is not a way to split frames",
            hint="use blocks:0.8, random:0.8, videos:0.8, kfold:5, all, or the path of a JSON file",
        )
    return [_with_validation(frames, *pair, kind, validation_fraction, rng, rule) for pair in pairs]


def _number(rule: str, text: str, kind: Callable[[str], float], low: float, high: float) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        raise ConfigError(f"the split {rule!r} needs a number from {low} to {high} after the colon")
    return value


def _by_video(frames: Sequence[LabeledFrame]) -> list[Rows]:
    """Group rows by video, each group in the order of time."""
    groups: dict[str, Rows] = {}
    for row, frame in enumerate(frames):
        groups.setdefault(frame.video, []).append(row)
    return [sorted(rows, key=lambda row: frames[row].frame) for rows in groups.values()]


def _blocks(frames: Sequence[LabeledFrame], fraction: float, _rng: np.random.Generator) -> tuple[Rows, Rows]:
    train, test = [], []
    for rows in _by_video(frames):
        n_train = max(1, int(np.floor(len(rows) * fraction + 0.5)))
        train += rows[:n_train]
        test += rows[n_train:]
    return train, test


def _random(frames: Sequence[LabeledFrame], fraction: float, rng: np.random.Generator) -> tuple[Rows, Rows]:
    order = rng.permutation(len(frames)).tolist()
    n_train = max(1, round(len(frames) * fraction))
    return sorted(order[:n_train]), sorted(order[n_train:])


def _videos(frames: Sequence[LabeledFrame], fraction: float, rng: np.random.Generator) -> tuple[Rows, Rows]:
    groups = _by_video(frames)
    if len(groups) < 2:
        raise InputError(
            "a split by videos needs labels in at least two videos, but there is one",
            hint="use blocks:0.8, or label frames of another video",
        )
    order = rng.permutation(len(groups)).tolist()
    n_train = min(len(groups) - 1, max(1, round(len(groups) * fraction)))
    pick = lambda chosen: sorted(row for i in chosen for row in groups[i])  # noqa: E731
    return pick(order[:n_train]), pick(order[n_train:])


_RULES = {"blocks": _blocks, "random": _random, "videos": _videos}


def _folds(frames: Sequence[LabeledFrame], n_folds: float) -> list[tuple[Rows, Rows]]:
    n_folds = int(n_folds)
    if len(frames) < n_folds:
        raise InputError(f"{n_folds} folds need at least {n_folds} labelled frames, got {len(frames)}")
    tests: list[Rows] = [[] for _ in range(n_folds)]
    for turn, rows in enumerate(_by_video(frames)):
        # Short videos give their frames to different folds in turn, so that no fold is left empty.
        for i, block in enumerate(np.array_split(np.array(rows, dtype=int), n_folds)):
            tests[(i + turn) % n_folds] += block.tolist()
    everything = set(range(len(frames)))
    return [(sorted(everything - set(test)), test) for test in tests]


def _with_validation(
    frames: Sequence[LabeledFrame],
    train: Rows,
    test: Rows,
    kind: str,
    fraction: float,
    rng: np.random.Generator,
    rule: str,
) -> Split:
    """Set a part of the training rows aside, in the manner of the split itself."""
    if not train:
        raise InputError(f"the split {rule!r} leaves no frame to train on")
    n_validation = min(len(train) - 1, max(1, round(len(train) * fraction))) if fraction else 0
    if kind == "random":
        chosen = set(rng.permutation(train)[:n_validation].tolist())
    else:
        chosen = _validation_blocks([frames[row] for row in train], train, n_validation)
    key = lambda rows: tuple(frames[row].image_key for row in rows)  # noqa: E731
    return Split(
        train=key([row for row in train if row not in chosen]),
        validation=key([row for row in train if row in chosen]),
        test=key(test),
        description=rule,
    )


def _validation_blocks(train_frames: list[LabeledFrame], rows: Rows, n_validation: int) -> set[int]:
    """Choose some short blocks of time, spread evenly: they see every part of the recordings."""
    order = [rows[i] for group in _by_video(train_frames) for i in group]
    if n_validation == 0:
        return set()
    n_blocks = max(1, min(4, n_validation // 3))
    sizes = [len(part) for part in np.array_split(np.arange(n_validation), n_blocks)]
    gap = (len(order) - n_validation) / n_blocks
    chosen, start = set(), gap / 2
    for size in sizes:
        chosen |= set(order[round(start) : round(start) + size])
        start += gap + size
    return chosen
