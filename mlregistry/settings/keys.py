"""The server's own secrets: made once at first start, kept in the data folder, readable by its owner alone."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

MINIMUM_LENGTH = 32


def secret_key(given: str, data: Path) -> str:
    """The given key; without one, the key kept in `data/keys/secret`, made when there is none yet."""
    if given:
        if len(given) < MINIMUM_LENGTH:
            raise ImproperlyConfigured(
                f"MLREGISTRY_SECRET_KEY has {len(given)} characters; give at least {MINIMUM_LENGTH} random ones."
            )
        return given
    return keep(data / "keys" / "secret", lambda: secrets.token_urlsafe(48))


def keep(path: Path, make: Callable[[], str]) -> str:
    """What is kept in the file `path` of the data folder's `keys`; made by `make` when there is nothing yet."""
    try:
        return path.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return _make(path, make())
    except OSError as error:
        raise ImproperlyConfigured(f"Cannot read {path}: {error.strerror}.") from None


def _make(path: Path, key: str) -> str:
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.touch(mode=0o600)
        with temporary.open("w") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())  # a key that is lost takes what it signed along
        # A hard link fails where the name exists: of two processes starting at once, the first key stays.
        os.link(temporary, path)
    except FileExistsError:
        key = path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"Cannot write to the data folder {path.parent.parent}: {error.strerror}. "
            "Make it writable, or set MLREGISTRY_DATA to a folder that is."
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink()
    return key
