# What can be done here; `make` alone lists it. Only python3 (3.11 or newer, with venv), git and
# make are assumed: everything else is pinned in the locks and goes into .venv.

MAKEFLAGS += --no-print-directory
BIN := .venv/bin
PACKAGES := daemon connectors playbooks state

.PHONY: help setup demo test lint types build check bench servers pictures clean lock dev links pytest

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## install what the daemon needs into .venv (nothing happens where all is there)
	@scripts/setup

demo: setup  ## a working week of a made-up town in fast motion, then a folder to look around in
	@$(BIN)/mcur demo

test: lint types pytest  ## lint, types and every test

lint: dev  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check . || { echo 'lint: .venv/bin/ruff format . does it'; exit 1; }

# The editable install is an import hook that type checkers cannot see through: pointed at the
# package names they would find nothing, or an old wheel, and say that all is well. So a generated
# folder of links gives them the live tree under the names that the code imports; nobody tracks,
# ships or imports it. (DECISIONS.md, 2.)
types: dev links  ## mypy in strict mode, product and tests
	@MYPYPATH=.cache/types $(BIN)/mypy --namespace-packages --explicit-package-bases \
		$(PACKAGES:%=-p mcur.%) -p tests
links:
	@mkdir -p .cache/types/mcur
	@for package in $(PACKAGES); do ln -sfn ../../../$$package .cache/types/mcur/$$package; done

build: dev  ## sdist and wheel into dist/, and the wheel tried out away from the tree
	@scripts/build

check: lint types pytest build  ## everything that must pass before a change leaves the house

bench: dev  ## ratios: reading, writing to Redmine, start-up, memory
	@$(BIN)/python -m tests.bench

servers:  ## Redmine, Dovecot and what else the tests need from Debian 12 (as root; touches the system)
	@scripts/servers

pictures: setup dev  ## the pictures of the README, from simulated days (needs chromium and ImageMagick)
	@scripts/pictures

clean:  ## remove everything that was made here, .venv and the demo's folder included
	rm -rf .venv .cache build dist demo-site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: setup  # renew the locks after a change of dependencies: make lock, make lock UP=--upgrade
	@scripts/lock $(UP)

dev:
	@scripts/setup dev
pytest: dev
	@$(BIN)/python -m pytest
