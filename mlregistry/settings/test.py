"""For the test suite: a throw-away data folder, a cheap password hash."""

import os
import tempfile

os.environ.setdefault("MLREGISTRY_DATA", tempfile.mkdtemp(prefix="mlregistry-test-"))
os.environ.setdefault("MLREGISTRY_SECRET_KEY", "only-for-tests-" + "0" * 32)

from mlregistry.settings.base import *  # noqa: F403  the environment comes first; settings inherit by star import

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
WHITENOISE_AUTOREFRESH = True  # looks when a file is asked for; listing them all took each new client of a test 30 ms
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, as in production: threads that share a database in memory lock each other out at once.
    DATABASES["default"]["TEST"] = {"NAME": MLREGISTRY_DATA / "test.sqlite3"}  # noqa: F405
