"""How long and how many: the limits of the registry's wire (source: MLflow 3.17 `utils/validation.py`, its tables)."""

MODEL_NAME = 256
DESCRIPTION = 5_000
TAG_KEY = 250
TAG_VALUE = 100_000
ALIAS = 255
SOURCE = 500
RUN_LINK = 500

MODELS_PAGE = 1_000
VERSIONS_PAGE = 200_000
WEBHOOKS_PAGE = 1_000

WEBHOOK_NAME = 63
WEBHOOK_DESCRIPTION = 1_000
WEBHOOK_URL = 500
WEBHOOK_SECRET = 500

CARD_SECTION = 50_000
"""Characters of Markdown in one section of a model card."""
