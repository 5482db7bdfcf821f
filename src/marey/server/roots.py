"""Which files the pages may see: a root, and what lies inside it once every link is followed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from marey.errors import MareyError, NotFoundError
from marey.server.schemas.common import Place


class ForbiddenError(MareyError, PermissionError):
    """Something that the server may not do for anybody."""


@dataclass(frozen=True)
class RootFolder:
    """A folder that the server was given."""

    id: str
    path: Path


class Roots:
    """The folders that the server was given.

    Parameters
    ----------
    folders
        Existing folders; nested ones are fine.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        resolved = dict.fromkeys(folder.resolve() for folder in folders)
        self.folders = tuple(RootFolder(_identify(path), path) for path in resolved)

    def resolve(self, place: Place) -> Path:
        """Return the path of `place`, every link followed.

        Raises
        ------
        NotFoundError
            There is no such root.
        ForbiddenError
            The path is absolute, or leads out of its root, be it by ``..`` or by a link.
        """
        root = next((folder.path for folder in self.folders if folder.id == place.root), None)
        if root is None:
            raise NotFoundError(f"the server has no root {place.root!r}", hint="load the page again")
        if _is_absolute(place.path):
            raise ForbiddenError(f"expected a path inside {root}, got the absolute path {place.path!r}")
        path = (root / place.path).resolve()
        if not path.is_relative_to(root):
            raise ForbiddenError(
                f"{place.path!r} leads out of {root}", hint="start the server with --root for that folder"
            )
        return path

    def locate(self, path: Path) -> Place | None:
        """Return `path` as a place in the innermost root that holds it, or None where none does."""
        resolved = path.resolve()
        holding = [folder for folder in self.folders if resolved.is_relative_to(folder.path)]
        if not holding:
            return None
        root = max(holding, key=lambda folder: len(folder.path.parts))
        inside = resolved.relative_to(root.path).as_posix()
        return Place(root=root.id, path="" if inside == "." else inside)

    def require(self, path: Path) -> Place:
        """Return `path` as a place.

        Raises
        ------
        ForbiddenError
            No root holds it.
        """
        place = self.locate(path)
        if place is None:
            known = ", ".join(str(folder.path) for folder in self.folders)
            raise ForbiddenError(
                f"{path} is outside of the folders that this server may show ({known})",
                hint="start it with --root for that folder",
            )
        return place


def _is_absolute(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or bool(
        PureWindowsPath(path).drive or PureWindowsPath(path).root
    )


def _identify(path: Path) -> str:
    return hashlib.sha256(str(path).encode(errors="surrogateescape")).hexdigest()[:8]
