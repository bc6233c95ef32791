# `make demo` installs everything and runs the main job on the sample reports; `make test` runs all tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check train clean

demo: $(VENV)/.installed
	$(BIN)/failings run samples/reports --store demo.db
	$(BIN)/failings verify --store demo.db
	@echo
	@echo "See one report with its findings highlighted:   $(BIN)/failings show reg28_prison_night.pdf --store demo.db"
	@echo "Search all of them:                             $(BIN)/failings search --category restraint --store demo.db"

test: check
	$(BIN)/python -m pytest

check: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/mypy

train: $(VENV)/.training
	$(BIN)/failings train models/minilm/train.toml

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
	rm -rf $(VENV) demo.db*
