# Everything this book is made with. `make` alone lists it.
#
# Each step leaves a stamp, so a second run does only what a change asks for.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
PORT ?= 8000

PY := .venv/bin/python
SITE := _build/html
ENV := .venv/.installed
VENDOR := book/vendor/node_modules/.package-lock.json
FIREFOX_DRIVER := tests/firefox/node_modules/.package-lock.json
TOOLS := book/_tools
# Newer than all that the browser part reads, once that part has passed.
CHECKED := _build/browser-passed
LAB_CHECKED := _build/lab-passed

# The same sums in the same order on every machine, and one core for each kernel.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PYTHONHASHSEED := 0
# A bar's times would be in every notebook's outputs.
export RNNBOOK_PROGRESS := 0
# A notebook server's own settings have no say in how notebooks are run here.
export JUPYTER_PREFER_ENV_PATH := 1

# Lines of code in a chapter fit its column.
FORMAT := $(PY) -m ruff format --quiet --line-length 82

PACKAGE := $(shell find src -type f -not -path '*/__pycache__/*' -not -path '*.egg-info/*')
PAGES := $(shell find book notebooks -type f -not -path '*/node_modules/*' \
	-not -path '*/__pycache__/*' -not -path '*/.ipynb_checkpoints/*' -not -path 'book/_tools/*')

.PHONY: help
help: ## List the commands
	@echo "Unrolled, a book on recurrent neural networks. Commands:"
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20
	@echo "Options: PYTHON=/path/to/python3.11  PORT=8000  BROWSER=/path/to/chromium"

.PHONY: serve book notebooks experiments lab edit bench
serve: book ## Build the book and serve it on this machine
	@$(PY) $(TOOLS)/serve.py $(SITE) $(PORT)

book: $(SITE)/.made ## Build the site into _build/html, warnings as errors

notebooks: $(ENV) ## Run every chapter anew, or CHAPTERS="04 05", and write it in its normal form
	@$(FORMAT) notebooks
	@$(PY) $(TOOLS)/notebooks.py $(CHAPTERS)

experiments: $(ENV) ## Train the long runs that are missing (FRESH=1: all of them, about 40 min)
	@$(PY) -m rnnbook.experiments $(if $(FRESH),--fresh) $(NAMES)

lab edit lab-chapters: export RNNBOOK_PROGRESS := 1
lab: book ## Read the chapters in JupyterLab, as copies that are yours
	@$(PY) -m jupyterlab --notebook-dir=_build/lab

edit: $(ENV) ## Open JupyterLab on the chapters' sources
	@$(PY) -m jupyterlab --notebook-dir=notebooks

bench: $(ENV) ## Time the inner loops and an explorer's moves
	@$(PY) $(TOOLS)/bench.py

.PHONY: test lint unit chapters browser lab-test notebook7 lab-chapters
# One after the other, and not by prerequisites: the order holds under `make -j` too. But the book,
# which is built on one core, is built beside the unit tests; it takes over what `chapters` has run.
test: $(ENV) ## Check everything, as CI does
	@start=$$SECONDS; rm -f _build/unchecked; part() { echo; echo "== $$1"; $(MAKE) --no-print-directory $$1; }; \
	part lint; part chapters; \
	$(MAKE) --no-print-directory book > _build/book.log 2>&1 & book=$$!; \
	part unit || { wait; exit 1; }; \
	echo; echo "== book"; wait $$book || { cat _build/book.log; exit 1; }; \
	part browser; part lab-test; \
	echo; echo "All of it passes, in $$((SECONDS - start)) s."; \
	if [ -s _build/unchecked ]; then echo; cat _build/unchecked; fi

lint: $(ENV) $(VENDOR) ## Read the code for faults
	@$(PY) -m ruff check --quiet .
	@$(FORMAT) --check notebooks || { echo "\`make notebooks\` mends it"; exit 1; }
	@$(PY) $(TOOLS)/notebooks.py --check
	@$(PY) $(TOOLS)/scripts.py

# These go with the chapters.
ABOUT_PAGES := $(addprefix tests/test_,notebooks.py copies.py ledger.py reading.py site.py)

# Each part loads only the plugins that it needs: three processes, and some take seconds.
unit: $(ENV) ## Test the package
	@$(PY) -m pytest -q -n 2 --dist worksteal -p no:nbval tests \
	  --ignore=tests/browser --ignore=tests/lab $(addprefix --ignore=,$(ABOUT_PAGES))

chapters: $(ENV) $(VENDOR) ## Run every notebook, compare its outputs, and test what makes pages of them
	@$(PY) -m pytest -q -n 2 --dist loadfile --nbval --nbval-current-env -p no:hypothesispytest \
	  notebooks $(ABOUT_PAGES)

browser: $(CHECKED) ## Look at every page in a browser

lab-test: $(LAB_CHECKED) ## Try all explorers in a real JupyterLab

notebook7: $(ENV) ## The same in Notebook 7
	@LAB=notebook $(IN_LAB)

FOLDER := _build/lab
lab-chapters: book ## Run every chapter in JupyterLab and look for faults (FOLDER=...; minutes)
	@$(PY) tests/lab/chapters.py $(FOLDER)

.PHONY: download-test
download-test: $(SITE)/.made ## Run every chapter as a reader of the site does (CHAPTERS="06": one; minutes)
	@$(PY) $(TOOLS)/download_test.py $(SITE) $(CHAPTERS)

firefox: $(SITE)/.made $(FIREFOX_DRIVER) ## Look at every page in Firefox (minutes)
	@$(PY) tests/firefox/run.py

letters-test: $(SITE)/.made ## Look at pages on machines with DejaVu, Liberation or neither (minutes)
	@$(PY) tests/browser/font_sets.py $(FONTS)

versions: $(ENV) ## Test the package on other Pythons and NumPys (PYTHONS="python3.11 ..."; minutes)
	@$(PY) tests/machines/versions.py $(PYTHONS)

.PHONY: lock clean vendor versions firefox letters-test
lock: $(ENV) ## Choose all versions anew: writes requirements.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check uv
	@$(PY) -m uv pip compile --quiet pyproject.toml --all-extras --universal --upgrade \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
	  --output-file requirements.txt
	@echo "requirements.txt is new; the next command installs it."

# A reader's changed copies in _build/lab are no rubbish.
clean: ## Remove what was built; the environment stays (rm -r .venv removes it)
	rm -rf .pytest_cache .ruff_cache .hypothesis
	@$(PYTHON) $(TOOLS)/edited.py

vendor: $(VENDOR)

# ---- the steps behind them ----

$(ENV): requirements.txt pyproject.toml $(TOOLS)/environment.sh
	@$(TOOLS)/environment.sh "$(PYTHON)"
	@touch $@

$(VENDOR): book/vendor/package-lock.json | $(ENV)
	@echo "Installing the page's scripts and fonts (npm, about 15 s) ..."
	@$(PY) $(TOOLS)/npm.py book/vendor ci
	@touch $@

$(FIREFOX_DRIVER): tests/firefox/package-lock.json | $(ENV)
	@$(PY) $(TOOLS)/npm.py tests/firefox ci
	@touch $@

$(SITE)/.made: $(ENV) $(VENDOR) _config.yml _toc.yml $(PACKAGE) $(PAGES)
	@echo "Building the book ..."
	@rm -f _build/executed/failures.txt
	@.venv/bin/jupyter-book build . -q -W -n --keep-going || { \
	  if [ -s _build/executed/failures.txt ]; then echo; cat _build/executed/failures.txt; fi; \
	  echo; echo "The book was not built; the reason stands above."; exit 1; }
	@touch $@

# A browser that is named is always asked.
.PHONY: named
$(CHECKED): $(SITE)/.made $(TOOLS)/browser.sh $(shell find tests -name '*.py' -not -path 'tests/lab/*' \
	-not -path 'tests/firefox/*' -not -path 'tests/machines/*') \
	$(if $(BROWSER),named)
	@rm -f $@ _build/unchecked
	@$(TOOLS)/browser.sh $(PY) tests/browser \
	  "how the pages work in a browser (requests, console, accessibility, explorers)" \
	  -n 2 --dist worksteal
	@[ -s _build/unchecked ] || touch $@

IN_LAB = $(TOOLS)/browser.sh $(PY) tests/lab "how the explorers work in a notebook" -p no:xdist

$(LAB_CHECKED): $(ENV) $(PACKAGE) $(wildcard notebooks/*.ipynb) $(TOOLS)/browser.sh \
	$(wildcard tests/lab/*.py) tests/browser/site_under_test.py $(if $(BROWSER),named)
	@rm -f $@
	@$(IN_LAB)
	@[ -s _build/unchecked ] || { mkdir -p $(@D); touch $@; }
