# make run    provider, sample relying party and development mailbox, until Ctrl-C
# make test   the whole suite, with its Debian packages, in a virtual environment of its own
# make check  style, types, import rules      make bench  speed, as a table
# make pictures  the README's ten steps, photographed by the test that walks them
# make clean  caches and environments (never var/, where make run keeps its data)

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
LOCKED := pyproject.toml uv.lock
# The environment comes from the package index and this machine's Python alone.
export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON := $(BIN)/python
export UV_NO_PROGRESS := 1
export UV_COMPILE_BYTECODE := 1
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal
COVERAGE := --cov=idp --cov-branch --cov-report=term:skip-covered --cov-fail-under=90

.DEFAULT_GOAL := help
.PHONY: help run test check bench pictures clean packages

help:
	@sed -n 's/^# //p' Makefile | head -5

run: .venv/run.stamp
	@exec $(BIN)/python -m idp.demo

test: packages .venv/dev.stamp tests/npm/node_modules/.stamp
	$(PYTEST) $(if $(ARGS),$(ARGS),$(COVERAGE))

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy idp tests
	$(BIN)/lint-imports

bench: .venv/dev.stamp
	@$(BIN)/python -m tests.bench

pictures: packages .venv/dev.stamp
	PICTURES=docs/images/steps $(BIN)/python -m pytest "tests/walks/test_the_ten_steps.py::test_the_ten_steps_of_the_guide[sqlite]"

clean:
	rm -rf .venv tests/npm/node_modules dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find idp tests -name __pycache__ -prune -exec rm -rf {} +

packages:
	@.ci/packages

.venv/uv.stamp: .ci/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv \
	  || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r .ci/uv.txt
	@touch $@

# Inexact: uv itself, and what `make test` added, may stay.
.venv/run.stamp: .venv/uv.stamp $(LOCKED)
	$(BIN)/uv sync --quiet --frozen --inexact --no-dev
	@touch $@

.venv/dev.stamp: .venv/uv.stamp $(LOCKED)
	$(BIN)/uv sync --quiet --frozen --inexact
	@touch $@ .venv/run.stamp

tests/npm/node_modules/.stamp: tests/npm/package.json tests/npm/package-lock.json | packages
	cd tests/npm && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
