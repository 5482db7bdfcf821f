"""The training loop: read it from top to bottom."""

import contextlib
import copy
import io
import math
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from marey.errors import InputError, Interrupted, MareyError
from marey.files import write_bytes
from marey.networks.targets import pose_loss
from marey.progress import Progress, ProgressCallback
from marey.runs import TrainingConfig
from marey.training.board import ShowRow
from marey.training.samples import Batch, Samples
from marey.training.team import Team, with_synchronised_statistics

# The first steps are slow (memory, images, compilation): they do not speak for the rest.
WARM_AFTER = 10
SPEED_IS_KNOWN_AFTER = 30
# Where so much of a time limit has gone before that, the schedule is fitted with what is known.
FITTED_AT_LATEST = 0.1
# Something else may be running: after each such part of a time limit the schedule is fitted again, to the
# speed since the last time. In the first half of the time it may become longer; later that raises a learning
# rate that has come down, which only many more steps are worth.
FITTED_AGAIN_AFTER, LENGTHENED_UNTIL, MANY_MORE = 0.05, 0.5, 1.5
# The part of a time limit that training may use: the rest is for validation, calibration and evaluation.
TRAINING_SHARE = 0.93

Validate = Callable[[nn.Module], float]


@dataclass
class State:
    """Everything that a resumed training needs to go on as if nothing had happened."""

    step: int = 0
    total_steps: int = 0
    seconds: float = 0.0
    warm_step: int = 0
    warm_seconds: float = 0.0
    is_fitted: bool = False
    loss_sum: float = 0.0
    loss_count: int = 0
    best_error: float = math.inf
    best_step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """Trains one network on one device, alone or with other processes.

    Parameters
    ----------
    network
        Starts from its backbone's weights.
    samples
        Gives the batch of every step.
    validate
        Returns the mean error in pixels on the validation frames; NaN where there are none.
    checkpoint_folder
        Where the state is kept, for an exact resume.
    show_row
        Is given every row of metrics.csv.
    team
        The processes that train this network together.
    """

    def __init__(
        self,
        network: nn.Module,
        samples: Samples,
        config: TrainingConfig,
        *,
        device: torch.device,
        validate: Validate,
        checkpoint_folder: Path,
        progress: ProgressCallback,
        show_row: ShowRow,
        team: Team,
    ) -> None:
        self.config = config
        self.team = team
        self.device = device
        self.samples = samples
        self.validate = validate
        self.folder = checkpoint_folder
        self.progress = progress
        self.show_row = show_row
        self.state = State(total_steps=config.steps)
        if team.size > 1 and device.type == "cuda":
            network = with_synchronised_statistics(network)
        # (torch's own types do not know of the memory format)
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.shared = team.shared(self.network, device)
        self.best: dict[str, Tensor] = {}
        self.optimizer = _make_optimizer(self.network, config)
        self.precision = choose_precision(config.precision, device)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.precision == torch.float16)

    def fit(self) -> dict[str, Tensor]:
        """Train to the end and return the selected weights (in the first process of a team).

        Raises
        ------
        Interrupted
            Ctrl-C; the state up to the last step has been kept.
        """
        state, config = self.state, self.config
        self.network.train()
        started, seconds_before = time.monotonic(), state.seconds
        with contextlib.closing(self._batches()) as batches, _interrupts_noted() as is_interrupted:
            while not self._ends(is_interrupted):
                loss = self._step(next(batches))
                state.step += 1
                state.loss_sum += loss
                state.loss_count += 1
                state.seconds = seconds_before + time.monotonic() - started
                is_last = self._apply_time_limit()
                if self.team.is_first:
                    if state.step % 10 == 0 or is_last:
                        self._report(loss)
                    if is_last or state.step % config.validate_every == 0:
                        self._select()
                        self.save()
            if self.team.is_first and not self._is_over():
                self.save()
                raise Interrupted(
                    f"training was stopped at step {state.step} of {state.total_steps}; nothing is lost",
                    hint="go on with --resume",
                )
        return self.best

    def _ends(self, is_interrupted: Callable[[], bool]) -> bool:
        """Say whether training is over or stopped; the first process decides, by its clock and its frames."""
        ends = self._is_over() or is_interrupted()
        self.state.total_steps, answer = self.team.as_the_first_says(self.state.total_steps, ends)
        self.samples.total_steps = self.state.total_steps
        return bool(answer)

    def _is_over(self) -> bool:
        return self.state.step >= self.state.total_steps or self._is_patience_over()

    def _batches(self) -> Generator[Batch]:
        # A time limit may end the training before.
        return self.samples.batches(self.state.step, self.config.steps)

    def _step(self, batch: Batch) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        images = torch.from_numpy(batch.images).to(self.device, non_blocking=True)
        images = images.permute(0, 3, 1, 2).float()  # channels-last in memory already
        points = torch.from_numpy(batch.points).to(self.device)
        counts = torch.from_numpy(batch.counts).to(self.device)
        weight = self._weight_of(batch)
        try:
            with self._autocast():
                logits = self.shared(images)
            loss = weight * pose_loss(
                logits,
                points,
                counts,
                edges=self.samples.approach.edges,
                stride=self.config.stride,
                sigma_cells=self.config.sigma_cells,
            )
            self.optimizer.zero_grad(set_to_none=True)
            self.scaler.scale(loss).backward()
        except torch.cuda.OutOfMemoryError as error:
            raise MareyError(
                f"the graphics card has too little memory for batches of {self.config.batch_size} views",
                hint=f"use --set batch_size={max(1, self.config.batch_size // 2)}",
            ) from error
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self._update_average()
        value = self.team.sum(float(loss.detach())) / self.team.size
        if not math.isfinite(value) and self.precision != torch.float16:
            raise InputError(
                f"the loss became {value} at step {self.state.step} (gradient norm {float(norm):.3g})",
                hint="lower the learning rate, e.g. --set learning_rate=0.0005",
            )
        return value

    def _weight_of(self, batch: Batch) -> float:
        """Return what makes the mean of the team's losses the loss of the whole batch: 1 when alone."""
        known = max(1.0, float(batch.counts.sum()))
        return known * self.team.size / self.team.sum(known)

    def _autocast(self) -> Any:
        if self.precision == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.precision)

    def _learning_rate(self) -> float:
        """Linear warm-up, then half a cosine down to nothing."""
        done = self.state.step / max(1, self.state.total_steps)
        warmup = self.config.warmup
        if done < warmup:
            return self.config.learning_rate * (self.state.step + 1) / (warmup * self.state.total_steps + 1)
        return self.config.learning_rate * 0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup)))

    @torch.no_grad()
    def _update_average(self) -> None:
        # Early on the average forgets quickly, or the initial weights would linger.
        step = self.state.step
        keep = min(self.config.ema_decay, (step + 1) / (step + 10))
        average, current = self.average.state_dict(), self.network.state_dict()
        floating = [name for name, value in average.items() if value.is_floating_point()]
        torch._foreach_lerp_([average[n] for n in floating], [current[n] for n in floating], 1 - keep)
        for name in average.keys() - set(floating):
            average[name].copy_(current[name])

    def _apply_time_limit(self) -> bool:
        """Fit the number of steps into the time limit as far as the speed is known; return whether to end."""
        state, limit = self.state, self.config.time_limit_minutes
        if limit is not None:
            seconds = limit * 60 * TRAINING_SHARE
            if state.step in (1, WARM_AFTER):
                state.warm_step, state.warm_seconds = state.step, state.seconds
            elif self._is_fit_due(seconds):
                self._fit_schedule(seconds)
            if state.seconds > seconds:
                state.total_steps = state.step
        return state.step >= state.total_steps

    def _is_fit_due(self, seconds: float) -> bool:
        state = self.state
        if state.step == state.total_steps:  # the time may have been fitted while something else was running
            return state.step < self.config.steps
        if state.is_fitted:
            return state.seconds > state.warm_seconds + FITTED_AGAIN_AFTER * seconds
        return state.step >= SPEED_IS_KNOWN_AFTER or state.seconds > FITTED_AT_LATEST * seconds

    def _fit_schedule(self, seconds: float) -> None:
        state = self.state
        per_step = (state.seconds - state.warm_seconds) / (state.step - state.warm_step)
        fitting = state.step + int(max(0.0, seconds - state.seconds) / max(per_step, 1e-6))
        can_grow = state.seconds < LENGTHENED_UNTIL * seconds or fitting > MANY_MORE * state.total_steps
        most = self.config.steps if can_grow else state.total_steps
        state.total_steps = max(min(state.step + 1, state.total_steps), min(most, fitting))
        state.warm_step, state.warm_seconds, state.is_fitted = state.step, state.seconds, True

    def _select(self) -> None:
        """Keep the averaged weights if they are the best on the validation frames so far."""
        error = self.validate(self.average)
        state = self.state
        if error <= state.best_error or math.isnan(error) or not self.best:
            state.best_error, state.best_step = error, state.step
            self.best = {name: value.cpu().clone() for name, value in self.average.state_dict().items()}
        loss = state.loss_sum / max(1, state.loss_count)  # over all steps since the last row
        state.loss_sum, state.loss_count = 0.0, 0
        row = {"step": state.step, "seconds": round(state.seconds, 2), "loss": loss}
        row |= {"validation_error_px": error, "learning_rate": self._learning_rate()}
        state.history.append(row)
        self.show_row(row)
        self._report(loss)

    def _is_patience_over(self) -> bool:
        behind = self.state.step - self.state.best_step
        return behind >= self.config.patience * self.config.validate_every and bool(self.best)

    def _report(self, loss: float) -> None:
        state = self.state
        speed = state.step * self.config.batch_size / max(state.seconds, 1e-9)
        values = {"loss": loss, "images_per_s": speed}
        if state.history:
            values["validation_error_px"] = state.history[-1]["validation_error_px"]
        self.progress(Progress("training", state.step, state.total_steps, values))

    def save(self) -> None:
        """Write the whole state, atomically."""
        content = {
            "state": vars(self.state),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "torch_rng": torch.get_rng_state(),
        }
        encoded = io.BytesIO()  # PyTorch tells a full disk in too many ways
        torch.save(content, encoded)
        write_bytes(self.folder / "state.pt", encoded.getvalue())

    def resume(self) -> bool:
        """Go back to the last saved state; return False where there is none."""
        path = self.folder / "state.pt"
        if not path.is_file():
            return False
        content = torch.load(path, map_location=self.device, weights_only=True)
        self.state = State(**content["state"])
        self.network.load_state_dict(content["network"])
        self.average.load_state_dict(content["average"])
        self.best = {name: value.cpu() for name, value in content["best"].items()}
        self.optimizer.load_state_dict(content["optimizer"])
        self.scaler.load_state_dict(content["scaler"])
        torch.set_rng_state(content["torch_rng"].cpu())
        return True


@contextlib.contextmanager
def _interrupts_noted() -> Iterator[Callable[[], bool]]:
    """Note Ctrl-C instead of breaking off within a step; give a function that says whether it came.

    A step that is half done could be neither kept nor repeated exactly. A second Ctrl-C does break off: what
    is left then is the last checkpoint. Only the main thread may listen for it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    noted: list[int] = []

    def note(number: int, _frame: object) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(noted)
    finally:
        signal.signal(signal.SIGINT, before)


def choose_device(name: str) -> torch.device:
    """Return the wanted device; ``auto`` is the first of cuda, mps and cpu that works.

    Raises
    ------
    InputError
        The device is not there.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, works in available.items() if works))
    if not available[name]:
        raise InputError(
            f"the device {name!r} was asked for, but torch {torch.__version__} does not see one",
            hint="use --device auto, or install the build of torch that fits the graphics card",
        )
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the number format of the forward pass; ``auto`` is the quickest safe one for the device."""
    if name != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[name]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float32


def seed_everything(seed: int) -> None:
    """Seed what the network's initialisation draws from."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - libraries below us may draw from it


def _make_optimizer(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """Make AdamW; biases and normalisation are not decayed."""
    matrices = [p for p in network.parameters() if p.ndim > 1]
    vectors = [p for p in network.parameters() if p.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
