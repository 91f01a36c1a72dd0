# nerq: everything a developer types. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -o errexit -o nounset -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The Python that the virtual environment is made from; 3.11 or newer.
PYTHON ?= python3
# Another package index for torch, e.g. TORCH_INDEX=https://download.pytorch.org/whl/cpu for a build without CUDA.
TORCH_INDEX ?=
# Arguments for pytest, e.g. make test ARGS="tests/unit -k settings".
ARGS ?=

BIN := .venv/bin
INSTALLED := .venv/.installed
DEMO := runs/demo
DEMO_DATABASE := NERQ_DATABASE=sqlite:///$(DEMO)/nerq.db

# What is installed is what constraints.txt says, in the environments where pip builds packages too.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The caller's own nerq settings must not decide how the demo and the tests end.
unexport $(filter NERQ_%,$(.VARIABLES))

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(INSTALLED) ## Install nerq and its tools into .venv

.PHONY: demo
demo: $(INSTALLED) ## Read the example documents on this machine alone: entities, counts and F1
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	$(DEMO_DATABASE) $(BIN)/nerq submit examples/documents
	@echo
	$(DEMO_DATABASE) $(BIN)/nerq entities --limit 20
	@echo
	$(DEMO_DATABASE) $(BIN)/nerq entities --count-by text --limit 10
	@echo
	$(DEMO_DATABASE) $(BIN)/nerq evaluate last --gold examples/gold.jsonl

.PHONY: test
test: $(INSTALLED) ## Run all tests (ARGS="..." goes to pytest)
	@.ci/services
	$(BIN)/python -m pytest $(ARGS)

.PHONY: lint
lint: $(INSTALLED) ## Check style, formatting, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: fmt
fmt: $(INSTALLED) ## Format the code and repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: docs
docs: $(INSTALLED) ## Write the tables of README.md anew from the code
	$(BIN)/python .ci/readme_tables.py

.PHONY: bench
bench: $(INSTALLED) ## Compare nerq with the transformers pipeline on raw text
	$(BIN)/python -m benchmarks.raw_text

.PHONY: clean
clean: ## Remove .venv, caches and the demo's database
	rm -rf .venv $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "nerq needs Python 3.11 or newer; name one with make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv || \
	  { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; rm -rf .venv; exit 1; }
	@echo "Installing nerq and what it needs into .venv; this takes some minutes the first time."
	$(BIN)/python -m pip install -qq $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) --editable '.[dev]'
	@touch $@
