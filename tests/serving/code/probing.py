"""A model that tries to get out of its container. It predicts which of its ways did."""

import os
import socket
import subprocess

import mlflow

WRITES = (
    "/etc/passwd",
    "/opt/model/MLmodel",
    "/opt/scorer/scorer.py",
    "/opt/venv/x.pth",
    "/root/x",
    "/usr/bin/x",
    "/x",
)
SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock")
ADDRESSES = (
    *(("1.1.1.1", 53), ("8.8.8.8", 443), ("169.254.169.254", 80), ("192.168.0.1", 80), ("10.0.0.1", 80)),
    *(("pypi.org", 443), ("2606:4700:4700::1111", 443)),
)
FILES = ("/etc/shadow", "/root/.bashrc", "/proc/1/environ_of_the_host", "/dev/sda", "/dev/mem", "/proc/kcore")


def write(path):
    with open(path, "a") as file:
        file.write("x")


def read(path):
    with open(path, "rb") as file:
        assert file.read(1)


def reach(address):
    socket.create_connection(address, timeout=1).close()


def listen(path):
    socket.socket(socket.AF_UNIX).connect(path)


def run(*command):
    subprocess.run(command, check=True, capture_output=True, timeout=10)


def multiply():
    """As many processes as the machine gives, up to more than anybody is to have."""
    children = []
    try:
        children.extend(subprocess.Popen(["sleep", "30"]) for _ in range(600))
    finally:
        for child in children:
            child.kill()
            child.wait()


def remember():
    """More memory than it may have, in a process that may die of it."""
    run("/opt/venv/bin/python", "-c", "x = bytearray(3 * 1024**3); x[:: 4096] = b'1' * len(x[:: 4096])")


def ways():
    yield from ((f"write {path}", lambda path=path: write(path)) for path in WRITES)
    yield from ((f"read {path}", lambda path=path: read(path)) for path in FILES)
    yield from ((f"reach {address}", lambda address=address: reach(address)) for address in ADDRESSES)
    yield from ((f"listen {path}", lambda path=path: listen(path)) for path in SOCKETS)
    yield "be root", lambda: os.setuid(0)
    yield "mount", lambda: run("mount", "-t", "tmpfs", "none", "/mnt")
    yield "change the owner", lambda: os.chown("/tmp", 0, 0)
    yield "set the clock", lambda: run("date", "-s", "2000-01-01")
    yield "switch to root", lambda: run("su", "-c", "true")
    yield "trace the first process", lambda: read("/proc/1/mem")
    yield "make a device", lambda: os.mknod("/tmp/disk", 0o060600, os.makedev(8, 0))
    yield "name the machine", lambda: run("hostname", "other")
    yield "multiply", multiply
    yield "remember", remember


def succeeds(way):
    try:
        way()
    except Exception:
        return False
    return True


class Probing(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        tried = list(ways())
        return [str(len(tried)), *(name for name, way in tried if succeeds(way))]


mlflow.models.set_model(Probing())
