"""The demo's folder: what it may write, and what of it may be replaced."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from marey.errors import AlreadyExistsError
from marey.files import write_json

MARK = "marey-demo.json"


@dataclass(frozen=True)
class DemoFolder:
    """Where everything of a demo lies.

    Parameters
    ----------
    root
        The demo's folder.
    """

    root: Path

    @property
    def recordings(self) -> Path:
        """The rendered videos and their truth."""
        return self.root / "recordings"

    @property
    def project(self) -> Path:
        """The project."""
        return self.root / "project"

    @property
    def results(self) -> Path:
        """Poses, labelled video and plots of the unseen recording."""
        return self.root / "results"

    @property
    def made(self) -> tuple[Path, ...]:
        """What a demo makes, and what the next one replaces."""
        return self.recordings, self.project, self.results

    @classmethod
    def claim(cls, root: str | Path, *, overwrite: bool = False) -> "DemoFolder":
        """Make the folder ready, with what an earlier demo left in it removed.

        Parameters
        ----------
        root
            A new or empty folder, or one that an earlier demo made.
        overwrite
            Whether it may be another folder: what is in it stays, but a folder with a name that the demo
            needs is never replaced unless a demo made it.

        Raises
        ------
        AlreadyExistsError
            There is something else in it.
        """
        folder = cls(Path(root).absolute())
        if folder._is_own():
            for path in folder.made:
                shutil.rmtree(path, ignore_errors=True)
        elif folder.root.exists():
            in_the_way = [path for path in folder.made if path.exists()]
            is_used = not folder.root.is_dir() or any(folder.root.iterdir())
            if in_the_way or (is_used and not overwrite):
                raise AlreadyExistsError(
                    f"{in_the_way[0] if in_the_way else folder.root} exists and was not made by the demo; "
                    "nothing was written",
                    hint="choose a new folder: marey demo FOLDER",
                )
        folder.root.mkdir(parents=True, exist_ok=True)
        folder.write_mark({"finished": False})
        return folder

    def write_mark(self, content: dict) -> None:
        """Write what says that the folder is a demo's, and what it found."""
        write_json(self.root / MARK, {"made_by": "marey demo", **content})

    def _is_own(self) -> bool:
        try:
            mark = json.loads((self.root / MARK).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(mark, dict) and mark.get("made_by") == "marey demo"
