"""What is installed into an image is what the lock lists, or nothing is: tried with wheels made by hand."""

import hashlib
import io
import zipfile
from collections.abc import Mapping

import docker
import pytest

from apps.serving.engine.client import PROGRAMS, put, remove
from tests.engine import BASE

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("docker")]


def wheel(name: str, needs: str = "", **files: str) -> tuple[str, bytes]:
    """The name and the bytes of a wheel of version 1.0."""
    info = f"{name}-1.0.dist-info"
    written = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **files,
    }
    written[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*written, f"{info}/RECORD"])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in written.items():
            archive.writestr(path, text)
    return f"{name}-1.0-py3-none-any.whl", packed.getvalue()


def locked(*wheels: tuple[str, bytes]) -> str:
    return "".join(
        f"{name.partition('-')[0]}==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
        for name, content in wheels
    )


def installed(engine: docker.DockerClient, wheels: Mapping[str, bytes], lock: str) -> tuple[int, str]:
    """How the program that installs ends, and what it says."""
    container = engine.containers.create(BASE, ["python3", "-I", "/work/install.py"], network_mode="none")
    try:
        program = PROGRAMS.joinpath("install.py").read_bytes()
        packed = {f"work/wheels/{name}": content for name, content in wheels.items()}
        put(container, "/", {**packed, "work/install.py": program, "work/lock.txt": lock.encode()})
        container.start()
        return container.wait()["StatusCode"], container.logs().decode()
    finally:
        remove(container)


def test_what_the_lock_lists_is_installed(engine: docker.DockerClient) -> None:
    wheels = [wheel("first", needs="second"), wheel("second")]
    status, said = installed(engine, dict(wheels), locked(*wheels))
    assert status == 0, said


def test_a_wheel_with_another_hash_is_not(engine: docker.DockerClient) -> None:
    status, said = installed(engine, dict([wheel("first", other="x")]), locked(wheel("first")))
    assert status != 0
    assert "DO NOT MATCH THE HASHES" in said


def test_what_needs_more_than_is_listed_is_not(engine: docker.DockerClient) -> None:
    first = wheel("first", needs="second")
    status, said = installed(engine, dict([first, wheel("second")]), locked(first))
    assert status != 0
    assert "first 1.0 requires second, which is not installed" in said


def test_what_every_start_of_python_would_run_is_not(engine: docker.DockerClient) -> None:
    first = wheel("first", **{"first.pth": "import os; os.environ['SUNG'] = 'yes'"})
    status, said = installed(engine, dict([first]), locked(first))
    assert status != 0
    assert "first.pth" in said
