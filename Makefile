# Each target sets up what it needs by itself, inside this folder, and can be the first thing typed.
# Needed: make and Python 3.11 to 3.13 (another than python3: make PYTHON=python3.12 test).

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
# More for the command behind a target: make test ARGS="-k resume"
ARGS ?=

.PHONY: help demo test lint bench faults fuzz clean

help:
	@echo "make demo    send 1,000 products from a database to a Digible stand-in, and read the outcome"
	@echo "make test    all checks: lint, types, import rules, tests"
	@echo "make lint    those that need no test to run"
	@echo "make bench   measure speed and memory"
	@echo "make faults  kill, cut and corrupt everything on the way, and write docs/reliability.md"
	@echo "make fuzz    feed the decoders with nonsense for a while"
	@echo "make clean   remove all that these have made in this folder"

define CHECKS
@$(BIN)/python -m ruff check .
@$(BIN)/python -m ruff format --check .
@$(BIN)/python -m mypy
@$(BIN)/lint-imports --no-logo
endef

# The demo reads SQLite: it needs no ODBC.
demo:
	@$(PYTHON) -m dev.setup packages azurite
	@$(BIN)/python -m dev demo

test:
	@$(PYTHON) -m dev.setup
	$(CHECKS)
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint:
	@$(PYTHON) -m dev.setup packages
	$(CHECKS)

bench:
	@$(PYTHON) -m dev.setup
	@$(BIN)/python -m tests.benchmarks $(ARGS)

faults:
	@$(PYTHON) -m dev.setup packages azurite
	@$(BIN)/python -m tests.faults $(ARGS)

fuzz:
	@$(PYTHON) -m dev.setup packages
	@$(BIN)/python -m tests.fuzz $(ARGS)

clean:
	@$(PYTHON) -m dev.setup --clean
