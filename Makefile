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

# A stand-in for Google's provider is used where it lies beside this folder: nothing is downloaded.
TERRAFORM ?= $(or $(wildcard $(abspath ../shared/tools/terraform-offline/terraform)),terraform)
# Apart from the product, with whose pins it clashes; kept for the next clone.
CHECKOV := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/dumont/$(subst ==,-,$(shell tail -1 terraform/checkov.txt))
export TERRAFORM

# How many lives the fault simulation tries, and how far it stands back for others (nice).
SEEDS ?= 300
NICENESS ?= 0

export DUMONT_DATA_DIR ?= $(CURDIR)/.data
export PORT ?= 8080

.PHONY: help run test check in-turn meanwhile browser web demo own-demo static lint format types layers unit contract contract-docker e2e \
  run-emulators demo-emulators e2e-emulators \
  terraform policy deploy openapi fresh package sbom needs coverage bench bench-coldstart bench-race clean-machines simulation soak

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(STAMP): requirements.txt $(wildcard infra/packaging/wheels/*.txt)
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Dumont Cloud needs Python 3.11 or newer; name it: make PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make an environment; on Debian: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m infra.packaging.agent_bundle --or-without >/dev/null
	@touch $@

run: $(STAMP) ## The whole product on this machine (PORT, DUMONT_DATA_DIR, DUMONT_OFFERS_DIR)
	@exec $(BIN)/python -m infra.local --build-site

run-emulators: export DUMONT_DATA_DIR := $(or $(EMULATORS_DATA_DIR),$(CURDIR)/.data-emulators)
run-emulators: $(STAMP) ## As deployed: each function a process from its bundle, on the genuine emulators
	@exec $(BIN)/python -m infra.local --emulators --build-site

test: $(STAMP) needs unit contract simulation own-demo ## Units, functions, simulation, the emulators' contracts, one demo

# Most checks wait a good part of their time, for machines that boot or on one core. So two rows of
# them go on at once; the simulation, which waits for nothing, takes only what both leave it.
check: SEEDS := 2000
check: $(STAMP) ## What CI runs: static checks, `make test`, the stack under accidents
	@$(MAKE) --no-print-directory --keep-going --jobs=3 --output-sync=target \
	  simulation in-turn meanwhile SEEDS=$(SEEDS) NICENESS=19

in-turn: ROW := static needs unit contract e2e browser
in-turn: SYNC := none
meanwhile: ROW := own-demo terraform policy
meanwhile: SYNC := target
in-turn meanwhile: $(STAMP)
	@status=0; \
	for each in $(ROW); do \
	  $(MAKE) --no-print-directory --keep-going --output-sync=$(SYNC) $$each || status=1; \
	done; exit $$status

# Recorded offers are replayed where the folder lies beside this one.
demo own-demo demo-emulators: export DUMONT_OFFERS_DIR := $(or $(DUMONT_OFFERS_DIR),$(abspath $(OFFERS)))

demo: $(STAMP) ## Play the main job on the stack at PORT, else on one of its own; last line JSON
	@$(BIN)/python -m infra.local.demo.own_stack

own-demo: $(STAMP)
	@$(BIN)/python -m infra.local.demo.own_stack --always

demo-emulators: $(STAMP) ## The same on a stack of its own: each function a process, on the genuine emulators
	@$(BIN)/python -m infra.local.demo.own_stack --emulators

needs: $(STAMP)
	@$(BIN)/python -m tests.needs --install

unit: $(STAMP) ## Units, functions, simulations, simulator, agent, command line
	$(PYTEST) -q -n 2 --dist worksteal -m "not emulator and not e2e and not terraform and not browser"

contract: $(STAMP) ## The Google adapters against the genuine emulators
	$(PYTEST) -q -n 2 --dist loadgroup -m emulator tests/contract tests/packaging

contract-docker: $(STAMP) ## The same suites on emulators in containers (Docker, or dockerd as root)
	@$(BIN)/python -m tests.contract.in_containers

e2e: $(STAMP) ## A person, a whole local stack and its sudden ends
	$(PYTEST) -q -m e2e tests/e2e -o timeout=300

terraform: $(STAMP) ## What would be deployed, planned without a cloud, against the manifest
	$(PYTEST) -q -n 0 -m terraform tests/terraform

deploy: package web ## To Google Cloud: PROJECT=...; VARS=file.tfvars; DRY_RUN=1 plans, YES=1 does not ask
	@test -n "$(PROJECT)" || { echo "Name the Google Cloud project: make deploy PROJECT=..."; exit 1; }
	@$(BIN)/python -m infra.deploy --project $(PROJECT) $(if $(VARS),--var-file $(VARS)) \
	  $(if $(DRY_RUN),--dry-run) $(if $(YES),--yes)

# The folder names the version: what is there is right, whenever this clone was made.
$(CHECKOV)/bin/checkov:
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check \
	  -r terraform/checkov.txt

policy: $(CHECKOV)/bin/checkov ## What would be deployed against checkov's rules
	$(CHECKOV)/bin/checkov --directory terraform --framework terraform --quiet --compact \
	  --skip-download

e2e-emulators: export DUMONT_E2E_ON := emulators
e2e-emulators: $(STAMP) ## The same tests on the stack of emulators
	$(PYTEST) -q -m e2e tests/e2e -o timeout=300

browser: $(STAMP) needs ## The web app: types, lint, Vitest, and a real browser on a whole local stack
	@$(BIN)/python -m infra.web.check
	$(PYTEST) -q -m browser tests/browser

web: $(STAMP) ## Build the web app where its sources have changed
	@$(BIN)/python -m infra.web.build

static: lint types layers fresh ## Everything that needs no run

lint: $(STAMP) ## Style, format, declared dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry .
	$(BIN)/bandit -q -c pyproject.toml -r shared functions infra frontend
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
	$(BIN)/python -m infra.packaging.asyncapi --check
	$(BIN)/python -m infra.packaging.indexes --check
	$(BIN)/python -m infra.packaging.alerts --check
	$(BIN)/python -m infra.web.types --check

package: $(STAMP) ## Each function as build/<function>/ and build/<function>.zip
	@$(BIN)/python -m infra.packaging.bundle

sbom: $(STAMP) ## What everything is made of: build/sbom.json, CycloneDX
	@mkdir -p build
	@$(BIN)/python -W ignore -m cyclonedx_py environment $(BIN)/python --pyproject pyproject.toml \
	  --output-reproducible --of JSON -o build/sbom.json
	@$(BIN)/python -m infra.packaging.sbom build/sbom.json
	@echo build/sbom.json

openapi: $(STAMP) ## Write the generated files anew
	$(BIN)/python -m infra.packaging.manifest --write
	$(BIN)/python -m infra.packaging.openapi --write
	$(BIN)/python -m infra.packaging.asyncapi --write
	$(BIN)/python -m infra.packaging.indexes --write
	$(BIN)/python -m infra.packaging.alerts --write
	$(BIN)/python -m infra.web.types --write

coverage: $(STAMP) ## Branches that no test takes
	$(PYTEST) -q -n 2 --dist worksteal --cov --cov-report=term-missing:skip-covered

simulation: $(STAMP) ## The control plane under faults, SEEDS of them (300; 2,000 in check)
	nice -n $(NICENESS) $(BIN)/python -m tests.simulation --seeds $(SEEDS)

soak: $(STAMP) ## 10,000 seeds, every seeded fault, the benches
	$(BIN)/python -m tests.simulation --seeds 10000
	$(BIN)/python -m tests.simulation.mutants --seeds 2000
	@$(BIN)/python -m tests.bench.race
	@$(BIN)/python -m tests.bench.local

bench-race: $(STAMP) ## The race by odds against fixed races (a minute; last line JSON)
	@$(BIN)/python -m tests.bench.race

bench-coldstart: $(STAMP) ## What each function's start takes, against the manifest's budgets
	@$(BIN)/python -m tests.bench.coldstart

bench: $(STAMP) ## Measure a stack of its own (three to four minutes; last line JSON)
	@$(BIN)/python -m tests.bench.local

bench-api: $(STAMP) ## What the API carries, beside dstack's server (downloads it once; last line JSON)
	@$(BIN)/python -m tests.bench.api --peer dstack

clean-machines: $(STAMP) ## End what a killed stack left running; only processes it recorded
	@$(BIN)/python -m infra.local.clean --data $(DUMONT_DATA_DIR) $(CURDIR)/.data-emulators
