# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test clean

demo: .venv/demo
	$(BIN)/guillemets tag inference/samples/demo.txt --format table

test: .venv/test
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

clean:
	rm -rf .venv runs build dist *.egg-info .pytest_cache .hypothesis
