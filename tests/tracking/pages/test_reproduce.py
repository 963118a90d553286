"""The lines to copy: right for what clients tell, harmless for what they should not."""

import shlex

import pytest

from apps.tracking.pages.reproduce import commit_address, reproduction

COMMIT = "4f3c2b1a9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a"


def test_a_script_in_a_repository() -> None:
    tags = {
        "mlflow.source.name": "train.py",
        "mlflow.source.git.commit": COMMIT,
        "mlflow.source.git.repoURL": "https://github.com/acme/churn.git",
    }
    assert reproduction(tags, []).splitlines() == [
        "git clone https://github.com/acme/churn.git source && cd source",
        f"git checkout {COMMIT}",
        "python train.py",
    ]
    assert commit_address(tags) == f"https://github.com/acme/churn/commit/{COMMIT}"


def test_a_project_is_run_by_its_entry_point_with_its_params() -> None:
    lines = reproduction({"mlflow.project.entryPoint": "main"}, [("alpha", "0.1"), ("note", "a b")])
    assert shlex.split(lines.replace("\\\n", "")) == [
        "mlflow",
        "run",
        ".",
        "-e",
        "main",
        "-P",
        "alpha=0.1",
        "-P",
        "note=a b",
    ]


@pytest.mark.parametrize("hostile", ["$(id)", "`id`", "; id", "a\nid", "-c'import os'", "' && id '", "--help"])
def test_nothing_becomes_a_command_or_an_option(hostile: str) -> None:
    tags = {
        "mlflow.source.name": hostile,
        "mlflow.source.git.commit": hostile,
        "mlflow.source.git.repoURL": hostile,
    }
    words = shlex.split(reproduction(tags, []))
    assert len(words) == 1
    assert not words[0].startswith("-")
    project = reproduction({"mlflow.project.entryPoint": "m"}, [("k", hostile)])
    assert (
        shlex.split(
            project.replace(
                "\
",
                "",
            )
        )[-1]
        == f"k={hostile}"
    )
    assert commit_address(tags) == ""


def test_without_a_source_there_are_no_lines() -> None:
    assert reproduction({}, [("alpha", "1")]) == ""
