.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install -qq --disable-pip-version-check
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard portal/translations/*/LC_MESSAGES/messages.po))

.PHONY: help run workers test test-all torture bench lint strings catalogues

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/portal.installed catalogues ## Start the portal; Ctrl-C stops it
	@$(PYTHON) -m jobs.supervisor

workers: $(VENV)/portal.installed catalogues ## Start only workers, for a portal on another machine
	@$(PYTHON) -m jobs.supervisor --only-workers

test: $(VENV)/tests.installed catalogues tests/node_modules/.installed ## Install what the tests need and run every test
	@$(MAKE) --no-print-directory lint
	@$(PYTHON) -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadgroup

test-all: $(VENV)/tests.installed catalogues tests/node_modules/.installed ## The browser tests in every language, theme and width
	@FULL_MATRIX=1 $(PYTHON) -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadgroup tests/browser

torture: $(VENV)/tests.installed catalogues system-packages ## The faults of delivery at length: kills, full disks, lying servers
	@$(PYTHON) -m tests.torture $(FAULTS)

bench: $(VENV)/tests.installed catalogues system-packages ## The benchmarks: figures printed, and written under bench/results/
	@$(PYTHON) -m bench $(FIGURES)

lint: $(VENV)/tests.installed ## Static checks
	@$(PYTHON) -m ruff check --quiet
	@$(PYTHON) -m ruff format --check --quiet
	@$(PYTHON) -m mypy
	@$(PYTHON) -m djlint portal/templates --lint --profile=jinja --quiet
	@$(PYTHON) -m tests.translations

strings: $(VENV)/tests.installed ## Bring the source's texts into the catalogues
	@$(PYTHON) -m tests.translations --update

catalogues: $(CATALOGUES)

%.mo: %.po | $(VENV)/portal.installed
	@$(VENV)/bin/pybabel --quiet compile --input-file $< --output-file $@

# A new interpreter has no packages yet, whatever an older one had installed.
$(PYTHON):
	@for python in python3.13 python3.12 python3.11 python3; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		$$python -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "$$python lacks its venv module; on Debian: apt-get install $$python-venv" >&2; exit 1; }; \
		exec $$python -m venv $(VENV); \
	done; \
	echo "The portal needs Python 3.11 or newer." >&2; exit 1
	@rm -f $(VENV)/*.installed

$(VENV)/portal.installed: requirements.txt | $(PYTHON)
	@echo "Installing what the portal runs on; this takes a minute."
	@$(PIP) --requirement requirements.txt
	@touch $@

$(VENV)/tests.installed: requirements-dev.txt requirements.txt | $(PYTHON)
	@echo "Installing what the tests need; this takes a minute."
	@$(PIP) --requirement requirements-dev.txt
	@touch $@ $(VENV)/portal.installed

tests/node_modules/.installed: tests/package.json | system-packages
	@cd tests && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error --silent
	@touch $@

.PHONY: system-packages
system-packages:
	@sh tests/system_packages.sh
