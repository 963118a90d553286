from tests.tracking.artifacts.conftest import s3, s3_address  # noqa: F401  fixtures
