"""Which servers this machine offers to the tests. `python -m tests.services postgres` prints the address of one.

Each address may be given by the environment; without that, the usual port of this machine is tried.
"""

import functools
import os
import socket
import sys
from urllib.parse import urlsplit

import psycopg2
import redis


@functools.cache
def postgres() -> str:
    """The address of a PostgreSQL where databases may be made, or nothing."""
    given = os.environ.get("DATABASE_URL", "")
    if given:
        return given if given.startswith("postgres") else ""
    for credentials in ("postgres", "postgres:postgres"):
        address = f"postgres://{credentials}@127.0.0.1:5432/mlregistry"
        try:
            psycopg2.connect(address.replace("/mlregistry", "/postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            continue
        return address
    return ""


@functools.cache
def redis_broker() -> str:
    """The address of a Redis, or nothing."""
    address = os.environ.get("MLREGISTRY_TEST_REDIS", "redis://127.0.0.1:6379/15")
    client = redis.Redis.from_url(address, socket_connect_timeout=2)
    try:
        client.ping()
    except redis.RedisError:
        return ""
    finally:
        client.close()
    return address


@functools.cache
def rabbitmq_broker() -> str:
    """The address of a RabbitMQ, or nothing."""
    address = os.environ.get("MLREGISTRY_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5672), timeout=2).close()
    except OSError:
        return ""
    return address


def brokers() -> dict[str, str]:
    """The message brokers to test with, by name; the embedded one (no address) is always there."""
    found = {"filesystem": "", "redis": redis_broker(), "rabbitmq": rabbitmq_broker()}
    return {name: address for name, address in found.items() if address or name == "filesystem"}


def described() -> str:
    """One line that says what this run of the tests uses."""
    database = "PostgreSQL" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "SQLite"
    return f"database: {database}; brokers: {', '.join(brokers())}; S3: moto; Azure, Google: emulators"


if __name__ == "__main__":
    sys.stdout.write(f"{postgres()}\n" if sys.argv[1:] == ["postgres"] else f"{described()}\n")
