# bazkhord: what a newcomer and CI call. `make help` lists it.
# Needs: Debian 12 (or the like) with python3.11, python3-venv, git, make.

PYTHON ?= python3
SERVE ?= 1
WITH_TORCH ?= 0
MESSAGES ?= 1000000
MINUTES ?= 10
KILLS ?= 200
AWAY_S ?= 60
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
PAGE := api/dashboard
WITH_NODE := cd $(PAGE) && PYTHON=$(abspath $(BIN)/python) ./with-node
NPM_OPTIONS := --ignore-scripts --loglevel=error >/dev/null
# What ruff's rules S311, S404, S603 and S608 look at too, each exception with its reason beside it.
LEFT_TO_RUFF := B311,B404,B603,B608
N ?= 100000
OUT ?= docs/scale/flame.svg

.PHONY: help setup page demo test test-live test-schema chaos check audit fuzz bench bench-pull bench-search bench-answers bench-workers bench-page bench-service bench-start bench-backfill bench-scale flame scale-charts screens format clean

help: ## What there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(VENV)/.serving page ## The environment that serves, and the page's libraries; WITH_TORCH=1 adds torch and transformers
ifeq ($(WITH_TORCH),1)
	$(PIP) --editable '.[train]'
endif

demo: setup ## Demo feedback pulled, classified and summed up, then the service; SERVE=0 ends before it
	$(BIN)/bazkhord demo $(if $(filter 0,$(SERVE)),--no-serve,--serve)

test: $(VENV)/.developing ## Every test but those of test-live; branch coverage of pipeline and api of at least 90 %
	tests/page/install.sh
	$(BIN)/pytest --ignore tests/live --numprocesses auto --cov --cov-report=term:skip-covered --cov-fail-under=90

test-live: $(VENV)/.developing ## Connectors against real servers: installs Request Tracker, WordPress, Dovecot, Synapse, a Singer tap and moto
	tests/live/install.sh
	PYTHON=$(abspath $(BIN)/python) tests/live/install_synapse.sh
	PYTHON=$(abspath $(BIN)/python) tests/live/install_taps.sh
	PYTHON=$(abspath $(BIN)/python) tests/live/install_s3.sh
	BAZKHORD_LIVE=1 $(BIN)/pytest --numprocesses auto --dist loadfile tests/live

test-schema: $(VENV)/.developing ## 85 requests made up for each operation of the API, some 5,000 in all; a quarter of an hour
	BAZKHORD_SCHEMA_EXAMPLES=85 $(BIN)/pytest tests/test_schema.py

chaos: $(VENV)/.developing ## KILLS=200 processes killed at random moments, the data base away for AWAY_S=60; a quarter of an hour
	BAZKHORD_KILLS=$(KILLS) BAZKHORD_AWAY_S=$(AWAY_S) $(BIN)/pytest tests/chaos

check: $(VENV)/.developing ## Style, types, who may import whom, and what bandit finds unsafe
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --skip $(LEFT_TO_RUFF) api config models pipeline
	$(WITH_NODE) node_modules/.bin/eslint .

audit: $(VENV)/.developing ## Known weaknesses of what is installed, as pip-audit finds them on the internet; reports, changes nothing
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	$(VENV)/audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

fuzz: $(VENV)/.developing ## N=100000 inputs that nobody would write, to all that reads inputs; ten minutes
	nice $(BIN)/python -W ignore -m tests.fuzz $(N)

bench: $(VENV)/.developing ## Messages a second from file to tallies, against a ParsBERT-shaped encoder
	$(BIN)/python bench/throughput.py

bench-pull: $(VENV)/.developing ## MESSAGES=1000000 pulled from a server that pages like Zendesk: speed and memory
	$(BIN)/python -m bench.pull --messages $(MESSAGES)

bench-search: $(VENV)/.developing ## Text search over MESSAGES=1000000: storing with and without the index, room, pages; URL: a PostgreSQL
	$(BIN)/python -m bench.search --messages $(MESSAGES) $(if $(URL),--url $(URL))

bench-workers: $(VENV)/.developing ## Messages a second of two workers on one PostgreSQL, against one
	$(BIN)/python -m bench.workers

bench-answers: $(VENV)/.developing ## Milliseconds for each answer over the inbox; DATA: a data folder that holds it
	$(BIN)/python -m bench.answers $(DATA)

bench-page: $(VENV)/.developing ## Milliseconds from the click to the drawn view, over the inbox; DATA: a data folder that holds it
	tests/page/install.sh
	$(BIN)/python -m bench.page $(DATA)

bench-service: $(VENV)/.developing ## Waits under 200 requests a second while classifying; DATA: as above, MINUTES=10, DATABASE=postgres
	$(BIN)/python -m bench.service $(DATA) --minutes $(MINUTES) $(if $(filter postgres,$(DATABASE)),--postgres)

bench-start: $(VENV)/.developing ## Seconds and memory until the service is ready, and hazm's share; DATA: as above
	$(BIN)/python -m bench.start $(DATA)

bench-backfill: $(VENV)/.developing ## Messages a second of an archive with each engine; MESSAGES, PRICE=c5.4xlarge:16:0.68 says what a million costs
	$(BIN)/python -m bench.backfill $(if $(filter-out 1000000,$(MESSAGES)),--messages $(MESSAGES)) $(if $(PRICE),--price $(PRICE))

bench-scale: $(VENV)/.developing ## Answers, search, storing and room at SIZES="100000 1000000" mentions; URL: a PostgreSQL
	$(BIN)/python -m bench.scale $(if $(SIZES),--sizes $(SIZES)) $(if $(URL),--url $(URL))

flame: $(VENV)/.developing ## OUT=docs/scale/flame.svg: where the time of `bazkhord run --once` over the inbox goes, as py-spy sees it
	$(PYTHON) -m venv $(VENV)/flame
	$(VENV)/flame/bin/pip install --quiet --disable-pip-version-check py-spy
	folder=$$(mktemp -d); trap 'rm -r "$$folder"' EXIT; BAZKHORD_DATA_DIR=$$folder \
	$(VENV)/flame/bin/py-spy record --rate 100 --subprocesses --output $(OUT) -- $(BIN)/bazkhord run --once --sources config/sources.inbox.toml
	sed -i 's#$(CURDIR)/##g; s#&apos;/[^&<]*#\&apos;…#g' $(OUT)

scale-charts: ## Charts of docs/scale.md, from what bench-scale measured
	$(PYTHON) -m venv $(VENV)/charts
	$(VENV)/charts/bin/pip install --quiet --disable-pip-version-check matplotlib
	$(VENV)/charts/bin/python -m bench.scale_charts

screens: $(VENV)/.developing ## Four pictures of each view of the page, into docs/screens
	BAZKHORD_SCREENS=docs/screens $(BIN)/pytest --numprocesses auto tests/page/test_views.py

format: $(VENV)/.developing ## Code formatted, imports sorted
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .

clean: ## Everything that was built, the environment and the demo's data base included
	rm -rf $(VENV) $(PAGE)/node_modules .live build dist *.egg-info var .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "bazkhord needs Python 3.11; name it: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serving: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing bazkhord into $(VENV) (about a minute) ..."
	$(PIP) --editable .
	@touch $@

$(VENV)/.developing: $(VENV)/.serving $(PAGE)/node_modules/.developing
	@echo "Installing what developing needs, torch included (some minutes) ..."
	$(PIP) --editable '.[dev,train]'
	@touch $@

# Without npm or its registry the service is set up all the same: only its page is missing, and says so.
page: $(VENV)/.serving
	@$(MAKE) --silent --no-print-directory $(PAGE)/node_modules/.serving || { \
		echo "The page's libraries (ECharts, lit-html, Vazirmatn) could not be installed; what npm said stands above."; \
		echo "The service and its API work without them, its page does not: run make setup again."; } >&2

$(PAGE)/node_modules/.serving: $(PAGE)/package.json $(PAGE)/package-lock.json $(VENV)/bin/python
	@echo "Installing what the page is drawn with (ECharts, lit-html, Vazirmatn) ..."
	@$(WITH_NODE) npm ci --omit=dev $(NPM_OPTIONS)
	@touch $@

$(PAGE)/node_modules/.developing: $(PAGE)/package.json $(PAGE)/package-lock.json $(VENV)/bin/python
	@echo "Installing what the page is drawn and checked with (ECharts, lit-html, Vazirmatn, eslint, axe) ..."
	@$(WITH_NODE) npm ci $(NPM_OPTIONS)
	@touch $(PAGE)/node_modules/.serving $@
