"""What others wrote is what the npm registry has, byte for byte, with its licence beside it."""

import hashlib
from pathlib import Path

from django.contrib.staticfiles import finders

FOLDER = Path(finders.find("vendor/SHA512SUMS") or "").parent


def test_every_script_is_the_one_that_was_taken() -> None:
    sums = dict(line.split()[::-1] for line in (FOLDER / "SHA512SUMS").read_text().splitlines())
    scripts = {path.name: hashlib.sha512(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.js")}
    assert scripts == sums
    for name in scripts:
        assert (FOLDER / f"{name.split('-')[0]}-LICENSE").is_file()
