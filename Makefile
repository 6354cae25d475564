# Two commands are all that a newcomer needs: `make run` and `make test`.
PYTHON ?= python3
VENV ?= .venv
MINUTES ?=
OUT ?=
BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test check lint bench clean

run: $(VENV)/.installed
	$(BIN)/chatwright run $(if $(MINUTES),--minutes $(MINUTES)) $(if $(OUT),--out $(OUT))

test: $(VENV)/.installed-check
	$(BIN)/python -m pytest

check: lint
	$(BIN)/python -m pytest -m "not slow"

lint: $(VENV)/.installed-check
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed
	$(BIN)/chatwright bench all $(if $(OUT),--out $(OUT))

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) -e .
	touch $@

$(VENV)/.installed-check: $(VENV)/.installed
	$(INSTALL) -e '.[check]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
