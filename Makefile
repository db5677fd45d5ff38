# The two commands of the README are `make run` and `make test`; `make check` is what CI runs.
SHELL := /bin/bash
# The first that is new enough; `make PYTHON=...` names another.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
  $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; \
  done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
OFFERS := $(wildcard ../shared/data/vast_offers)

export DUMONT_DATA_DIR ?= $(CURDIR)/.data
export PORT ?= 8080

.PHONY: help run test check demo own-demo static lint format types layers unit contract e2e openapi \
  fresh needs coverage bench clean-machines

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(STAMP): requirements.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Dumont Cloud needs Python 3.11 or newer; name it: make PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make an environment; on Debian: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

run: $(STAMP) ## The whole product on this machine (PORT, DUMONT_DATA_DIR, DUMONT_OFFERS_DIR)
	@exec $(BIN)/python -m infra.local

test: $(STAMP) needs unit contract own-demo ## Units, functions, simulation, the emulators' contracts, one demo

check: $(STAMP) static test e2e ## What CI runs: static checks, `make test`, the stack under accidents

# Recorded offers are replayed where the folder lies beside this one.
demo own-demo: export DUMONT_OFFERS_DIR := $(or $(DUMONT_OFFERS_DIR),$(abspath $(OFFERS)))

demo: $(STAMP) ## Play the main job on the stack at PORT, else on one of its own; last line JSON
	@$(BIN)/python -m infra.local.demo.own_stack

own-demo: $(STAMP)
	@$(BIN)/python -m infra.local.demo.own_stack --always

needs: $(STAMP)
	@$(BIN)/python -m tests.needs --install

unit: $(STAMP) ## Units, functions, simulations, simulator, agent, command line
	$(PYTEST) -q -n 2 -m "not emulator and not e2e"

contract: $(STAMP) ## The Google adapters against the genuine emulators
	$(PYTEST) -q -n 2 --dist loadgroup -m emulator

e2e: $(STAMP) ## A person, a whole local stack and its sudden ends
	$(PYTEST) -q -m e2e

static: lint types layers fresh ## Everything that needs no run

lint: $(STAMP) ## Style, format, declared dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry .
	$(BIN)/python -m pip check

format: $(STAMP) ## Let ruff write the format
	$(BIN)/ruff format .

types: $(STAMP) ## mypy --strict
	$(BIN)/mypy

layers: $(STAMP) ## Who may import whom
	$(BIN)/lint-imports

fresh: $(STAMP) ## Generated files are what their sources say
	$(BIN)/python -m infra.packaging.manifest --check
	$(BIN)/python -m infra.packaging.openapi --check

openapi: $(STAMP) ## Write the generated files anew
	$(BIN)/python -m infra.packaging.manifest --write
	$(BIN)/python -m infra.packaging.openapi --write

coverage: $(STAMP) ## Branches that no test takes
	$(PYTEST) -q -n 2 --cov --cov-report=term-missing:skip-covered

bench: $(STAMP) ## Measure a stack of its own (three to four minutes; last line JSON)
	@$(BIN)/python -m tests.bench.local

clean-machines: $(STAMP) ## End what a killed stack left running; only processes it recorded
	@$(BIN)/python -m infra.simulators.vast.clean --data $(DUMONT_DATA_DIR)/vast
