# nerq: everything a developer types. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -o errexit -o nounset -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The Python that the virtual environment is made from; 3.11 or newer.
PYTHON ?= python3
# Another package index for torch, e.g. TORCH_INDEX=https://download.pytorch.org/whl/cpu for a build without CUDA.
TORCH_INDEX ?=
# How long each target is fuzzed.
FUZZ_SECONDS ?= 60
# Files of tests that run at a time: most of their time they wait for processes and services.
TESTERS ?= 3
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
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

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
	@echo
	@echo 'To go on: . $(BIN)/activate, then `nerq submit FOLDER` reads a folder of yours into ./nerq.db,'
	@echo 'and export $(DEMO_DATABASE) asks the demo more. docs/tour.md shows what else there is.'

.PHONY: test
test: $(INSTALLED) ## Run all tests (ARGS="..." goes to pytest)
	@.ci/services
	$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist loadfile $(ARGS)

.PHONY: fuzz
fuzz: $(INSTALLED) ## Feed odd bytes to readers, words and windows, FUZZ_SECONDS for each of the targets
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

# How long the storms of `make chaos` last.
MINUTES ?= 10

.PHONY: chaos
chaos: $(INSTALLED) ## Kill, empty and crash at random while nerq reads (MINUTES=10): what was lost, doubled, wrong
	$(BIN)/python -m tests.faults.chaos --minutes $(MINUTES)

.PHONY: lint
lint: $(INSTALLED) ## Check style, formatting, types, the direction of imports and the generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/docs.py --check

.PHONY: audit
audit: ## Ask PyPI whether a pinned version is known to be vulnerable
	@PYTHON=$(PYTHON) .ci/audit

.PHONY: fmt
fmt: $(INSTALLED) ## Format the code and repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: docs
docs: $(INSTALLED) ## Write anew what the code decides of README.md and docs/
	$(BIN)/python .ci/docs.py

# A folder of documents to measure speed on, instead of generated ones; BENCH="--gold FILE --rounds 7" goes to the benchmark.
FOLDER ?=
BENCH ?=

.PHONY: bench
bench: $(INSTALLED) ## Measure speed beside other engines and the transformers pipeline (FOLDER=documents)
	$(BIN)/python -m benchmarks.speed $(FOLDER) $(BENCH)

.PHONY: bench-quality
bench-quality: $(INSTALLED) ## Compare F1 on raw text with the transformers pipeline's
	$(BIN)/python -m benchmarks.raw_text

.PHONY: bench-limits
bench-limits: $(INSTALLED) ## Check what queueing costs, two processes gain, submitting takes, and memory
	$(BIN)/python -m benchmarks.queueing
	$(BIN)/python -m benchmarks.submitting
	$(BIN)/python -m benchmarks.scaling
	$(BIN)/python -m benchmarks.memory

# The bundled models are made anew from DATA, a folder laid out as README says under "The bundled models".
DATA ?=
NERQ_TRAIN = $(if $(DATA),,$(error name the folder of the training data: make $@ DATA=FOLDER))$(BIN)/nerq train
# Windows of the bundled models and of their teacher, from before those of `nerq train` were chosen to be flat.
WINDOWS := --max-words 200 --max-pieces 384 --sentence-share 0.05
CONLL := --train $(DATA)/conll2003/train.conll --dev $(DATA)/conll2003/dev.conll

build/minilm build/mpnet: | $(INSTALLED)
	$(BIN)/python -m training.pretrained $(@F) $@

build/teacher: | build/mpnet
	$(NERQ_TRAIN) $(CONLL) --base build/mpnet --output $@ --epochs 4 --learning-rate 5e-5 --context document $(WINDOWS)

build/newswire.jsonl:
	head -n 4000 $(DATA)/reuters21578/newswire.jsonl > $@

.PHONY: model-teacher
model-teacher: build/teacher ## Train the large model that teaches `general` (DATA=FOLDER)

.PHONY: model-general
model-general: | build/minilm build/teacher build/newswire.jsonl ## Train the bundled model `general` (DATA=FOLDER)
	$(NERQ_TRAIN) $(CONLL) --base build/minilm --output build/general --epochs 8 --learning-rate 3e-4 \
	  $(WINDOWS) \
	  --teacher build/teacher --teacher-rows build/teacher.npz --unlabelled build/newswire.jsonl \
	  --unlabelled $(DATA)/clinical-notes $(patsubst %,--unlabelled %,$(wildcard $(DATA)/contracts/1*.txt)) \
	  --half-weights --notes training/cards/general.md

.PHONY: model-clinical
model-clinical: | build/minilm ## Train the bundled model `clinical` (DATA=FOLDER)
	$(NERQ_TRAIN) --train $(DATA)/bc5cdr/train.conll --dev $(DATA)/bc5cdr/dev.conll --base build/minilm \
	  --output build/clinical --epochs 10 --learning-rate 3e-4 $(WINDOWS) \
	  --half-weights --notes training/cards/clinical.md

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
