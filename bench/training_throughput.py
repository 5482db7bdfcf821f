"""Images/s of training with the default network, and whether making the images holds it up.

    python bench/training_throughput.py PROJECT [--steps 60]

Three rates at the run's own view: the bare step on one batch that is there already; the images alone, loaded
and augmented by the same threads with nobody training; and the whole loop. Loading is no bottleneck where the
images alone are made much faster than the bare step uses them, and the loop comes close to the bare step.
"""

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from marey.progress import ignore_progress
from marey.project import Project
from marey.runs import preset
from marey.training.loop import Trainer, choose_device
from marey.training.planning import plan_for
from marey.training.samples import Batch, Samples
from marey.training.team import Team

WARM_UP = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--steps", type=int, default=60)
    arguments = parser.parse_args()
    from marey.networks.network import PoseNetwork

    project = Project.open(arguments.project)
    config = preset("balanced").with_settings({"locate_share": 0.0, "steps": 10**6})
    frames = list(project.load_labels().confirmed())
    plan = plan_for(project, frames, config)
    skeleton = project.skeleton
    samples = Samples(
        project, frames, plan, config, flip_indices=skeleton.flip_indices, is_flip_allowed=False
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            PoseNetwork(len(skeleton), stride=config.stride, width=config.pyramid_width),
            samples,
            config,
            device=choose_device("auto"),
            validate=lambda _network: float("nan"),
            show_row=lambda _row: None,
            team=Team(),
            checkpoint_folder=Path(folder),
            progress=ignore_progress,
        )
        trainer.network.train()
        for row in range(len(frames)):  # decoding the files is paid once, in the first pass over them
            samples._images[row]

        def rate(batches: Iterator[Batch], is_training: bool) -> float:
            for batch in itertools.islice(batches, WARM_UP):
                if is_training:
                    trainer._step(batch)
            began = time.perf_counter()
            for batch in itertools.islice(batches, arguments.steps):
                if is_training:
                    trainer._step(batch)
            return arguments.steps * config.batch_size / (time.perf_counter() - began)

        same = itertools.repeat(samples.batch(0))
        result = {
            "view": list(plan.size),
            "batch_size": config.batch_size,
            "device": str(trainer.device),
            "bare_step_images_per_s": rate(same, True),
            "loading_alone_images_per_s": rate(samples.batches(0, 10**6), False),
            "training_images_per_s": rate(samples.batches(0, 10**6), True),
        }
    print(json.dumps({k: round(v, 1) if isinstance(v, float) else v for k, v in result.items()}, indent=2))


if __name__ == "__main__":
    main()
