# make run    set everything up and open the app on the demo queue
# make setup  only what a server needs
# make mlflow  and what logs learning to MLflow
# make lab    and what training, evaluation and reports need
# make test   set up the development tools and run every test; TESTS="tests/web -x" runs some
# make test-fast  what is pure, and the database: no browser, server, training or other process
# make coverage   what the tests run of each room, but for the browser's
# make try-api  every call of the REST API, tried by its own document (schemathesis)
# make pictures  the pictures in docs/images, taken anew
# make check  ruff, mypy --strict, import contracts; eslint and tsc for the scripts
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/pip --disable-pip-version-check
LOCKS = .ci/requirements
HASHED = $(PIP) install -q --no-deps --require-hashes
JS = .ci/javascript
NODE = PATH="$$(sh .ci/node $(BIN)/python):$$PATH"
DEMO_DATA ?= demo-data
# Where Python may keep nothing compiled, every process that a test starts compiles the program anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo lab mlflow dev node lock run test test-fast coverage pictures try-api check check-javascript test-javascript format bench clean

setup: $(VENV)/.installed
demo: $(VENV)/.installed-demo
lab: $(VENV)/.installed-lab
mlflow: $(VENV)/.installed-mlflow
dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# What is installed is what was tested, file by file: each has its SHA-256 in .ci/requirements. The
# package itself is built without downloading anything more. The CPU build of torch is tried first:
# the default build on Linux brings gigabytes of CUDA.
$(VENV)/.installed: pyproject.toml $(wildcard $(LOCKS)/*.lock) | $(VENV)/bin/python
	@echo "Installing (several minutes the first time) ..."
	@$(HASHED) -r $(LOCKS)/torch-cpu.lock 2>/dev/null || true
	$(HASHED) -r $(LOCKS)/run.lock
	@! $(BIN)/python .ci/wants-cuda || $(HASHED) -r $(LOCKS)/cuda.lock
	$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

# The rest lies beside that: .ci/requirements has a list for each extra.
$(VENV)/.installed-%: $(LOCKS)/%.lock $(VENV)/.installed
	$(HASHED) -r $<
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-demo $(VENV)/.installed-lab $(VENV)/.installed-mlflow

# After a change of constraints.txt or of the dependencies.
lock: | $(VENV)/bin/python
	$(PIP) install -q uv
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python .ci/lock

run: demo
	REVIEW_DATA_DIR=$${REVIEW_DATA_DIR:-$(DEMO_DATA)} $(BIN)/deepfake-review demo

test: dev test-javascript
	@BROWSER_PATH="$$(sh .ci/browser $(BIN)/python)" && export BROWSER_PATH && \
		sh .ci/in-memory $(BIN)/python -m pytest -n auto --durations=25 --durations-min=5 $(TESTS)

test-fast: dev
	sh .ci/in-memory $(BIN)/python -m pytest -n auto --fast -q

coverage: dev
	sh .ci/in-memory $(BIN)/python -m pytest -n auto -q -m "not browser" --cov --cov-report=
	$(BIN)/python .ci/rooms

# Found, or installed, once: what runs beside each other asks for it at the same time.
node: | $(VENV)/bin/python
	@sh .ci/node $(BIN)/python >/dev/null

# The scripts that need no page, and what they need of one, by node's own runner.
test-javascript: $(VENV)/.installed node
	$(NODE) && PYTHON=$(BIN)/python node --import ./tests/javascript/browser.js --test tests/javascript/*.test.js

pictures: dev
	@BROWSER_PATH="$$(sh .ci/browser $(BIN)/python)" && export BROWSER_PATH && \
		$(BIN)/python -m tests.browser.pictures

# In an environment of its own: it is a tool, and no part of what is tested.
try-api: dev
	test -x $(VENV)-try/bin/schemathesis || { $(PYTHON) -m venv $(VENV)-try && $(VENV)-try/bin/pip install -q schemathesis==4.32.5; }
	$(BIN)/python .ci/try-api $(VENV)-try/bin/schemathesis $(EXAMPLES)

check: dev check-javascript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-javascript: $(JS)/node_modules/.package-lock.json node
	$(NODE) && node $(JS)/node_modules/eslint/bin/eslint.js --config $(JS)/eslint.config.js review_app/web/static tests/javascript $(JS)
	$(NODE) && node $(JS)/node_modules/typescript/bin/tsc -p $(JS)/tsconfig.json

$(JS)/node_modules/.package-lock.json: $(JS)/package-lock.json | node
	@$(NODE) && cd $(JS) && npm ci --silent
	@touch $@

format: dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: dev
	for name in heads engines cascade start certify marks audits simulate triage retriage intake review trust fuzz learning admin; do $(BIN)/python -m benchmarks.$$name || failed=1; done; test -z "$$failed"

clean:
	rm -rf $(VENV) $(JS)/node_modules .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
