"""The skeleton: which keypoints an animal has, which are joined, and which mirror each other."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from marey.errors import LabelsError

Pair = tuple[str, str]

# The order matters: whole words first, then the single letters that labs append or prefix.
_SIDE_PATTERNS = (
    (r"left", r"right"),
    (r"(?<![a-z])l(?![a-z])", r"(?<![a-z])r(?![a-z])"),
)


@dataclass(frozen=True)
class Skeleton:
    """The keypoints of one kind of animal.

    Parameters
    ----------
    keypoints
        Names in their order; the order of every array along its keypoint axis.
    edges
        Pairs of keypoints that are drawn joined.
    symmetries
        Pairs ``(left, right)`` of keypoints that swap when the image is mirrored.
    name
        A word for the animal, e.g. ``"mouse"``.

    Raises
    ------
    LabelsError
        A name is empty or repeated, or an edge or symmetry names an unknown keypoint.

    Examples
    --------
    >>> mouse = Skeleton(("snout", "leftear", "rightear"), symmetries=(("leftear", "rightear"),))
    >>> mouse.flip_indices.tolist()
    [0, 2, 1]
    """

    keypoints: tuple[str, ...]
    edges: tuple[Pair, ...] = ()
    symmetries: tuple[Pair, ...] = ()
    name: str = "animal"

    def __post_init__(self) -> None:
        if isinstance(self.keypoints, str):
            raise LabelsError(f"expected a list of keypoints, got the text {self.keypoints!r}")
        object.__setattr__(self, "keypoints", tuple(str(name) for name in self.keypoints))
        object.__setattr__(self, "edges", tuple((str(a), str(b)) for a, b in self.edges))
        object.__setattr__(self, "symmetries", tuple((str(a), str(b)) for a, b in self.symmetries))
        self._check_names()
        self._check_pairs("edge", self.edges)
        self._check_pairs("symmetry", self.symmetries)
        mirrored = [name for pair in self.symmetries for name in pair]
        if repeated := _repeated(mirrored):
            raise LabelsError(
                f"a keypoint belongs to at most one left/right pair, but {repeated[0]!r} is in several"
            )

    def _check_names(self) -> None:
        if any(not name.strip() for name in self.keypoints):
            raise LabelsError(f"keypoint names must not be empty, got {list(self.keypoints)}")
        if repeated := _repeated(self.keypoints):
            raise LabelsError(f"keypoint names must differ, but {repeated[0]!r} occurs twice")

    def _check_pairs(self, kind: str, pairs: Iterable[Pair]) -> None:
        for a, b in pairs:
            for name in (a, b):
                if name not in self.keypoints:
                    raise LabelsError(
                        f"the {kind} ({a}, {b}) names {name!r}, which is not a keypoint",
                        hint=f"the keypoints are {', '.join(self.keypoints)}",
                    )
            if a == b:
                raise LabelsError(f"the {kind} ({a}, {b}) joins a keypoint with itself")

    def __len__(self) -> int:
        return len(self.keypoints)

    def index(self, keypoint: str) -> int:
        """Return the position of `keypoint` along the keypoint axis."""
        try:
            return self.keypoints.index(keypoint)
        except ValueError:
            raise LabelsError(
                f"there is no keypoint {keypoint!r} in this skeleton",
                hint=f"the keypoints are {', '.join(self.keypoints)}",
            ) from None

    @cached_property
    def edge_indices(self) -> np.ndarray:
        """The edges as keypoint positions, int64, shape (n_edges, 2)."""
        pairs = [(self.index(a), self.index(b)) for a, b in self.edges]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    @cached_property
    def flip_indices(self) -> np.ndarray:
        """Where each keypoint comes from when the image is mirrored, int64, shape (n_keypoints,)."""
        order = np.arange(len(self))
        for left, right in self.symmetries:
            i, j = self.index(left), self.index(right)
            order[i], order[j] = j, i
        return order

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists for YAML and JSON."""
        return {
            "name": self.name,
            "keypoints": list(self.keypoints),
            "edges": [list(pair) for pair in self.edges],
            "symmetries": [list(pair) for pair in self.symmetries],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Skeleton":
        """Build a skeleton from what :meth:`to_dict` gave.

        Raises
        ------
        LabelsError
            The keypoints are missing, an edge or symmetry is not a pair, or the names contradict each other.
        """
        if "keypoints" not in data:
            raise LabelsError(
                f"expected a skeleton with keypoints, got the fields {', '.join(data) or 'none'}"
            )
        pairs = {name: tuple(tuple(pair) for pair in data.get(name, ())) for name in ("edges", "symmetries")}
        for name, values in pairs.items():
            if bad := [pair for pair in values if len(pair) != 2]:
                raise LabelsError(f"expected pairs of keypoints in {name}, got {list(bad[0])}")
        return cls(keypoints=data["keypoints"], name=data.get("name", "animal"), **pairs)


def guess_symmetries(keypoints: Sequence[str]) -> tuple[Pair, ...]:
    """Guess the left/right pairs from the names; a person should confirm them.

    Understands ``leftear/rightear``, ``ear_L/ear_R``, ``L_ear/R_ear``, ``EarL/EarR`` and the limbs of the
    field (``LF/RF``, ``FL/FR``, ``paw1LH/paw4RH``), as long as each name has exactly one partner.

    Examples
    --------
    >>> guess_symmetries(["nose", "ear_left", "ear_right", "pawL", "pawR", "paw1LH", "paw4RH"])
    (('ear_left', 'ear_right'), ('pawL', 'pawR'), ('paw1LH', 'paw4RH'))
    """
    by_key: dict[str, list[tuple[str, str]]] = {}
    for name in keypoints:
        sided = _side_and_key(name)
        if sided is not None:
            side, key = sided
            by_key.setdefault(key, []).append((side, name))
    pairs = []
    for members in by_key.values():
        sides = sorted(members)
        if [side for side, _ in sides] == ["left", "right"]:
            pairs.append((sides[0][1], sides[1][1]))
    paired = {name for pair in pairs for name in pair}
    pairs += _pairs_by_one_letter([name for name in keypoints if name not in paired])
    return tuple(sorted(pairs, key=lambda pair: min(map(list(keypoints).index, pair))))


def _pairs_by_one_letter(names: Sequence[str]) -> list[Pair]:
    """Pair names that differ in one capital letter, L and R: ``FL/FR``, ``Lknee/Rknee``."""
    pairs = []
    for name in names:
        places = [i for i, letter in enumerate(name) if letter == "L"]
        partners = {name[:i] + "R" + name[i + 1 :] for i in places} & set(names)
        pairs += [(name, partner) for partner in partners]
    taken = [name for pair in pairs for name in pair]
    return [pair for pair in pairs if taken.count(pair[0]) == taken.count(pair[1]) == 1]


def _side_and_key(name: str) -> tuple[str, str] | None:
    """Return the side of `name` and what is left of the name without it, or None."""
    # "paw1LH" -> "paw# l h": split camel case and numbers, so that single letters stand alone.
    spaced = re.sub(
        r"(?<=[a-z0-9])(?=[A-Z])|(?<=[LR])(?=[FHM](?![a-z]))|(?<![A-Za-z][LR])(?<=[LR])(?=[A-Z][a-z])",
        " ",
        name,
    )
    spaced = re.sub(r"\d+(?=\s?[LR](?![a-z]))", "#", spaced).replace("_", " ").lower()
    for left, right in _SIDE_PATTERNS:
        is_left, is_right = re.search(left, spaced), re.search(right, spaced)
        if bool(is_left) != bool(is_right):
            side, pattern = ("left", left) if is_left else ("right", right)
            return side, re.sub(r"\s+", " ", re.sub(pattern, "*", spaced)).strip()
    return None


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
