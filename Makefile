# make run: a server on this machine. make test: everything that can be tested here. The rest is for working on it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := run

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# `uv --version` and not `command -v`: version switchers leave a uv on the path that runs nothing.
UV := $(shell uv --version >/dev/null 2>&1 && echo yes)

SERVER := base postgres s3 redis parquet
LOCKS = $(patsubst %,requirements/%.txt,$(1))

ifeq ($(UV),yes)
make_venv = uv venv --quiet --allow-existing --python $(PYTHON) $(1)
install = uv pip install --quiet --python $(1)/bin/python --require-hashes $(patsubst %,-r requirements/%.txt,$(2))
else
make_venv = $(PYTHON) -m venv $(1)
install = $(1)/bin/python -m pip install --quiet --require-hashes $(patsubst %,-r requirements/%.txt,$(2))
endif

.PHONY: run demo setup setup-test setup-dev test bench bench-large bench-charts bench-pages screenshots lint types layers schema schema-check golden races migrations-check requirements

run: setup
	@exec $(BIN)/python manage.py serve

# Fills the server that `make run` starts, or will start: make demo DEMO='--runs 1000'
demo: $(VENV)/.demo
	@$(BIN)/python manage.py demo $(DEMO)

# A stamp per set of requirements: nothing is asked or installed again until a .txt changes.
setup: $(VENV)/.server ; @:
setup-test: $(VENV)/.test .venv-mlflow2/.ready ; @:
setup-dev: $(VENV)/.dev ; @:

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mlregistry needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making $(VENV) …"
	@$(call make_venv,$(VENV))

$(VENV)/.server: $(call LOCKS,$(SERVER)) | $(BIN)/python
	@echo "Installing what the server needs …"
	@$(call install,$(VENV),$(SERVER))
	@touch $@

$(VENV)/.demo: $(VENV)/.server $(call LOCKS,demo)
	@echo "Installing what the demo needs …"
	@$(call install,$(VENV),$(SERVER) demo)
	@touch $@

$(VENV)/.test: $(VENV)/.server $(call LOCKS,test)
	@echo "Installing what the tests need …"
	@$(call install,$(VENV),$(SERVER) test)
	@touch $@

$(VENV)/.dev: $(VENV)/.test $(call LOCKS,dev)
	@echo "Installing linters and type checkers …"
	@$(call install,$(VENV),$(SERVER) test dev)
	@touch $@

.venv-mlflow2/.ready: $(call LOCKS,mlflow2)
	@echo "Installing the MLflow 2 client …"
	@$(call make_venv,.venv-mlflow2)
	@$(call install,.venv-mlflow2,mlflow2)
	@touch $@

test: setup-test
	@.ci/browser
	@.ci/azurite >/dev/null
	@.ci/docker
	@.ci/test

lint: setup-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup-dev
	@$(BIN)/mypy mlregistry apps manage.py

layers: setup-dev
	@$(BIN)/lint-imports

migrations-check: setup-dev
	@DJANGO_SETTINGS_MODULE=mlregistry.settings.test $(BIN)/python manage.py makemigrations --check --dry-run

schema: setup
	@DJANGO_SETTINGS_MODULE=mlregistry.settings.test $(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

schema-check: setup
	@new=$$(mktemp); trap 'rm -f "$$new"' EXIT; \
	  DJANGO_SETTINGS_MODULE=mlregistry.settings.test $(BIN)/python manage.py spectacular --validate --fail-on-warn --file "$$new"; \
	  diff -u docs/openapi.yaml "$$new" || { echo "docs/openapi.yaml is not what the code says; run: make schema" >&2; exit 1; }

# Ours beside the genuine MLflow's, on SQLite and PostgreSQL: make bench BENCH='--seconds 10 --rounds 3'
bench: setup-test
	@$(BIN)/python benchmarks/compare.py $(BENCH)

bench-large: setup-test
	@$(BIN)/python benchmarks/large.py

bench-charts: setup-test
	@$(BIN)/python benchmarks/charts.py

bench-pages: setup-test
	@$(BIN)/python benchmarks/pages.py

# Pictures of the pages on a server that is filled with a team's work, into docs/screenshots.
screenshots: setup-test
	@.ci/browser
	@.ci/docker
	@$(BIN)/python docs/screenshots.py

# Who may do what, and the SQL statements of every call, as they are now: review the difference.
golden: setup-test
	@REWRITE=1 .ci/test tests/security/test_authorisation.py tests/test_query_counts.py tests/test_page_counts.py

# What only shows where several write at the same time: 200 rounds of each on SQLite, 1,000 on PostgreSQL; a quarter of an hour.
races: setup-test
	@.ci/test -m slow tests/governance/test_races.py

# Pins stay as they are unless asked: make requirements UPGRADE=--upgrade
requirements:
	@uv --version >/dev/null 2>&1 || { echo "Compiling requirements needs uv." >&2; exit 1; }
	@cd requirements; for name in base postgres s3 redis test azure gcs parquet dev demo mlflow2; do \
	  echo "requirements/$$name.txt"; \
	  uv pip compile --quiet --universal --generate-hashes --python-version 3.11 $(UPGRADE) \
	    --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make requirements" --output-file "$$name.txt" "$$name.in"; \
	done
