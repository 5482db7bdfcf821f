"""How animals move: random bouts of walking, dashing and resting, walls, meetings, and a body that follows.

One joint of each animal, the leader, walks; the head is held in front of it, and every joint behind it is
drawn along like a trailer, within the angles that the body allows. Bends and the drag of the tail come out of
that by themselves.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from marey.synthesis.body import Body

SPEED_TIME_S = 0.22
TURN_TIME_S = 0.45
HEAD_TIME_S = 0.6
MUSCLE_TIME_S = 0.12


@dataclass(frozen=True)
class Obstacle:
    """A round thing that animals walk around; centre and radius in mm."""

    x_mm: float
    y_mm: float
    radius_mm: float


@dataclass(frozen=True)
class Fence:
    """Where animals can be: a box or a circle around the origin, and obstacles in it."""

    width_mm: float
    height_mm: float
    is_round: bool = False
    obstacles: tuple[Obstacle, ...] = ()

    def clearances(self, x: float, y: float) -> list[tuple[float, float, float]]:
        """Return (distance, normal x, normal y) to every wall and obstacle; normals point away from it."""
        found = []
        if self.is_round:
            distance = max(math.hypot(x, y), 1e-9)
            found.append((self.width_mm / 2 - distance, -x / distance, -y / distance))
        else:
            half_width, half_height = self.width_mm / 2, self.height_mm / 2
            found += [
                (half_width - x, -1.0, 0.0),
                (half_width + x, 1.0, 0.0),
                (half_height - y, 0.0, -1.0),
                (half_height + y, 0.0, 1.0),
            ]
        for item in self.obstacles:
            dx, dy = x - item.x_mm, y - item.y_mm
            distance = max(math.hypot(dx, dy), 1e-9)
            found.append((distance - item.radius_mm, dx / distance, dy / distance))
        return found

    def push_off(self, x: float, y: float) -> tuple[float, float]:
        """Return a point that is moved out of the obstacles."""
        for item in self.obstacles:
            dx, dy = x - item.x_mm, y - item.y_mm
            share = item.radius_mm / max(math.hypot(dx, dy), 1e-9)
            if share > 1:
                x, y = item.x_mm + dx * share, item.y_mm + dy * share
        return x, y

    def push_inside(self, points: np.ndarray, margin_mm: float) -> np.ndarray:
        """Return `points`, (..., 2), with those nearer to the outer wall than a margin moved inwards."""
        if self.is_round:
            distance = np.linalg.norm(points, axis=-1, keepdims=True)
            return points * np.minimum(1.0, (self.width_mm / 2 - margin_mm) / np.maximum(distance, 1e-9))
        limit = np.array([self.width_mm, self.height_mm]) / 2 - margin_mm
        return np.clip(points, -limit, limit)


@dataclass(frozen=True, eq=False)
class Motion:
    """Where the joints of all animals are.

    Parameters
    ----------
    joints_mm
        (x, y) of the joints, shape (n_frames + 2, n_animals, n_joints, 2). One frame before and one after the
        recording are included, so that what happens while the shutter is open is known.
    strides
        Strides made so far, shape (n_frames + 2, n_animals).
    order
        Depth: 0 is the lowest animal, shape (n_frames + 2, n_animals).
    """

    joints_mm: np.ndarray
    strides: np.ndarray
    order: np.ndarray

    def at(self, frame: float, animal: int) -> tuple[np.ndarray, float]:
        """Return the joints, (n_joints, 2), and the strides of one animal between frames."""
        before = min(max(math.floor(frame) + 1, 0), len(self.strides) - 2)
        share = frame + 1 - before
        joints, strides = (
            series[before, animal] * (1 - share) + series[before + 1, animal] * share
            for series in (self.joints_mm, self.strides)
        )
        return joints, float(strides)


@dataclass
class _Animal:
    """The state of one animal while it is simulated; angles in radians, counter-clockwise from x."""

    x: float
    y: float
    heading: float
    joints: list[tuple[float, float]]
    speed: float = 0.0
    wanted_speed: float = 0.0
    turn: float = 0.0
    steer: float = 0.0
    wanted_yaw: float = 0.0
    yaw: float = 0.0
    stretch: float = 1.0
    strides: float = 0.0
    bout_left_s: float = 0.0
    wave: float = 0.0
    activity: float = 0.0
    meets: int = -1
    path: list[tuple[float, ...]] = field(default_factory=list)


def simulate(
    body: Body, n_frames: int, n_animals: int, fps: float, fence: Fence, rng: np.random.Generator
) -> Motion:
    """Let animals of one species move about.

    Parameters
    ----------
    body
        The species.
    n_frames, n_animals, fps
        How long, how many, and at which rate.
    fence
        Where they can be.
    rng
        Decides everything that is left to chance.
    """
    animals = [_place(body, fence, rng, index, n_animals) for index in range(n_animals)]
    order = list(rng.permutation(n_animals))
    orders = []
    warm_up = round(2 * fps)
    for step in range(warm_up + n_frames + 2):
        for index, animal in enumerate(animals):
            _choose_bout(animal, body, rng, 1 / fps, n_animals, index)
            _walk(animal, animals, body, fence, rng, 1 / fps)
            _follow(animal, body, fence, 1 / fps)
        if step >= warm_up:
            order = _update_order(order, animals, body, rng, 1 / fps)
            orders.append(np.argsort(order))
            for animal in animals:
                animal.path.append((animal.strides, animal.wave, animal.activity, *np.ravel(animal.joints)))
    paths = np.array([animal.path for animal in animals]).swapaxes(0, 1)
    joints = paths[..., 3:].reshape(*paths.shape[:2], -1, 2)
    joints = _add_wave(joints, paths[..., 1], paths[..., 2], body)
    return Motion(fence.push_inside(joints, 0.012 * body.joints_mm[-1]), paths[..., 0], np.array(orders))


def _place(body: Body, fence: Fence, rng: np.random.Generator, index: int, n_animals: int) -> _Animal:
    angle = 2 * math.pi * (index + rng.uniform(-0.2, 0.2)) / n_animals
    reach = 0.28 if n_animals > 1 else 0.18
    x, y = reach * fence.width_mm * math.cos(angle), reach * fence.height_mm * math.sin(angle)
    heading = rng.uniform(-math.pi, math.pi)
    leader = body.joints_mm[body.leader]
    joints = [
        (x - (at - leader) * math.cos(heading), y - (at - leader) * math.sin(heading))
        for at in body.joints_mm
    ]
    return _Animal(x, y, heading, joints)


def _choose_bout(
    animal: _Animal, body: Body, rng: np.random.Generator, dt: float, n_animals: int, index: int
) -> None:
    style = body.style
    animal.bout_left_s -= dt
    if animal.bout_left_s > 0:
        return
    animal.bout_left_s = style.bout_s * rng.gamma(2.0, 0.5) + 0.15
    kind = rng.uniform()
    if kind < style.pause_share:
        animal.wanted_speed = 0.0
    elif kind < style.pause_share + style.dash_share:
        animal.wanted_speed = style.dash_mm_s * rng.uniform(0.7, 1.15)
    else:
        animal.wanted_speed = style.walk_mm_s * rng.uniform(0.4, 1.5)
    others = [i for i in range(n_animals) if i != index]
    animal.meets = int(rng.choice(others)) if others and rng.uniform() < 0.4 else -1


def _walk(
    animal: _Animal,
    animals: list[_Animal],
    body: Body,
    fence: Fence,
    rng: np.random.Generator,
    dt: float,
) -> None:
    style = body.style
    spread = math.radians(style.turn_deg_s)
    steer, brake = _steer(animal, animals, body, fence)
    noise = spread * math.sqrt(2 * dt / TURN_TIME_S) * rng.standard_normal()
    animal.turn += -animal.turn * dt / TURN_TIME_S + noise
    animal.steer += (steer - animal.steer) * min(1.0, dt / MUSCLE_TIME_S)
    turn = animal.turn + animal.steer
    if steer * animal.turn < 0:  # an animal that has decided to turn away does not dither
        animal.turn *= 1 - min(1.0, 4 * dt)
    animal.heading += max(-7.0, min(7.0, turn)) * dt
    animal.speed += (animal.wanted_speed * brake - animal.speed) * min(1.0, dt / SPEED_TIME_S)
    animal.x += animal.speed * math.cos(animal.heading) * dt
    animal.y += animal.speed * math.sin(animal.heading) * dt
    yaw_spread = math.radians(style.head_yaw_deg)
    animal.wanted_yaw += (0.22 * turn - animal.wanted_yaw) * dt / HEAD_TIME_S
    animal.wanted_yaw += yaw_spread * math.sqrt(2 * dt / HEAD_TIME_S) * rng.standard_normal()
    animal.wanted_yaw = max(-2.5 * yaw_spread, min(2.5 * yaw_spread, animal.wanted_yaw))
    # The head has mass: it follows what is wanted of it, so that it does not shiver.
    animal.yaw += (animal.wanted_yaw - animal.yaw) * min(1.0, dt / MUSCLE_TIME_S)
    animal.activity = min(1.5, animal.speed / style.walk_mm_s)
    pace = style.idle_wave + (1 - style.idle_wave) * animal.activity
    animal.wave += style.wave_hz * pace * dt
    animal.strides += animal.speed * dt / style.stride_mm
    wanted_stretch = 0.93 + 0.08 * min(1.5, animal.activity)
    animal.stretch += (wanted_stretch - animal.stretch) * min(1.0, dt / 0.4)


def _steer(animal: _Animal, animals: list[_Animal], body: Body, fence: Fence) -> tuple[float, float]:
    """Return the turning rate that keeps clear of things, and what it leaves of the speed, 0 to 1."""
    head = body.joints_mm[body.leader]
    reach = 1.3 * head + 0.25 * animal.speed
    dx, dy = math.cos(animal.heading), math.sin(animal.heading)
    ahead_x, ahead_y = animal.x + reach * dx, animal.y + reach * dy
    margin = 0.35 * body.length_mm
    steer, brake = 0.0, 1.0
    things = fence.clearances(ahead_x, ahead_y)
    for other in animals:
        if other is animal:
            continue
        ox, oy = other.joints[body.leader + 1]
        if animal.meets >= 0 and animals[animal.meets] is other:
            side = dx * (oy - animal.y) - dy * (ox - animal.x)
            steer += 3.0 * side / max(math.hypot(ox - animal.x, oy - animal.y), 1e-9)
            continue
        gap = max(math.hypot(ahead_x - ox, ahead_y - oy), 1e-9)
        things.append((gap - 0.25 * body.length_mm, (ahead_x - ox) / gap, (ahead_y - oy) / gap))
    # The pushes are added up before the turn is chosen, so that an animal leaves a corner by its diagonal.
    push_x = push_y = 0.0
    for distance, nx, ny in things:
        urgency = min(1.6, (margin - distance) / margin)
        if urgency > 0 and dx * nx + dy * ny < 0.2:
            push_x, push_y = push_x + urgency * nx, push_y + urgency * ny
    push = math.hypot(push_x, push_y)
    if push > 0:
        towards = max(0.0, -(dx * push_x + dy * push_y) / push)
        side = (dx * push_y - dy * push_x) / push
        direction = math.copysign(1.0, side if abs(side) > 0.4 else animal.steer + animal.turn or 1.0)
        steer += 4.5 * push * (0.35 + towards) * direction
        brake = 1 - 0.5 * min(1.0, push) * towards
    return max(-6.0, min(6.0, steer)), brake


def _follow(animal: _Animal, body: Body, fence: Fence, dt: float) -> None:
    """Bring the head in front of the leader, and draw the joints behind it along."""
    at, leader = body.joints_mm, body.leader
    tip_x = animal.x + at[leader] * math.cos(animal.heading + animal.yaw)
    tip_y = animal.y + at[leader] * math.sin(animal.heading + animal.yaw)
    inside = fence.push_inside(np.array([tip_x, tip_y]), 0.02 * body.length_mm)
    animal.x += float(inside[0]) - tip_x
    animal.y += float(inside[1]) - tip_y
    around = fence.push_inside(np.array([animal.x, animal.y]), 0.13 * body.length_mm)
    animal.x, animal.y = fence.push_off(float(around[0]), float(around[1]))
    joints = list(animal.joints)
    joints[leader] = (animal.x, animal.y)
    for i in range(leader - 1, -1, -1):
        angle = animal.heading + animal.yaw * (leader - i) / leader
        step = at[i + 1] - at[i]
        x, y = joints[i + 1]
        joints[i] = (x + step * math.cos(angle), y + step * math.sin(angle))
    before = animal.heading + math.pi
    for i in range(leader + 1, len(at)):
        x, y = joints[i - 1]
        old_x, old_y = animal.joints[i]
        angle = math.atan2(old_y - y, old_x - x)
        limit = math.radians(body.bend_deg[i - 1])
        bend = math.remainder(angle - before, 2 * math.pi) * max(0.0, 1 - body.stiffness_per_s[i - 1] * dt)
        before += max(-limit, min(limit, bend))
        step = (at[i] - at[i - 1]) * (animal.stretch if at[i] <= body.length_mm * 1.01 else 1.0)
        joints[i] = (x + step * math.cos(before), y + step * math.sin(before))
    animal.joints = joints


def _update_order(
    order: list[int], animals: list[_Animal], body: Body, rng: np.random.Generator, dt: float
) -> list[int]:
    """Now and then let two neighbours in depth change places, but never while they touch."""
    for i in range(len(order) - 1):
        a, b = (np.array(animals[order[k]].joints) for k in (i, i + 1))
        gap = np.linalg.norm(a[:, None] - b[None], axis=-1).min()
        if gap > 0.5 * body.length_mm and rng.uniform() < 0.5 * dt:
            order = [*order[:i], order[i + 1], order[i], *order[i + 2 :]]
    return order


def _add_wave(joints: np.ndarray, wave: np.ndarray, activity: np.ndarray, body: Body) -> np.ndarray:
    """Return `joints`, (n_frames, n_animals, n_joints, 2), with the wave that runs down the spine."""
    style, leader = body.style, body.leader
    size = style.idle_wave + (1 - style.idle_wave) * np.minimum(activity, 1.3)
    links = np.diff(joints[:, :, leader:], axis=2)
    length = np.linalg.norm(links, axis=-1)
    angle = np.arctan2(links[..., 1], links[..., 0])
    n_links = links.shape[2]
    amplitude = np.deg2rad(style.wave_deg[leader : leader + n_links])
    phase = 2 * np.pi * (wave[..., None] - style.wave_lag * np.arange(n_links))
    angle = angle + np.cumsum(amplitude * size[..., None] * np.sin(phase), axis=-1)
    steps = length[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    moved = joints.copy()
    moved[:, :, leader + 1 :] = joints[:, :, leader : leader + 1] + np.cumsum(steps, axis=2)
    return moved
