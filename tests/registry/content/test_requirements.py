import pytest

from apps.registry.content.requirements import Requirement, parse_requirements
from mlregistry.errors import InvalidParameter

SHA = "a" * 64


def test_packages_are_sorted_by_whether_one_version_will_do() -> None:
    found = parse_requirements(
        "scikit-learn==1.9.1\nnumpy>=2,<3\npandas\nscipy==1.17.*\nfoo===1.0\nbar==1.0,>=0.5\nbaz==1.0,==2.0\n"
    )

    assert [(item.name, item.version) for item in found.pinned] == [
        ("scikit-learn", "1.9.1"),
        ("foo", "1.0"),
        ("bar", "1.0"),
    ]
    assert [(item.name, item.specifier) for item in found.unpinned] == [
        ("numpy", "<3,>=2"),
        ("pandas", ""),
        ("scipy", "==1.17.*"),
        ("baz", "==1.0,==2.0"),
    ]
    assert found.refused == []


def test_comments_continuations_extras_markers_and_hashes_are_read() -> None:
    found = parse_requirements(
        "\ufeff# made by a tool\n"
        "\n"
        'uvicorn[standard, watch] == 0.30.0 ; python_version < "3.13"  # the server\n'
        "idna==3.20 \\\n"
        f"    --hash=sha256:{SHA} \\\n"
        f"    --hash sha512:{'B' * 128}\n"
        "    # via requests\n"
    )

    assert found.pinned == [
        Requirement("uvicorn", "0.30.0", "==0.30.0", extras=("standard", "watch"), marker='python_version < "3.13"'),
        Requirement("idna", "3.20", "==3.20", hashes=(f"sha256:{SHA}", f"sha512:{'b' * 128}")),
    ]
    assert str(found.pinned[0]) == 'uvicorn[standard,watch]==0.30.0; python_version < "3.13"'
    assert (found.unpinned, found.refused) == ([], [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("-r other.txt", "includes another file"),
        ("-rother.txt", "includes another file"),
        ("--requirement=other.txt", "includes another file"),
        ("-c limits.txt", "write versions here"),
        ("-e .", "folder or repository"),
        ("--editable=.", "folder or repository"),
        ("-i https://evil.example/simple", "chooses the index"),
        ("--index-url https://evil.example/simple", "chooses the index"),
        ("--index-url=https://evil.example/simple", "chooses the index"),
        ("--extra-index-url https://evil.example/simple", "chooses the index"),
        ("--no-index", "chooses the index"),
        ("--find-links /tmp", "chooses where packages are found"),
        ("-f /tmp", "chooses where packages are found"),
        ("--trusted-host evil.example", "switches checks off"),
        ("--pre", "an option for pip"),
        ("file:///tmp/evil.whl", "names an address"),
        ("file:evil", "names an address"),
        ("https://evil.example/evil.whl", "names an address"),
        ("evil @ https://evil.example/evil.whl", "names an address"),
        ("evil @ git+https://evil.example/evil", "names an address"),
        ("evil@file:///tmp/evil.whl", "names an address"),
        ("git+https://evil.example/evil.git#egg=evil", "names a repository"),
        ("hg+ssh://evil.example/evil", "names a repository"),
        ("./evil", "file or folder"),
        ("../evil", "file or folder"),
        ("/tmp/evil", "file or folder"),
        (".", "file or folder"),
        ("evil\\evil", "file or folder"),
        ("evil-1.0-py3-none-any.whl", "file or folder"),
        ("evil.tar.gz", "file or folder"),
        ("numpy==1.0 --global-option=x", "options for pip"),
        ("numpy==1.0 --config-settings x=y", "options for pip"),
        (f"numpy==1.0 --hash=md5:{'a' * 32}", "hash that is none"),
        ("numpy==1.0 --hash=sha256:abc", "hash that is none"),
        ("numpy==1.0; echo pwned", "not a requirement"),
        ("numpy==$(touch /tmp/x)", "file or folder"),
        ("numpy==`id`", "not a requirement"),
        ("${PACKAGE}==1.0", "not a requirement"),
        ("two words", "not a requirement"),
    ],
)
def test_what_must_not_be_followed_is_refused_with_a_reason(line: str, reason: str) -> None:
    found = parse_requirements(f"numpy==2.0\n{line}\n")

    assert [item.name for item in found.pinned] == ["numpy"]
    assert found.unpinned == []
    assert [refused.line for refused in found.refused] == [line]
    assert reason in found.refused[0].reason


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_line_ends_wherever_pip_ends_it(separator: str) -> None:
    found = parse_requirements(f"numpy==2.0{separator}--index-url https://evil.example\n")

    assert [item.name for item in found.pinned] == ["numpy"]
    assert [refused.line for refused in found.refused] == ["--index-url https://evil.example"]


def test_an_option_cannot_hide_behind_a_line_that_goes_on() -> None:
    found = parse_requirements("numpy==2.0 \\\n--index-url https://evil.example\n-r \\\nother.txt")

    assert (found.pinned, found.unpinned) == ([], [])
    assert len(found.refused) == 2


def test_a_comment_ends_a_line_that_goes_on_as_it_does_for_pip() -> None:
    found = parse_requirements("numpy==2.0 \\\n# said \\\n--pre\n")

    assert [str(item) for item in found.pinned] == ["numpy==2.0"]
    assert [refused.line for refused in found.refused] == ["--pre"]


def test_endless_requirements_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="more than 5,000 lines"):
        parse_requirements("a\n" * 5_001)
    with pytest.raises(InvalidParameter, match="they can have 1,048,576"):
        parse_requirements("#" * 1_048_577)
