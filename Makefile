# A fresh machine needs Python 3.11 to 3.13 and make; everything else comes into .venv.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready

SHARED_LAKE_TESTS := $(addprefix tests/lake/test_,audit.py begun_decisions.py consent.py conversation_ids.py feed.py \
  maintenance.py memberships.py quarantined_rows.py save.py)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint types contracts unit shared-lake bench clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Make .venv with everything locked in uv.lock

$(READY): pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, and none was found. Install one, or: make PYTHON=/path/to/python" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'
	$(BIN)/uv sync --locked --inexact --quiet --python $(BIN)/python
	@touch $@

demo: setup ## Open the product on a simulated account: no credentials, no questions
	@exec $(BIN)/workbench demo $(ARGS)

test: setup lint types contracts unit shared-lake ## Lint, types, import contracts, then the tests without the longest

test-all: setup lint types contracts ## The same with every test
	$(BIN)/pytest -n auto --dist loadfile $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tests.js

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

# A busy machine is slow, not wrong: what failed beside others runs once more by itself. What fails then, fails;
# what passes is named above and is to be mended too, since a test must not need quiet.
unit: setup
	$(BIN)/pytest -n auto --dist loadfile --without-long $(ARGS) || { \
	  test $$? -eq 1 && echo "What failed runs once more, by itself:" && \
	  $(BIN)/pytest --last-failed --last-failed-no-failures none --without-long --maxfail 1 -v $(ARGS); }

# What every write and sync stands on, once more on the lake of several machines.
shared-lake: setup
	$(BIN)/pytest -n auto --dist loadfile --without-long --shared-lake $(SHARED_LAKE_TESTS)

bench: setup ## Measure against named peers and write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## Remove .venv and caches; data/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
