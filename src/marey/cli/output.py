"""What commands print: data on stdout, everything for people on stderr."""

import contextlib
import json
import math
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from marey.progress import Progress, ProgressCallback


def print_json(data: Any) -> None:
    """Print `data` as one JSON document on stdout; NaN becomes null, paths become strings."""
    sys.stdout.write(json.dumps(_plain(data), indent=2, ensure_ascii=False) + "\n")


def print_json_line(data: Any) -> None:
    """Print `data` as JSON on one line of stdout, at once: for who waits for it."""
    sys.stdout.write(json.dumps(_plain(data), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """Print a line for people on stderr."""
    sys.stderr.write(text + "\n")


def quoted(text: object) -> str:
    """Return an argument as it can be typed again, on every system: in double quotes where it needs them."""
    text = str(text)
    return text if re.fullmatch(r"[\w@%+=:,./\\-]+", text) else f'"{text}"'


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # numpy arrays and scalars, without importing numpy
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextlib.contextmanager
def progress_bars() -> Iterator[ProgressCallback]:
    """Give a callback that draws one bar per stage on stderr."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield progress_lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[values]}"),
    )
    with Bars(*columns, console=console, refresh_per_second=4) as bars:
        tasks: dict[str, Any] = {}

        def show(event: Progress) -> None:
            if event.stage not in tasks:
                tasks[event.stage] = bars.add_task(event.stage, total=event.total, values="")
            bars.update(
                tasks[event.stage], completed=event.done, total=event.total, values=_values_in_words(event)
            )
            if event.message:
                bars.console.print(event.message, highlight=False, markup=False)

        yield show


def progress_lines(interval_s: float = 15.0) -> ProgressCallback:
    """Return a callback for logs: a line when a stage begins and ends, and now and then in between."""
    told: dict[str, tuple[float, int]] = {}

    def show(event: Progress) -> None:
        if event.message:
            say(event.message)
        now = time.monotonic()
        then, done = told.get(event.stage, (-math.inf, -1))
        is_end = event.total is not None and event.done >= event.total > done
        is_new = event.done < done
        if is_end or is_new or (event.done > done and now - then >= interval_s):
            told[event.stage] = (now, event.done)
            say(f"{event.stage}: {event.done} of {event.total or '?'}  {_values_in_words(event)}".rstrip())

    return show


def _values_in_words(event: Progress) -> str:
    return "  ".join(f"{name} {_short(value)}" for name, value in event.values.items())


def _short(value: float) -> str:
    """Return four digits, and all that stand before the point."""
    return f"{value:.0f}" if 1000 <= abs(value) < math.inf else f"{value:.4g}"
