"""Spreading a number of frames over videos."""

from collections.abc import Mapping

from marey.errors import InputError


def spread_budget(
    n_total: int,
    weights: Mapping[str, float],
    *,
    minimum: int = 1,
    capacities: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Share `n_total` frames among videos in proportion to their weights.

    Parameters
    ----------
    n_total
        How many frames in all.
    weights
        By video, such as its number of frames; none negative.
    minimum
        Every video gets at least so many, as far as `n_total` and `capacities` allow.
    capacities
        By video, how many frames it has to give; what it cannot give goes to the others.

    Returns
    -------
    dict
        By video; the sum is `n_total`, or less where the videos have no more to give.

    Examples
    --------
    >>> spread_budget(10, {"long": 3000, "short": 1000, "tiny": 10})
    {'long': 7, 'short': 2, 'tiny': 1}
    """
    if n_total < 0 or minimum < 0 or any(weight < 0 for weight in weights.values()):
        raise InputError(
            f"frames and weights must not be negative, got {n_total}, {minimum}, {dict(weights)}"
        )
    room = {key: n_total if capacities is None else max(0, capacities[key]) for key in weights}
    target = min(n_total, sum(room.values()))
    # First the minimum, a frame at a time so that none gets two before all have one; then one at a time to
    # whoever is furthest below its share: no video is more than a frame away from it, except by a limit.
    given = dict.fromkeys(weights, 0)
    by_weight = sorted(weights, key=lambda key: -weights[key])
    for _ in range(minimum):
        for key in by_weight:
            if given[key] < room[key] and sum(given.values()) < target:
                given[key] += 1
    while sum(given.values()) < target:
        open_ones = [key for key in by_weight if given[key] < room[key]]
        neediest = max(open_ones, key=lambda key: weights[key] / (given[key] + 0.5))
        given[neediest] += 1
    return given
