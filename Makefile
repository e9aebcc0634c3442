# Inkan's commands. Each one sets up what it needs; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup run reset test check format chaos requirements bench lock

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 22

setup: ## .venv/ and node_modules/ with everything the project needs
	@deploy/setup.sh

run: setup ## the whole product on http://localhost:8000/ (HOST, PORT, INKAN_HOME)
	@exec $(PY) -m deploy.run

reset: setup ## deletes everything that `make run` has kept under INKAN_HOME
	@$(PY) -m deploy.reset

test: setup ## all checks and all tests, on servers of their own
	@deploy/packages.sh
	@deploy/face.sh
	@$(MAKE) --no-print-directory check
	@$(PY) -m pytest -n 2 --dist loadfile -m "not (journey or browser)"
	@# what waits for Chromium, three files at a time; what failed beside another is told once more, alone
	@$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "journey or browser" || $(PY) -m pytest -m "journey or browser" --last-failed --last-failed-no-failures none

check: setup ## format, lint, types, import contracts, missing migrations and translations
	@deploy/check.sh

format: setup ## rewrites the code as `make check` wants it
	@.venv/bin/ruff format --quiet . && .venv/bin/ruff check --quiet --fix .

chaos: setup ## the long fault runs; prints what was lost
	@deploy/packages.sh
	@CHAOS=long $(PY) -m pytest -m chaos --timeout 3600 -s

requirements: setup ## which numbered requirement is proven by which test
	@deploy/packages.sh
	@deploy/face.sh
	@$(PY) -m pytest -n 2 --dist loadfile --requirements

bench: setup ## the benchmarks, each beside the yardstick of the same run
	@deploy/packages.sh
	@$(PY) -m tests.bench

lock: setup ## deploy/locks/*.txt anew from pyproject.toml (needs PyPI)
	@deploy/lock.sh
