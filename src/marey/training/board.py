"""The numbers of a training in TensorBoard, where it is installed."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ShowRow = Callable[[Mapping[str, float]], None]


@contextlib.contextmanager
def tensorboard(folder: Path) -> Iterator[ShowRow]:
    """Give a function that shows a row of metrics.csv; without TensorBoard it does nothing.

    Look at it with ``tensorboard --logdir RUNS``.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        yield lambda _row: None
        return
    with SummaryWriter(str(folder)) as writer:

        def show(row: Mapping[str, float]) -> None:
            step = int(row["step"])
            for name in row.keys() - {"step"}:
                writer.add_scalar(name, row[name], step)
            writer.flush()

        yield show
