# The two commands: `make demo` and `make test`. Both set everything up in .venv first.

PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: demo test laws lint bench clean

demo: $(INSTALLED)
	@$(BIN)/python examples/demo.py $(if $(ONCE),--once)

test: $(INSTALLED) lint
	$(BIN)/python -m pytest -m "" --cov --cov-report=term-missing:skip-covered
	$(if $(CI),$(MAKE) laws)

# Every law over arbitrary bytes, with ten thousand examples instead of a hundred.
laws: $(INSTALLED)
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -m hypothesis -n 2

lint: $(INSTALLED)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED)
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/lookups.py

clean:
	rm -rf .venv build dist .coverage .hypothesis .*_cache

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[cli,yaml]' --group dev
	touch $@
