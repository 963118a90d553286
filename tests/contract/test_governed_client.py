"""Every door with the genuine clients: refused by name and address, and through it once others have agreed."""

import json
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contract.test_registry_client import PYTHONS, SETTINGS
from tests.live import LiveServer, clean_environment, ours

SCRIPT = Path(__file__).with_name("governed_script.py")
WITHIN_S = 90
GONE, THERE = "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"
AGAIN = {
    **dict.fromkeys(("stage", "alias", "unalias", "tag", "untag", "model tag", "model untag", "copy", "regrant"), ""),
    "stage, archiving": "",
    "delete version": GONE,
    "delete": GONE,
    "rename": GONE,
    "take back": GONE,
    "grant": THERE,
}
"""What the doors say that were gone through: nothing, or as on MLflow that what they were about is so already."""
IMPOSSIBLE = {"born approved", "born with the model"}
NAMED = re.compile(
    r"Change request (\d+) is missing 1 approval \(1 of Risk\)\. It is decided at (\S+)/admin/reviews/\1/$"
)
Told = dict[str, dict[str, str]]


@dataclass
class House:
    """A server with a policy on everything, and who works there."""

    server: LiveServer
    admin: requests.Session
    reviewer: requests.Session
    author: LiveServer
    """The same server, for a client of somebody who manages what she registers and no more."""

    def native(self, method: str, path: str, session: requests.Session | None = None, **body: Any) -> Any:
        asked = session or self.admin
        answer = asked.request(method, self.server.url(f"api/v1/{path}"), json=body or None, timeout=30)
        assert answer.ok, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def publish(self) -> None:
        """Nobody's business but that of the first test: it is in force for what comes after as well."""
        everything = {"stage": ["Production"], "alias": ["champion"], "tag": ["approved"]}
        everything |= {word: ["*"] for word in ("delete", "rename", "copy", "permission")}
        self.native("PUT", "policies/all", document={"protects": everything, "slots": {"Risk": 1}})
        self.native("POST", "policies/all/publish", reason="from now on")

    def agree(self, request: str) -> str:
        """Vote for it as soon as its evidence is complete; what becomes of it."""
        deadline = time.monotonic() + WITHIN_S
        while not (shown := self.native("GET", f"change-requests/{request}"))["evidence_digest"]:
            assert time.monotonic() < deadline, "its evidence did not come about in time"
            time.sleep(0.2)
        seen = shown["evidence_digest"]
        voted = self.native("POST", f"change-requests/{request}/approve", self.reviewer, seen=seen)
        return str(voted["state"])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ours(tmp_path) as server:
        admin = server.session()
        people = {}
        for name in ("ada", "rita", "carl"):
            password = secrets.token_urlsafe(16)
            body = {"username": name, "password": password}
            assert admin.post(server.url("api/v1/people"), json=body, timeout=30).ok
            people[name] = requests.Session()
            people[name].trust_env, people[name].auth = False, (name, password)
        author = LiveServer(server.address, server.folder, server.log, server.process, "ada", people["ada"].auth[1])
        made = House(server, admin, people["rita"], author)
        team = made.native("POST", "teams", name="Risk")
        made.native("PUT", f"teams/{team['id']}/members/rita")
        yield made


@contextmanager
def client(version: str, house: House) -> "Iterator[subprocess.Popen[str]]":
    """The script, waiting."""
    with subprocess.Popen(
        [PYTHONS[version], SCRIPT, "old" if version[0] == "2" else "new", "carl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=house.server.folder,
        env=clean_environment() | house.author.client_environment | SETTINGS,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def heard(running: "subprocess.Popen[str]") -> Told:
    """What it was told, up to its pause."""
    assert running.stdout is not None
    found: Told = {}
    for line in running.stdout:
        said = json.loads(line)
        if not said["door"]:
            return found
        found[said["door"]] = said
    raise AssertionError(f"the client ended with {running.wait()}")


def knock(running: "subprocess.Popen[str]") -> Told:
    assert running.stdin is not None
    running.stdin.write("\n")
    running.stdin.flush()
    return heard(running)


def test_every_door_is_shut_until_others_agree_and_then_open(house: House) -> None:
    with client("3.17", house) as new, client("2.22", house) as old:
        running = {"3.17": new, "2.22": old}
        for each in running.values():
            assert heard(each) == {}
        house.publish()
        asked = {version: _refused(knock(each), house) for version, each in running.items()}
        assert {version: set(found) for version, found in asked.items()} == {
            version: set(doors(version)) for version in running
        }
        for version, each in running.items():
            assert _refused(knock(each), house) == asked[version], "asking again finds the same requests"
        for requests_of_it in asked.values():
            for request in dict.fromkeys(requests_of_it.values()):
                assert house.agree(request) == "applied", house.native("GET", f"change-requests/{request}")
        for version, each in running.items():
            told = knock(each)
            assert {door: said["code"] for door, said in told.items() if door in AGAIN} == doors(version)
            assert {told[door]["code"] for door in IMPOSSIBLE} == {"PERMISSION_DENIED"}, version


def doors(version: str) -> dict[str, str]:
    """MLflow 3's client has no call that changes what somebody holds on a model."""
    return {door: said for door, said in AGAIN.items() if version[0] == "2" or door != "regrant"}


def _refused(told: Told, house: House) -> dict[str, str]:
    """The requests that the refusals name, by door."""
    assert told.pop("born unapproved")["code"] == ""
    for door in IMPOSSIBLE:
        said = told.pop(door)
        assert said["code"] == "PERMISSION_DENIED"
        assert "without the tag, and then set the tag" in said["message"]
    found = {}
    for door, said in told.items():
        # To copy, the client wraps whatever it is told into an error of its own.
        assert said["code"] == ("INTERNAL_ERROR" if door == "copy" else "PERMISSION_DENIED"), said
        named = NAMED.search(said["message"])
        assert named, said
        assert named[2] == house.server.address
        found[door] = named[1]
    return found
