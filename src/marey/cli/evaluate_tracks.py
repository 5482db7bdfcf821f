"""``marey evaluate-tracks``: how well tracks keep identities, and where the animals are."""

import math
from pathlib import Path
from typing import Annotated

import typer

from marey.cli.options import AsJson, OfVideo
from marey.cli.output import print_json, say
from marey.words import counted


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("evaluate-tracks")(evaluate_tracks)


def evaluate_tracks(
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="The true tracks, in any known format.")],
    predicted: Annotated[Path, typer.Argument(metavar="PREDICTED", help="The tracks that are judged.")],
    sigma: Annotated[
        float | None, typer.Option(help="Fall-off of the keypoint similarity that matches them.")
    ] = None,
    of: OfVideo = None,
    as_json: AsJson = False,
) -> None:
    """Compare two files of tracks: HOTA, IDF1, MOTA, switches, fragmentations, and the error of the poses.

    The keypoints that both have are compared, in the frames of the truth: where a person labelled some of a
    video's frames, in those alone.

    Example: marey evaluate-tracks proofread.slp tracks/day1.nc --json
    """
    from marey.errors import ConfigError
    from marey.tracking import evaluate_tracks as compare
    from marey.tracking import load_animals, load_truth
    from marey.tracking.compare import TRACKING_SIGMA, evaluate_instances

    if sigma is not None and not 0 < sigma < math.inf:
        raise ConfigError(f"expected --sigma above 0, got {sigma}")
    true, tracks = load_truth(truth, video=of), load_animals(predicted, video=of)
    scores = compare(true, tracks, sigma=sigma or TRACKING_SIGMA)
    instances = evaluate_instances(true, tracks)
    say(f"HOTA {scores.hota:.4f}   IDF1 {scores.idf1:.4f}   MOTA {scores.mota:.4f}")
    say(f"{scores.id_switches} identity switches, {scores.fragmentations} fragmentations")
    n_frames = counted(scores.n_frames, "frame")
    say(f"{counted(scores.n_missed, 'animal')} missed and {scores.n_extra} too many in {n_frames}")
    say(f"median error of matched points {instances.errors.median_error_px:.2f} px")
    if as_json:
        print_json({**scores.to_dict(), "poses": instances.to_dict()})
