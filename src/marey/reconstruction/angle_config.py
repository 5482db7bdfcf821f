"""``angles.toml``: which angles to compute, in which frame, and what a joint can do.

::

    [body]                                      # optional: the body's own frame
    back = "tail_base"
    front = "neck"                              # x points from back to front
    left = "left_hip"
    right = "right_hip"                         # y points from right to left, z upwards

    [angles]
    elbow = ["flex", "shoulder", "elbow", "wrist"]
    head_turn = ["axis", "nose", "head", "left_ear"]
    head_roll = ["cross-axis", "left_ear", "nose", "right_ear"]
    leg = ["chain", "hip", "knee/", "ankle", "toe"]       # / : bends the other way

    [limits]                                    # optional, degrees: checked, not enforced
    elbow = [15, 180]

Three names without a kind are a flexion. A configuration of Anipose is read too: its other sections are not
looked at.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marey.errors import ConfigError, NotFoundError

KINDS = ("flex", "axis", "cross-axis", "chain")
_BODY_POINTS = ("back", "front", "left", "right")


@dataclass(frozen=True)
class AngleSpec:
    """One entry of ``[angles]``.

    Parameters
    ----------
    name
        What the angle is called; of a chain, only its entry.
    kind
        ``"flex"``, ``"axis"``, ``"cross-axis"`` or ``"chain"``.
    keypoints
        Three keypoints, or two and more of a chain.
    signs
        1 or -1 for each.
    """

    name: str
    kind: str
    keypoints: tuple[str, ...]
    signs: tuple[int, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the angles that it gives."""
        if self.kind != "chain":
            return (self.name,)
        names = []
        for i, joint in enumerate(self.keypoints[:-1]):
            names.append(f"{joint}_flex")
            if i < len(self.keypoints) - 2:
                names.append(f"{joint}_rot")
            if i == 0:
                names.append(f"{joint}_abduct")
        return tuple(names)


@dataclass(frozen=True)
class AngleConfig:
    """What is computed.

    Parameters
    ----------
    angles
        In the order of the file.
    body
        The keypoints ``back``, ``front``, ``left`` and ``right`` of the body's frame, or None for the
        world's.
    limits
        What each angle can be, (low, high) in degrees.
    """

    angles: tuple[AngleSpec, ...]
    body: Mapping[str, str] | None = None
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of all angles."""
        return tuple(name for spec in self.angles for name in spec.outputs)

    @property
    def keypoints(self) -> tuple[str, ...]:
        """All keypoints that are needed."""
        used = [name for spec in self.angles for name in spec.keypoints]
        return tuple(dict.fromkeys([*used, *(self.body or {}).values()]))


def read_angle_config(path: str | Path) -> AngleConfig:
    """Read ``angles.toml``, or the ``config.toml`` of Anipose.

    Raises
    ------
    NotFoundError
        There is no such file.
    ConfigError
        It is not TOML, or an entry is not what it should be.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise NotFoundError(f"expected a definition of angles at {path}, but there is no file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not a TOML file: {error}",
            hint='an entry looks like: elbow = ["flex", "shoulder", "elbow", "wrist"]',
        ) from error
    return parse_angle_config(content, source=str(path))


def parse_angle_config(content: Mapping[str, Any], *, source: str = "angles") -> AngleConfig:
    """Check what a file held and return it as an :class:`AngleConfig`.

    Raises
    ------
    ConfigError
        An entry is not what it should be; says which and in which file.
    """
    angles = content.get("angles")
    if not isinstance(angles, dict) or not angles:
        raise ConfigError(
            f"{source} has no section [angles]; its sections are {', '.join(content) or 'none'}",
            hint='add: [angles] and below it: elbow = ["flex", "shoulder", "elbow", "wrist"]',
        )
    specs = tuple(_read_spec(str(name), value, source) for name, value in angles.items())
    config = AngleConfig(specs, _read_body(content.get("body"), source), {})
    repeated = [name for name in config.outputs if config.outputs.count(name) > 1]
    if repeated:
        raise ConfigError(f"{source} defines the angle {repeated[0]!r} twice", hint="rename one of them")
    limits = _read_limits(content.get("limits", {}), config.outputs, source)
    return AngleConfig(specs, config.body, limits)


def _read_spec(name: str, value: Any, source: str) -> AngleSpec:
    where = f"{source}, [angles] {name}"
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ConfigError(
            f"{where}: expected a list of a kind and keypoints, got {value!r}",
            hint=f'such as {name} = ["flex", "shoulder", "elbow", "wrist"]',
        )
    kind, points = (value[0], value[1:]) if value and value[0] in KINDS else ("flex", value)
    if kind == "chain":
        if len(points) < 2:
            raise ConfigError(f"{where}: a chain has at least two keypoints, got {len(points)}")
        signs = tuple(-1 if point.endswith("/") else 1 for point in points)
        return AngleSpec(name, kind, tuple(point.removesuffix("/") for point in points), signs)
    if len(points) != 3:
        known = f"; the kinds are {', '.join(KINDS)}" if len(points) == 4 else ""
        raise ConfigError(
            f"{where}: expected three keypoints, got {len(points)} ({', '.join(points)}){known}"
        )
    return AngleSpec(name, kind, tuple(points), (1, 1, 1))


def _read_body(value: Any, source: str) -> dict[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != set(_BODY_POINTS):
        got = ", ".join(value) if isinstance(value, dict) else repr(value)
        raise ConfigError(f"{source}, [body]: expected the keypoints {', '.join(_BODY_POINTS)}, got {got}")
    return {key: str(value[key]) for key in _BODY_POINTS}


def _read_limits(value: Any, known: tuple[str, ...], source: str) -> dict[str, tuple[float, float]]:
    if not isinstance(value, dict):
        raise ConfigError(f"{source}, [limits]: expected a section of ranges, got {value!r}")
    limits = {}
    for name, limit in value.items():
        where = f"{source}, [limits] {name}"
        if name not in known:
            raise ConfigError(f"{where}: there is no such angle", hint=f"the angles are {', '.join(known)}")
        is_range = isinstance(limit, list) and len(limit) == 2
        if not is_range or not all(isinstance(v, int | float) for v in limit) or limit[0] >= limit[1]:
            raise ConfigError(f"{where}: expected [lowest, highest] in degrees, got {limit!r}")
        limits[name] = (float(limit[0]), float(limit[1]))
    return limits
