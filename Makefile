# The commands of the project. `make` alone lists them.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv/bin
# The demo company is loaded and one-click sign-ins are offered (on this machine only); DEMO=0, here or in .env, starts empty.
DEMO ?= $(or $(shell sed -n 's/^DEMO=//p' .env 2>/dev/null),1)
# Tests use servers and data of their own, next to those of `make run`.
TEST_DATA_DIR := $(CURDIR)/.data/test
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help run test demo lint types format bench bench-forecast shell setup setup-dev requirements need-python

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' Makefile

run: setup ## run the portal with a demo company on http://127.0.0.1:8000 (PORT=…, DEMO=0 for an empty one)
	@DEMO=$(DEMO) exec $(VENV)/python manage.py runportal

# Servers named in .env are not for tests; those named on the command line are.
test: setup-dev ## run all tests (TESTS="tests/portal -k name" for some)
	@DATABASE_URL="$${DATABASE_URL-}" REDIS_URL="$${REDIS_URL-}" DATA_DIR="$(TEST_DATA_DIR)" EMBEDDED_DURABLE=0 \
		exec $(VENV)/python -m pytest $(TESTS)

demo: setup ## set the demo data back to their beginning (refuses where there are real data)
	@$(VENV)/python manage.py migrate --verbosity 0
	@DEMO=$(DEMO) $(VENV)/python manage.py demo

lint: setup-dev types ## run every linter and check
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/djlint templates --lint --quiet
	$(VENV)/lint-imports
	$(VENV)/python manage.py makemigrations --check --dry-run
	$(VENV)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	HTTPS=1 DEMO=0 SECRET_KEY=$$($(VENV)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(VENV)/python manage.py check --deploy --fail-level WARNING

types: setup-dev ## check the type annotations
	$(VENV)/mypy

format: setup-dev ## put the code into its standard form
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

bench: setup-dev ## measure every speed goal (STRICT=1 fails when one is missed)
	@$(VENV)/python -m bench

bench-forecast: setup-dev ## try the forecast on real series of the past (TIMESERIES_CORPUS=folder, STRICT=1)
	@OMP_NUM_THREADS=1 $(VENV)/python -m bench.forecast

shell: setup ## open a Python prompt with the models at hand
	@DEMO=$(DEMO) $(VENV)/python manage.py shell

setup: need-python ## only prepare: .venv, packages, front end
	@$(PYTHON) tools/prepare.py

setup-dev: need-python
	@$(PYTHON) tools/prepare.py dev

requirements: setup-dev ## pin the packages anew (UPGRADE=1 for the newest versions)
	@for name in requirements requirements-dev; do $(VENV)/pip-compile --quiet --strip-extras --no-header \
		--annotation-style line --no-emit-options --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		$(if $(UPGRADE),--upgrade) --output-file $$name.txt $$name.in; done

need-python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. Install it: apt install python3 python3-venv" >&2; exit 1; }
