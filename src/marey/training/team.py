"""Several processes that train one network together, each on a graphics card of its own.

The first process is the one that the user started. It alone validates, writes and decides when training
ends; the others compute their share of every batch. A team of one changes nothing.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from marey.errors import MareyError

# Numbers go over the processor's backend: there, a process that died is noticed at once.
BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}

Helper = Callable[["Team"], object]


@dataclass(frozen=True)
class Team:
    """One process's place among those that train together.

    Parameters
    ----------
    rank
        0 is the first.
    size
        How many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process validates, writes and decides."""
        return self.rank == 0

    def own(self, device: torch.device) -> torch.device:
        """Return this process's own device of that kind."""
        return torch.device("cuda", self.rank) if device.type == "cuda" and self.size > 1 else device

    def shared(self, network: nn.Module, device: torch.device) -> nn.Module:
        """Return `network` so wrapped that its gradients become the mean over the team."""
        if self.size == 1:
            return network
        places = [device.index] if device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=places)

    def sum(self, value: float) -> float:
        """Add up what every process gives."""
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64)
        distributed.all_reduce(total)
        return float(total)

    def as_the_first_says(self, *values: int) -> list[int]:
        """Return the values of the first process, in every process."""
        if self.size == 1:
            return list(values)
        told = torch.tensor(values, dtype=torch.int64)
        distributed.broadcast(told, src=0)
        return told.tolist()


def with_synchronised_statistics(network: nn.Module) -> nn.Module:
    """Have batch normalisation see the whole batch, as one card would; torch has that for CUDA only."""
    from marey.networks.torchvision_guard import import_timm

    import_timm()
    from timm.layers import convert_sync_batchnorm

    return convert_sync_batchnorm(network)


@contextlib.contextmanager
def teamed(size: int, kind: str, helper: Helper) -> Iterator[Team]:
    """Start ``size - 1`` processes that call ``helper(team)``, and be the first of their team meanwhile.

    Parameters
    ----------
    size
        How many processes, this one included; for 1 nothing is started.
    kind
        ``"cpu"`` or ``"cuda"``.
    helper
        Called in the other processes; it must be possible to pickle it.

    Raises
    ------
    MareyError
        One of the others failed; the text says with what.
    """
    if size == 1:
        yield Team()
        return
    from torch import multiprocessing

    with tempfile.TemporaryDirectory(prefix="marey-") as folder:
        meeting = str(Path(folder) / "meeting")
        others = multiprocessing.start_processes(
            _be_helper, (size, kind, meeting, helper), nprocs=size - 1, join=False, start_method="spawn"
        )
        try:
            with _membership(Team(0, size), kind, meeting) as team:
                yield team
        except RuntimeError as error:
            if isinstance(error, MareyError):
                raise
            _raise_theirs(others)  # when one of them dies, all that is seen here is a lost connection
            raise
        finally:
            for process in others.processes:
                process.join(timeout=20)
                if process.is_alive():
                    process.terminate()


def _be_helper(number: int, size: int, kind: str, meeting: str, helper: Helper) -> None:
    with _membership(Team(number + 1, size), kind, meeting) as team:
        helper(team)


@contextlib.contextmanager
def _membership(team: Team, kind: str, meeting: str) -> Iterator[Team]:
    if kind == "cuda":
        torch.cuda.set_device(team.rank)
    store = distributed.FileStore(meeting, team.size)
    distributed.init_process_group(BACKENDS[kind], store=store, rank=team.rank, world_size=team.size)
    try:
        yield team
    finally:
        distributed.destroy_process_group()


def _raise_theirs(others: Any) -> None:
    from torch.multiprocessing.spawn import ProcessException

    try:
        others.join(timeout=20)
    except ProcessException as error:
        raise MareyError(
            f"one of the {len(others.processes) + 1} training processes failed: {error}"
        ) from error
