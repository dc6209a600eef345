# The two commands: `make demo` and `make test`. Both set everything up in .venv first.

PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: demo test browser firefox php postgres systemd apache wrk laws fuzz differential soak ledger-load ledger-million lint bench script clean

demo: $(INSTALLED)
	@$(BIN)/python examples/demo.py $(if $(ONCE),--once)

test: $(INSTALLED) browser firefox php postgres systemd apache lint
	$(BIN)/python -m pytest -m "not browser" -n 3 --dist worksteal --cov --cov-report=term-missing:skip-covered
	$(BIN)/python -m pytest -m browser -n 4 --dist worksteal

# What is no Python package is left to you, and tests that need it say that they are skipped. Where CI is set
# they skip nothing: then root installs Debian's. $(call debian,how to tell that it is there,package)
define debian
@{ $(1); } >/dev/null 2>&1 || { [ -n "$(CI)" ] && [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ] || exit 0; \
	apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $(2); }
endef

browser:
	$(call debian,command -v chromium || command -v chromium-browser || command -v google-chrome,chromium)

# The second judge of what browsers make of cookies.
firefox:
	$(call debian,command -v firefox-esr || command -v firefox,firefox-esr)

# The ledger's tests start it by themselves.
postgres:
	$(call debian,ls /usr/lib/postgresql/*/bin/postgres || command -v postgres,postgresql)

# It reads the unit of examples/serving; nothing of that runs.
systemd:
	$(call debian,command -v systemd-analyze,systemd)

# The app behind the sidecar.
php:
	$(call debian,command -v php,php-cli)

# With mod_wsgi, for the Python of Debian.
apache:
	$(call debian,ls /usr/lib/apache2/modules/mod_wsgi.so,libapache2-mod-wsgi-py3)

# No decision lost or doubled, in full: 20,000 by eight processes, and a process killed a hundred times.
ledger-load: $(INSTALLED) postgres
	LEDGER_DECISIONS=20000 LEDGER_ROUNDS=100 $(BIN)/python -m pytest tests/ledger/test_load.py --durations=3

# What a million receipts cost, in SQLite or at URL; by hand, minutes long.
ledger-million: $(INSTALLED)
	$(BIN)/python benchmarks/ledger.py

# A million requests of every kind to each of two servers; by hand, half an hour long on two idle cores.
soak: $(INSTALLED) wrk
	$(BIN)/python benchmarks/soak.py

wrk:
	@command -v wrk >/dev/null || \
		{ [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ] && apt-get update && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends wrk; } || \
		{ echo "wrk is needed: apt install wrk"; exit 1; }

# Every law over arbitrary bytes, with ten thousand examples instead of the hundred of `make test`.
EXAMPLES ?= long
LAWS ?= tests
laws: $(INSTALLED)
	HYPOTHESIS_PROFILE=$(EXAMPLES) $(BIN)/python -m pytest -m 'hypothesis and not browser' -n 2 --dist worksteal $(LAWS)

# Each fuzzing target for its share of the minutes, with coverage to lead the way. CI runs the same laws
# over the corpus and some thousands of its mutations. What is found lies in .fuzz, and ends the run.
MINUTES ?= 60
TARGETS ?= headers policies seals pages forms
FOUND ?= .fuzz
fuzz: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --group fuzz
	mkdir -p $(FOUND)
	for target in $(TARGETS); do \
		PYTHONPATH=tests:tests/support nice $(BIN)/python -m fuzz $$target \
			$$(( $(MINUTES) * 60 / $(words $(TARGETS)) )) $(FOUND) || exit 1; \
	done

# What Chromium and Firefox store of 250,000 headers, and whom Chromium asks for 3,000 odd pages, with and
# without the guard: twenty times as many as `make test` tries.
TIMES ?= 20
differential: $(INSTALLED) browser firefox
	DIFFERENTIAL=$(TIMES) $(BIN)/python -m pytest -m browser -n 2 --dist worksteal tests/browser/differential

lint: $(INSTALLED)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

# Answers a second are told by wrk, where it is installed.
bench: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/lookups.py
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/size.py
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/peers.py

# guard.min.js, which is served, from guard.js.
script: $(INSTALLED)
	$(BIN)/python tests/support/minified.py

clean:
	rm -rf .venv build dist .coverage .hypothesis .fuzz .*_cache

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[cli,sidecar,yaml]' --group dev
	touch $@
