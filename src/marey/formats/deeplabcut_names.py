"""What DeepLabCut calls networks and the files of their predictions; light, because predicting needs it."""

import re
from pathlib import Path

SCORER_ATTRIBUTE = "dlc_scorer"
"""Where poses say what DeepLabCut would call the network that found them."""


def dlc_scorer_name(*, network: str, task: str, date: str, shuffle: int = 1, snapshot: str = "best") -> str:
    """Return the name that DeepLabCut gives to a trained network, which is the scorer of its files.

    >>> dlc_scorer_name(network="Resnet50", task="openfield", date="Oct30", shuffle=6, snapshot="best-20")
    'DLC_Resnet50_openfieldOct30shuffle6_snapshot_best-20'
    """
    return f"DLC_{_plain(network)}_{_plain(task)}{_plain(date)}shuffle{shuffle}_snapshot_{snapshot}"


def dlc_file_name(video: str | Path, scorer: str, *, filtered: bool = False, suffix: str = ".h5") -> str:
    """Return the file name of one video's predictions as DeepLabCut builds it.

    >>> dlc_file_name("m3v1.mp4", "DLC_Resnet50_openfieldOct30shuffle6_snapshot_best-20", suffix=".csv")
    'm3v1DLC_Resnet50_openfieldOct30shuffle6_snapshot_best-20.csv'
    """
    return f"{Path(video).stem}{scorer}{'_filtered' if filtered else ''}{suffix}"


def _plain(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", word).strip("-") or "marey"
