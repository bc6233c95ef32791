# `make demo` installs everything and runs the main job on the sample reports; `make test` runs all tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export FAILINGS_LABEL_STUDIO ?= $(HOME)/.cache/failings/label-studio-1.23.2

.PHONY: demo test check train docs bench label-studio label-studio-test clean

demo: $(VENV)/.installed
	$(BIN)/failings run samples/reports --store demo.db
	$(BIN)/failings verify --store demo.db
	@echo
	@echo "See one report with its findings highlighted:   $(BIN)/failings show reg28_prison_night.pdf --store demo.db"
	@echo "Search all of them:                             $(BIN)/failings search --category restraint --store demo.db"

test: check
	@$(MAKE) --no-print-directory label-studio || echo "Label Studio cannot be installed; its tests skip"
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# a real Label Studio server for the tests, in an environment of its own outside the project; made once
label-studio: $(FAILINGS_LABEL_STUDIO)/migrated

$(FAILINGS_LABEL_STUDIO)/migrated: $(VENV)/.tests
	$(BIN)/python tests/label_studio_server.py

label-studio-test: label-studio
	$(BIN)/python -m pytest tests/test_label_studio.py

check: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/mypy

train: $(VENV)/.training
	$(BIN)/failings train models/minilm/train.toml

bench: $(VENV)/.tests $(VENV)/.training
	$(BIN)/python scripts/benchmark.py

docs: $(VENV)/.tests
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "open site/index.html"

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.tests: $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[dev,ocr]'
	touch $@

# torch comes first and from where you like: a CPU build is enough
$(VENV)/.training: $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[train]'
	touch $@

clean:
	rm -rf $(VENV) demo.db* site
