"""Installs exactly what /work/lock.txt lists into /opt/venv, and refuses what does more than that.

Run while an image is built, without a network. A wheel with another hash, one that needs something that is not listed,
and one with a .pth file, which every start of Python would run, fail the build.
"""

import subprocess
import sys
from pathlib import Path

WORK, VENV = Path("/work"), Path("/opt/venv")
PYTHON = VENV / "bin" / "python"
PIP = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check", "--no-input"]


def main() -> int:
    run([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
    install = ["install", "--no-index", "--find-links", str(WORK / "wheels"), "--require-hashes", "--no-deps"]
    run([*PIP, *install, "--only-binary", ":all:", "--no-cache-dir", "--requirement", str(WORK / "lock.txt")])
    run([*PIP, "check"])
    found = sorted(path.name for path in VENV.rglob("*.pth"))
    if found:
        return refuse(f"Packages bring files that every start of Python would run: {', '.join(found)}.")
    return 0


def run(command: list[str]) -> None:
    done = subprocess.run(command, check=False)  # noqa: S603  nothing of it comes from anybody
    if done.returncode:
        sys.exit(done.returncode)


def refuse(why: str) -> int:
    print(why, file=sys.stderr)  # noqa: T201  read in the log of the build
    return 1


if __name__ == "__main__":
    sys.exit(main())
