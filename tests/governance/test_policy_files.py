"""Policies as a file: applied, held against what is in force, written back."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Team, User
from apps.governance.models import ChangeRequest, Policy
from tests.governance.making import approve

pytestmark = pytest.mark.django_db

FILE = """\
production:
  models: [fraud-*]
  protects: {stage: [Production]}
  slots: {Risk: 1}
champions:
  protects: {alias: [champion]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policies.yaml"
    path.write_text(FILE)
    return path


def test_the_first_is_done_and_the_second_asked_for(
    file: Path, risk: Team, root: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("apply_policies", file, username="root", reason="from git")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "production: done."
    assert said[1].startswith("champions: asked for, to be approved at http")
    call_command("apply_policies", file, username="root")
    assert ChangeRequest.objects.count() == 1
    approve(ChangeRequest.objects.get(), User.objects.create_superuser("rosa"))
    call_command("apply_policies", file, username="root")
    assert "already" in capsys.readouterr().out


def test_what_is_exported_is_what_was_applied(
    file: Path, risk: Team, root: User, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call_command("apply_policies", file, username="root")
    approve(ChangeRequest.objects.get(), User.objects.create_superuser("rosa"))
    capsys.readouterr()
    call_command("apply_policies", export=True)
    exported = tmp_path / "exported.yaml"
    exported.write_text(capsys.readouterr().out)
    call_command("apply_policies", exported, diff=True, retire=True)
    assert "what the file says" in capsys.readouterr().out


def test_differences_are_shown_and_nothing_is_changed(
    file: Path, risk: Team, root: User, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="2 of the policies differ"):
        call_command("apply_policies", file, diff=True)
    assert "+  stage:" in capsys.readouterr().out
    assert not Policy.objects.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("production: [", "no YAML"),
        ("- a", "is a mapping"),
        ("a: &a {}\nb: *a", "no references"),
        ("production: {protects: {stage: [Production]}, approvals: many}", "production: This policy cannot be read"),
        ("production: {protects: {stage: [Production]}, slots: {Nobody: 1}}", "no team named Nobody"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_changes_nothing(text: str, said: str, tmp_path: Path, root: User) -> None:
    path = tmp_path / "policies.yaml"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        call_command("apply_policies", path, username="root")
    assert not Policy.objects.filter(current__isnull=False).exists()


def test_it_is_replayed_over_the_past(file: Path, risk: Team, root: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("apply_policies", file, dry_run=True)
    assert "production: Nothing is on record that this policy would have protected." in capsys.readouterr().out
    assert not Policy.objects.exists()


def test_what_is_not_in_the_file_is_retired_only_when_asked(file: Path, risk: Team, root: User, tmp_path: Path) -> None:
    call_command("apply_policies", file, username="root")
    approve(ChangeRequest.objects.get(), User.objects.create_superuser("rosa"))
    file.write_text(FILE.split("champions:", maxsplit=1)[0])
    call_command("apply_policies", file, username="root")
    assert Policy.objects.filter(current__isnull=False).count() == 2
    call_command("apply_policies", file, username="root", retire=True)
    request = ChangeRequest.objects.get(state="open")
    assert request.summary == "retire policy champions"
    approve(request, User.objects.get(username="rosa"))
    assert Policy.objects.get(current__isnull=False).name == "production"
