# The one door to this project: `make` alone lists what there is.
# Choices: SUITE=demo  VENV=.venv  PYTHON=python3.12  QUARTO=auto|yes|no  QUARTO_TIMEOUT=60 (seconds)
#          TESTS="tests/params -k units" (what `make test` hands to pytest)

SUITE ?= demo
VENV ?= .venv
QUARTO ?= auto
QUARTO_TIMEOUT ?= 60
TESTS ?=

PY := $(VENV)/bin/python
STAMP := $(VENV)/.workbench-setup
BENCH := benchmarks/.venv
BENCH_STAMP := $(BENCH)/.workbench-setup
# What kernels and renderers start must be found in the environment first; the set-up itself must not
# run from the environment that it may have to make anew.
OUTER_PATH := $(PATH)
export PATH := $(if $(filter /%,$(VENV)),$(VENV),$(CURDIR)/$(VENV))/bin:$(PATH)
SETUP := PATH="$(OUTER_PATH)"; python="$$(sh tools/find_python.sh)" && "$$python" tools/setup.py

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup lab demo reports test check bench clean lock lint format types notebooks again

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## create .venv: locked packages, this package, Quarto where it can be had

lab: setup ## open JupyterLab on notebooks/ (SUITE=name; demo when not given)
	@test "$(SUITE)" != demo || test -d data/demo || { $(VENV)/bin/workbench demo && \
		$(VENV)/bin/workbench ingest demo; }
	WORKBENCH_ROOT="$(CURDIR)" WORKBENCH_SUITE="$(SUITE)" JUPYTER_PREFER_ENV_PATH=1 \
		$(PY) -m jupyterlab --ServerApp.root_dir=notebooks

demo: setup ## write the raw data of the demo suite
	$(VENV)/bin/workbench demo

reports: setup ## ingest, run, render and publish a suite (SUITE=name; demo when not given)
	@test "$(SUITE)" != demo || $(VENV)/bin/workbench demo
	$(VENV)/bin/workbench run "$(SUITE)"

test: setup ## run all tests (TESTS="tests/params -k units" for some)
	$(PY) -m pytest -n auto --dist loadfile $(TESTS)

check: setup ## lint, format, types, and the form of the notebooks
	@$(MAKE) --no-print-directory --keep-going lint format types notebooks

bench: $(BENCH_STAMP) ## run the benchmarks, in their own environment
	$(BENCH)/bin/python benchmarks/reports.py
	$(BENCH)/bin/python benchmarks/fresh.py
	$(BENCH)/bin/python benchmarks/faults.py
	$(BENCH)/bin/python benchmarks/ingest.py
	$(BENCH)/bin/python benchmarks/profiles.py
	$(BENCH)/bin/python benchmarks/quarantine.py
	$(BENCH)/bin/python benchmarks/suspects.py
	$(BENCH)/bin/python benchmarks/drift.py
	$(BENCH)/bin/python benchmarks/identity.py
	$(BENCH)/bin/python benchmarks/rfm.py
	$(BENCH)/bin/python benchmarks/segments.py
	$(BENCH)/bin/python benchmarks/stability.py
	$(BENCH)/bin/python benchmarks/segment_claims.py
	$(BENCH)/bin/python benchmarks/design_power.py
	$(BENCH)/bin/python benchmarks/experiments.py
	$(BENCH)/bin/python benchmarks/experiment_claims.py
	$(BENCH)/bin/python benchmarks/purchase_models.py
	$(BENCH)/bin/python benchmarks/survival.py

clean: ## remove environments, caches, and the demo's data and reports; nothing else of yours
	rm -rf .venv benchmarks/.venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf data/demo reports/demo
	find src tests tools benchmarks notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# For maintainers.

lock:
	sh tools/lock.sh

lint:
	$(PY) -m ruff check .

format:
	$(PY) -m ruff format --check .

types:
	$(PY) -m mypy

notebooks:
	$(VENV)/bin/workbench notebooks

# The stamp holds the folder that it was made for: a copied checkout must not run another one's code.
ifneq ($(shell cat "$(STAMP)" 2>/dev/null),$(CURDIR))
$(STAMP): again
endif
ifneq ($(PYTHON)$(filter yes,$(QUARTO)),)
$(STAMP): again
endif
ifneq ($(shell cat "$(BENCH_STAMP)" 2>/dev/null),$(CURDIR))
$(BENCH_STAMP): again
endif

$(STAMP): requirements.lock requirements-quarto.lock pyproject.toml tools/setup.py
	@$(SETUP) --venv "$(VENV)" --quarto "$(QUARTO)" --quarto-timeout "$(QUARTO_TIMEOUT)"
	@printf '%s' "$(CURDIR)" >"$(STAMP)"

$(BENCH_STAMP): benchmarks/requirements.lock pyproject.toml tools/setup.py
	@$(SETUP) --venv "$(BENCH)" --lock benchmarks/requirements.lock --packages-only
	@printf '%s' "$(CURDIR)" >"$(BENCH_STAMP)"
