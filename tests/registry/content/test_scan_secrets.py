from pathlib import Path

import pytest

from apps.accounts import secret
from apps.registry.choices import Verdict
from tests.registry.content.making import kinds, scanned, zipped

LETTERS = "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zAbCdEfGhIjKlMnOpQ"
SECRETS = {
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "private key, plain": "-----BEGIN " + "PRIVATE KEY-----",
    "private key, OpenSSH": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "private key, PGP": "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
    "AWS access key": "AKIA" + "Q3EGRIZPWMZLJH5D",
    "temporary AWS access key": "ASIA" + "Q3EGRIZPWMZLJH5D",
    "AWS secret access key": "aws_secret_access_key = " + LETTERS[:40],
    "AWS secret access key, JSON": '"AwsSecretAccessKey": "' + LETTERS[:40] + '"',
    "GitHub token": "ghp_" + LETTERS[:36],
    "GitHub token, fine": "github_pat_" + LETTERS[:22] + "_" + LETTERS[:40],
    "GitLab token": "glpat-" + LETTERS[:20],
    "Slack token": "xoxb-" + "123456789012-123456789012-" + LETTERS[:24],
    "Slack webhook": "https://hooks.slack.com/services/" + "T0123ABCD/B0123ABCD/" + LETTERS[:24],
    "Google API key": "AIza" + LETTERS[:35],
    "Google OAuth secret": "GOCSPX-" + LETTERS[:28],
    "OpenAI key": "sk-" + LETTERS[:20] + "T3BlbkFJ" + LETTERS[:20],
    "OpenAI key, project": "sk-proj-" + LETTERS,
    "Anthropic key": "sk-ant-" + LETTERS,
    "Hugging Face token": "hf_" + LETTERS[:34],
    "Stripe key": "sk_live_" + LETTERS[:24],
    "JSON web token": "eyJ" + LETTERS[:20] + ".eyJ" + LETTERS[:30] + "." + LETTERS[:43],
    "password in a URL": "postgres://ada:" + "correct-horse" + "@db.internal:5432/x",
    "token of this server": secret.make()[0],
}


@pytest.mark.parametrize("kind", SECRETS)
def test_each_kind_of_secret_is_found_and_not_repeated(tmp_path: Path, kind: str) -> None:
    report = scanned(tmp_path, {"config.yaml": f"first: 1\nsecond: {SECRETS[kind]}\n".encode()})

    assert report.verdict == Verdict.SUSPICIOUS
    assert len(report.findings) == 1
    finding = report.findings[0]
    assert (finding["path"], finding["kind"], finding["severity"]) == ("config.yaml", "secret", "warning")
    assert finding["detail"].startswith(f"Line 2 has what looks like a {kind.partition(',')[0]}: ")
    assert not any(SECRETS[kind][-12:] in value for value in finding.values()) or "PRIVATE KEY" in SECRETS[kind]
    assert "correct-horse" not in str(report.findings)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AKIAIOSFODNN7EXAMPLE",
        "AKIA" + "q3egrizpwmzljh5d",
        "XAKIA" + "Q3EGRIZPWMZLJH5D",
        "ghp_short",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "https://example.org:8080/path@x",
        "https://user@example.org/",
        "postgres://user:${PASSWORD}@host/db",
        "postgres://user:<password>@host/db",
        "postgres://user:{password}@host/db",
        "eyJhbGciOi.eyJ.x",
        "mlr_" + "0" * 16,
        "sk-learn and sk-image",
        "scikit_learn_hf_model",
    ],
)
def test_what_only_looks_a_little_like_a_secret_is_none(tmp_path: Path, text: str) -> None:
    assert scanned(tmp_path, {"notes.txt": text.encode()}).findings == []


def test_secrets_are_found_in_archives_and_in_other_encodings(tmp_path: Path) -> None:
    text = f"key: {SECRETS['GitHub token']}"

    report = scanned(
        tmp_path,
        {"a.zip": zipped({"b.env": text.encode()}), "c.txt": text.encode("utf-16"), "d": b"\xff" + text.encode()},
    )

    assert kinds(report) == {("a.zip!/b.env", "secret"), ("c.txt", "secret"), ("d", "secret")}


def test_raw_data_is_not_searched(tmp_path: Path) -> None:
    assert scanned(tmp_path, {"weights": bytes(10) + SECRETS["GitHub token"].encode()}).findings == []


def test_large_texts_are_searched_as_far_as_five_megabytes(tmp_path: Path) -> None:
    token = SECRETS["GitHub token"].encode()
    megabyte = b"nothing to see here\n" * 52_429

    report = scanned(tmp_path, {"near.csv": megabyte * 4 + token, "far.csv": megabyte * 6 + token})

    assert kinds(report) == {("near.csv", "secret")}
    assert report.findings[0]["detail"].startswith("Line 209717 ")


def test_a_file_full_of_secrets_is_told_of_with_measure(tmp_path: Path) -> None:
    report = scanned(tmp_path, {"all.txt": "\n".join(["x " + SECRETS["GitHub token"]] * 1000).encode()})

    assert len(report.findings) == 20


@pytest.mark.parametrize(
    "text", ["eyJ" * 1_600_000, "-eyJ" * 1_200_000, "sk-" * 1_600_000, "://a:" * 1_000_000, "xox" * 1_600_000]
)
def test_no_text_takes_long(tmp_path: Path, text: str) -> None:
    assert scanned(tmp_path, {"long.txt": text.encode()}).findings == []
