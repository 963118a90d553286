"""Settings that hold everywhere. Every choice comes from the environment; `mlregistry/checks.py` refuses bad ones."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from mlregistry.levels import Level
from mlregistry.settings.environment import age, database, email, env, host_of, level, number, whole_number
from mlregistry.settings.keys import secret_key

BASE_DIR = Path(__file__).resolve().parents[2]

# Where it listens, and where the embedded database, artifacts, keys and queue live.
MLREGISTRY_HOST: str = env.str("MLREGISTRY_HOST", default="127.0.0.1")
MLREGISTRY_PORT = whole_number("MLREGISTRY_PORT", 5000)
# The address that people reach it by, for links in messages.
MLREGISTRY_URL: str = env.str("MLREGISTRY_URL", default=f"http://{MLREGISTRY_HOST}:{MLREGISTRY_PORT}").rstrip("/")
MLREGISTRY_DATA = Path(env.str("MLREGISTRY_DATA", default=str(BASE_DIR / "data"))).resolve()
MLREGISTRY_WORKERS = whole_number("MLREGISTRY_WORKERS", 2)

# Background work: `redis://…` or `amqp://…`; empty keeps the queue in a folder of MLREGISTRY_DATA. Installations that
# share a broker each name a queue of their own. A job whose worker has been silent for six heartbeats is run anew.
MLREGISTRY_BROKER: str = env.str("MLREGISTRY_BROKER", default="")
MLREGISTRY_QUEUE: str = env.str("MLREGISTRY_QUEUE", default="mlregistry")
MLREGISTRY_JOB_HEARTBEAT = number("MLREGISTRY_JOB_HEARTBEAT", 10.0)

# How long deleted runs, models and experiments can be restored before the daily gc removes them for good.
MLREGISTRY_GC_OLDER_THAN = age("MLREGISTRY_GC_OLDER_THAN", "30d")

# Artifacts: where the proxy keeps files, what new experiments get as their location, and which half is served.
MLREGISTRY_ARTIFACTS: str = env.str("MLREGISTRY_ARTIFACTS", default=str(MLREGISTRY_DATA / "artifacts"))
MLREGISTRY_ARTIFACT_ROOT: str = env.str("MLREGISTRY_ARTIFACT_ROOT", default="mlflow-artifacts:/")
MLREGISTRY_SERVE: str = env.str("MLREGISTRY_SERVE", default="all")
# Larger uploads are refused; 0 sets no limit.
MLREGISTRY_ARTIFACT_MAX_BYTES: int = env.int("MLREGISTRY_ARTIFACT_MAX_BYTES", default=0)

# Object stores, under the names that django-storages reads; keys of S3 it takes from AWS_ACCESS_KEY_ID and its like.
AWS_S3_ENDPOINT_URL: str | None = (
    env.str("AWS_S3_ENDPOINT_URL", default="") or env.str("MLFLOW_S3_ENDPOINT_URL", default="") or None
)
AWS_S3_REGION_NAME: str | None = env.str("AWS_S3_REGION_NAME", default="") or env.str("AWS_REGION", default="") or None
AWS_S3_ADDRESSING_STYLE: str | None = env.str("AWS_S3_ADDRESSING_STYLE", default="") or None
AWS_S3_VERIFY: bool | None = env.bool("AWS_S3_VERIFY", default=None)
GS_PROJECT_ID: str | None = env.str("GS_PROJECT_ID", default="") or None
GS_CUSTOM_ENDPOINT: str | None = env.str("GS_CUSTOM_ENDPOINT", default="") or None
AZURE_ACCOUNT_NAME: str | None = env.str("AZURE_ACCOUNT_NAME", default="") or None
AZURE_ACCOUNT_KEY: str | None = env.str("AZURE_ACCOUNT_KEY", default="") or None
AZURE_SAS_TOKEN: str | None = env.str("AZURE_SAS_TOKEN", default="") or None
AZURE_CONNECTION_STRING: str | None = env.str("AZURE_CONNECTION_STRING", default="") or None

# Access.
MLREGISTRY_AUTH: str = env.str("MLREGISTRY_AUTH", default="on")
MLREGISTRY_ADMIN_USERNAME: str = env.str("MLREGISTRY_ADMIN_USERNAME", default="admin")
MLREGISTRY_ADMIN_PASSWORD: str = env.str("MLREGISTRY_ADMIN_PASSWORD", default="")
MLREGISTRY_DEFAULT_PERMISSION = level("MLREGISTRY_DEFAULT_PERMISSION", "READ", tuple(Level))
# What whoever makes an experiment or registers a model gets on it.
MLREGISTRY_CREATOR_PERMISSION = level("MLREGISTRY_CREATOR_PERMISSION", "MANAGE", (Level.EDIT, Level.MANAGE))

# The registry: stages beside MLflow's four, sources that versions may name beside this server's own artifacts, and the
# key that signs what versions are made of (made at the first start, kept in MLREGISTRY_DATA, unless a file is named).
MLREGISTRY_STAGES: tuple[str, ...] = tuple(env.list("MLREGISTRY_STAGES", default=[]))
MLREGISTRY_MODEL_SOURCES: tuple[str, ...] = tuple(
    env.list("MLREGISTRY_MODEL_SOURCES", default=["s3://", "gs://", "wasbs://", "abfss://", "hdfs://", "dbfs:/"])
)
MLREGISTRY_SIGNING_KEY: str = env.str("MLREGISTRY_SIGNING_KEY", default="")

# Addresses of private networks that webhooks may reach all the same: hosts or networks, such as 10.1.0.0/16.
MLREGISTRY_OUTGOING_ALLOW: tuple[str, ...] = tuple(env.list("MLREGISTRY_OUTGOING_ALLOW", default=[]))

# Gates: advisories in OSV's format (a JSON file, a zip, or a folder of either) that dependencies are held against, and
# the secret that what external gates are asked is signed with.
MLREGISTRY_ADVISORIES: str = env.str("MLREGISTRY_ADVISORIES", default="")
MLREGISTRY_GATE_SECRET: str = env.str("MLREGISTRY_GATE_SECRET", default="")

# Serving: the image that all others are built on (with python3, venv and pip), the index of the packages (PyPI unless
# named), the network in which these are fetched, the one in which models answer, and the memory that each of them gets.
MLREGISTRY_SERVING_BASE: str = env.str("MLREGISTRY_SERVING_BASE", default="python:3.11-slim-bookworm")
MLREGISTRY_SERVING_INDEX: str = env.str("MLREGISTRY_SERVING_INDEX", default="https://pypi.org/simple")
MLREGISTRY_SERVING_FETCH_NETWORK: str = env.str("MLREGISTRY_SERVING_FETCH_NETWORK", default="bridge")
MLREGISTRY_SERVING_NETWORK: str = env.str("MLREGISTRY_SERVING_NETWORK", default="mlregistry-serving")
MLREGISTRY_SERVING_MEMORY: str = env.str("MLREGISTRY_SERVING_MEMORY", default="2g")

# Notices: the mail server (`smtp://…`; without one, e-mails are written to the worker's output), from whom they come,
# and the address of a channel that all share, which is a secret.
globals().update(email("MLREGISTRY_EMAIL_URL"))
EMAIL_TIMEOUT = 20
MLREGISTRY_EMAIL_FROM: str = env.str("MLREGISTRY_EMAIL_FROM", default=f"mlregistry@{host_of(MLREGISTRY_URL)}")
MLREGISTRY_SLACK_WEBHOOK: str = env.str("MLREGISTRY_SLACK_WEBHOOK", default="")

DEBUG = False
SECRET_KEY = secret_key(env.str("MLREGISTRY_SECRET_KEY", default=""), MLREGISTRY_DATA)
ALLOWED_HOSTS: list[str] = env.list(
    "MLREGISTRY_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", MLREGISTRY_HOST]
)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("MLREGISTRY_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "mlregistry.console.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "axes",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "mlregistry",
    "apps.audit",
    "apps.accounts",
    "apps.jobs",
    "apps.governance",
    "apps.notices",
    "apps.tracking",
    "apps.registry",
    "apps.serving",
    "apps.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "mlregistry.headers.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.laptop.LaptopMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "mlregistry.urls"
WSGI_APPLICATION = "mlregistry.wsgi.application"
APPEND_SLASH = False

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = {"default": database("DATABASE_URL", MLREGISTRY_DATA / "mlregistry.sqlite3")}
DATABASES["default"]["CONN_MAX_AGE"] = None
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock up front: four writers then wait for each other instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "apps.accounts.passwords.AcceptableValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False

# Lock-out: ten failures of one name from one address, for a quarter of an hour. Kept in the database, so that every
# worker counts the same; allauth's own counters, one per process, stay out of it.
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = False
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "apps.accounts.lockout.counted_credentials"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
AXES_DISABLE_ACCESS_LOG = True  # the audit has every sign-in
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Guardian lends its tables; levels are read by apps.accounts.grants, since each includes those before it, which
# guardian's own backend does not know.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # its backend is left out on purpose

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.authentication.WireAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["mlregistry.native_parser.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "mlregistry.native_schema.NativeSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "PAGE_SIZE": 100,
    "EXCEPTION_HANDLER": "mlregistry.wire.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "mlregistry",
    "DESCRIPTION": (
        "Two APIs with one set of rules: the native one below `/api/v1`, and MLflow's wire below `/api/2.0` and"
        " `/api/3.0`, whose calls answer at the same paths below `/ajax-api` too. `x-requires` names what a call asks"
        " of its caller: a level on the object it is about, or who the caller is. On the wire, fields that nobody"
        " knows are ignored, whole numbers may be strings, and an absent field has its default."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]+",
    "ENUM_NAME_OVERRIDES": {
        "KindEnum": "apps.accounts.choices.UserKind",
        "RequestKindEnum": "apps.governance.choices.Kind",
        "RequestStateEnum": "apps.governance.choices.State",
        "NoticeEventEnum": "apps.notices.choices.EVENTS",
        "GateVerdictEnum": "apps.governance.choices.GateVerdict",
        "ImageStateEnum": "apps.serving.choices.ImageState",
        "RolloutStateEnum": "apps.serving.choices.RolloutState",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "mlregistry.wire.openapi.describe_wire",
    ],
}

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# One line per event, on standard error. Refused requests are the client's affair; the audit record keeps what matters.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
