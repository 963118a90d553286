"""What must hold before the server starts. Each refusal is one sentence that says what to do."""

import errno
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core import checks
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from mlregistry.checks import TAG

MIGRATION_LOCK = 0x6D6C72
"""Key of the PostgreSQL advisory lock under which one of several starting servers migrates."""


class Refusal(Exception):
    """The server does not start; the message says why, and what would help."""


def require_good_settings(say: Callable[[str], None]) -> None:
    """Refuse to start with what is wrong; what works less than it could is only said."""
    found = checks.run_checks(tags=[TAG])
    wrong = [str(message.msg) for message in found if message.is_serious()]
    if wrong:
        raise Refusal(" ".join(wrong))
    for message in found:
        say(f"Warning: {message.msg}")


def require_writable(folder: Path) -> None:
    """The data folder is there, or can be made, and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Refusal(
            f"Cannot write to the data folder {folder}: {error.strerror}. "
            "Make it writable, or set MLREGISTRY_DATA to a folder that is."
        ) from None


def require_free(host: str, port: int) -> None:
    """Nobody listens there yet. Granian's workers share a port, so they would not notice another server."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            raise Refusal(_why_not_bound(host, port, error)) from None


def _why_not_bound(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program: stop it, or set MLREGISTRY_PORT to a free one."
    if error.errno == errno.EACCES:
        return f"Port {port} is for the system's own services: set MLREGISTRY_PORT to one above 1023."
    return (
        f"Cannot listen on {host}:{port}: {error.strerror or error}. Set MLREGISTRY_HOST to an address of this machine."
    )


def prepare_database(say: Callable[[str], None]) -> None:
    """Reach the database, refuse one that is not ours or newer than this code, and bring an older one up to date."""
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
    except OperationalError as error:
        raise Refusal(f"{_where()} does not answer: {_first_line(error)}") from None
    except DatabaseError as error:
        raise Refusal(f"{_where()} cannot be used: {_first_line(error)}") from None
    if "django_migrations" not in tables:
        _require_not_foreign(tables)
    with _one_at_a_time(connection):
        _migrate(say)


def _require_not_foreign(tables: list[str]) -> None:
    if "alembic_version" in tables:
        raise Refusal(
            f"{_where()} belongs to an MLflow server. This server keeps tables of its own: "
            "give it an empty database in DATABASE_URL, and leave MLflow's as it is."
        )
    if tables:
        raise Refusal(f"{_where()} holds tables that are not ours ({tables[0]}, …): give an empty one in DATABASE_URL.")


def _migrate(say: Callable[[str], None]) -> None:
    executor = MigrationExecutor(connection)
    known = executor.loader.disk_migrations or {}
    applied = set(executor.loader.applied_migrations)
    unknown = sorted(".".join(name) for name in applied - set(known) if not _was_squashed(executor, name))
    if unknown:
        raise Refusal(
            f"{_where()} was last used by a newer release of this server (it knows {unknown[-1]}): "
            "start that release or a later one."
        )
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return
    changes = f"{len(plan)} migration{'s' if len(plan) > 1 else ''}"
    say(f"The database is from an earlier release: applying {changes}." if applied else "Making the database.")
    call_command("migrate", verbosity=0, interactive=False)


def _was_squashed(executor: MigrationExecutor, name: tuple[str, str]) -> bool:
    return any(name in migration.replaces for migration in (executor.loader.disk_migrations or {}).values())


@contextmanager
def _one_at_a_time(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Of several servers that start on one PostgreSQL, the first migrates and the others wait for it."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def _where() -> str:
    """The database by its name, without the password."""
    described = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"The database {described['NAME']}"
    return f"The database {described['NAME']} at {described['HOST'] or 'localhost'}:{described['PORT'] or 5432}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
