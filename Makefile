# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
APT := timeout 300 apt-get install -y -qq --no-install-recommends
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test bench soak browser java clean

demo: .venv/demo
	$(BIN)/guillemets tag inference/samples/demo.txt --format table

test: .venv/test browser java
	$(BIN)/python -m pytest

# torch goes first and by exact version: a range would pull the build with CUDA.
.venv/demo: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install -c constraints.txt "torch==$$(sed -n 's/^torch==//p' constraints.txt)"
	$(PIP) install -c constraints.txt -e .
	touch $@

.venv/test: .venv/demo
	$(PIP) install -c constraints.txt -e ".[test]"
	touch $@

# Speed and memory of each system on the same articles; GOLD=FILE compares on other gold too.
bench: .venv/bench
	$(BIN)/python benchmarks/speed.py $(if $(GOLD),--gold $(GOLD))

# Memory of the batch command over 20,000 articles.
soak: .venv/bench
	$(BIN)/python benchmarks/soak.py

.venv/bench: .venv/demo
	$(PIP) install -c constraints.txt -e ".[bench]"
	touch $@

# The test that opens a report needs Chromium; without it, it is skipped and says so.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null && { $(APT) chromium || { apt-get update -qq && $(APT) chromium; } } } \
	  >/dev/null 2>&1 || echo "no Chromium, and it cannot be installed: the report is not opened"

# The test of Spark needs Java 17 or later, of the same kind.
java:
	@command -v java >/dev/null || \
	{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  { $(APT) default-jre-headless || { apt-get update -qq && $(APT) default-jre-headless; } } } \
	  >/dev/null 2>&1 || echo "no Java, and it cannot be installed: Spark is not tested"

clean:
	rm -rf .venv runs build dist *.egg-info .pytest_cache .hypothesis
