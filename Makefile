# Everything here needs only Python >= 3.11, pip and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev

# Where it is set, each process that a test starts would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test lint fmt docs fuzz bench e2e dist sbom catalogue-bundle lock clean

help: ## What can be made here
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(STAMP) ## Start modelport on http://localhost:3000 with an embedded database and one echo model
	@$(BIN)/modelport serve --demo $(ARGS)

test: lint ## Lint, then every test that needs nothing but this machine
	$(BIN)/python -m pytest -n auto -m "not alone" $(ARGS)
	$(BIN)/python -m pytest -m alone $(ARGS) || [ $$? -eq 5 ]  # those that measure a wait; 5: ARGS selected none

lint: $(DEV) ## ruff, mypy --strict, import-linter, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.generated --check

fmt: $(DEV) ## Format the code and write the generated files anew
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m tests.generated --write

docs: $(DEV) ## The documents as a web site, into build/docs; a link that leads nowhere is an error
	$(BIN)/zensical build --strict --clean

fuzz: $(DEV) ## 200,000 inputs and more against the resolver and the body scanner
	$(BIN)/python -m tests.fuzz

bench: $(DEV) ## CPU, latency and memory beside nginx and a bare aiohttp pass-through
	$(BIN)/python -m tests.bench

e2e: $(DEV) ## Install other clients and a real model server (compiled once), then run the journeys with them
	$(BIN)/python -m tests.journeys.install
	$(BIN)/python -m pytest tests/journeys $(ARGS)

dist: $(DEV) ## Wheel, source archive and bill of materials, into dist/
	rm -rf dist
	$(BIN)/uv build --quiet --out-dir dist
	$(MAKE) sbom

catalogue-bundle: $(DEV) ## The list of models in the wheel: LIST=api.json VERSION=commit DAY=its day
	$(BIN)/python -m tests.release.catalogue $(LIST) $(VERSION) $(DAY)

sbom: $(DEV) ## The bill of materials (CycloneDX) of the wheel in dist/
	$(BIN)/python -m tests.release.sbom dist/modelport.cdx.json

LOCKED = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
  --exclude-newer "$$(date -d '7 days ago' +%F)" pyproject.toml

lock: $(DEV) ## Resolve the dependencies anew (releases younger than a week stay out)
	$(LOCKED) -o requirements.lock
	$(LOCKED) --extra postgres -c requirements.lock -o config/deploy/requirements.lock
	$(LOCKED) --extra postgres --group dev -c requirements.lock -o requirements-dev.lock

clean: ## Remove the environment and every cache
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# ensurepip is missing on a bare Debian, so pip installs into the environment from outside.
$(VENV)/bin/python:
	$(PYTHON) -m venv --without-pip $(VENV)

$(STAMP): requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PYTHON) -m pip --python $(BIN)/python install -q --require-hashes --only-binary :all: -r requirements.lock
	$(PYTHON) -m pip --python $(BIN)/python install -q --no-deps -e .
	@touch $@

$(DEV): requirements-dev.lock $(STAMP)
	$(PYTHON) -m pip --python $(BIN)/python install -q --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@
