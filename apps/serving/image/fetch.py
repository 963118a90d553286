"""Fetches the wheels that a model needs, in a container of their own: the one step of a build that has a network.

/work/requirements.txt says what is wanted. Where it has a hash for each package, exactly those come; otherwise pip
looks for what goes together. /work/lock.txt is then what came, every package with its version and hash. Only wheels
are taken: nothing that comes is run here.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

WORK = Path("/work")
WHEELS = WORK / "wheels"


def main() -> int:
    wanted = WORK / "requirements.txt"
    WHEELS.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "--only-binary", ":all:", "--dest", str(WHEELS), "--requirement", str(wanted)]
    if "--hash=" in wanted.read_text():
        command += ["--require-hashes", "--no-deps"]
    done = subprocess.run(command, check=False)  # noqa: S603  nothing of it comes from anybody
    if done.returncode:
        return done.returncode
    (WORK / "lock.txt").write_text("".join(sorted(locked(wheel) for wheel in WHEELS.iterdir())))
    return 0


def locked(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{name.lower().replace('_', '-')}=={version} --hash=sha256:{digest}\n"


if __name__ == "__main__":
    sys.exit(main())
