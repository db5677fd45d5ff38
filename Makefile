# The two commands of the README are `make run` and `make test`; `make check` is what CI runs.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

export DUMONT_DATA_DIR ?= $(CURDIR)/.data
export PORT ?= 8080

.PHONY: run test check demo lint types layers unit clean-machines openapi help

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(STAMP): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Dumont Cloud needs Python 3.11 or newer; this is $$($(PYTHON) --version). Set PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

run: $(STAMP) ## The whole product on this machine (PORT, DUMONT_DATA_DIR, DUMONT_OFFERS_DIR)
	@exec $(BIN)/python -m infra.local
