"""Set Marey up and run it, with Python 3.11 or newer and nothing else.

    python run.py demo     install, then go through the whole workflow on a small made-up recording
    python run.py test     install what the tests need, then run them
    python run.py marey …  install, then run any marey command

The first call makes a virtual environment in the folder .venv and installs the versions that were tested
(constraints.txt); later calls reuse it. It uses the standard library only.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = Path(os.environ.get("MAREY_VENV", ROOT / ".venv"))
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
EXTRAS = {"demo": "fast", "marey": "fast", "test": "fast,docs,nwb,test,e2e"}


def main() -> int:
    """Install what the wanted command needs, run it, and return its exit code."""
    command, *arguments = sys.argv[1:] or ["help"]
    if command not in EXTRAS:
        sys.stderr.write(__doc__ or "")
        return 0 if command in ("help", "-h", "--help") else 2
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python may well run this file
        sys.stderr.write(f"Marey needs Python 3.11 or newer; this is {sys.version.split()[0]}\n")
        return 1
    if not install(EXTRAS[command]):
        return 1
    if command == "test":
        # Tests of one file stay together, so that what they share is made once; who is done early takes over.
        return run(PYTHON, "-m", "pytest", "-n", "auto", "--dist", "worksteal", *arguments)
    return run(PYTHON, "-m", "marey", *(["demo"] if command == "demo" else []), *arguments)


def install(extras: str) -> bool:
    """Make the environment and install Marey with `extras`, unless that has been done already."""
    wanted = fingerprint(extras)
    stamp = ENVIRONMENT / "marey-installed"
    if PYTHON.exists() and stamp.exists() and wanted in stamp.read_text().splitlines():
        return True
    sys.stderr.write(f"Installing Marey in {ENVIRONMENT} (some minutes, once) ...\n")
    try:
        if not PYTHON.exists():
            venv.create(ENVIRONMENT, with_pip=True, clear=ENVIRONMENT.exists())
    except subprocess.CalledProcessError:
        sys.stderr.write(
            "Python could not make a virtual environment.\n"
            "hint: on Debian and Ubuntu, install the package python3-venv\n"
        )
        return False
    target = f"{ROOT}[{extras}]"
    code = run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--constraint", ROOT / "constraints.txt", "--editable", target)  # fmt: skip
    if code == 0:
        with stamp.open("a") as file:
            file.write(wanted + "\n")
    return code == 0


def fingerprint(extras: str) -> str:
    """Return what the environment depends on: change it, and the next call installs again."""
    digest = hashlib.sha256(extras.encode())
    pages = [path for path in (ROOT / "web" / "src").rglob("*") if path.is_file()]
    for path in (ROOT / "pyproject.toml", ROOT / "constraints.txt", ROOT / "hatch_build.py", *sorted(pages)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def run(*command: object) -> int:
    """Run a command in this folder's environment and return its exit code."""
    try:
        return subprocess.run([str(part) for part in command], check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return 1


if __name__ == "__main__":
    sys.exit(main())
