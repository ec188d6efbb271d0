# Two commands do everything: `make demo` and `make test`. Each installs what it needs.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

install: .venv/installed ## make the environment .venv; then .venv/bin/foureyes runs
.venv/installed: requirements.lock pyproject.toml scripts/install.sh
	@sh scripts/install.sh

demo: install bubblewrap ## two small models on a few problems, and the results table
	@$(BIN)/foureyes demo

test: lint bubblewrap rabbitmq ## every check and test
	@$(BIN)/python -m pytest

lint: install ## style, types, architecture
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

up: install bubblewrap ## the embedded stack, until Ctrl-C
	@$(BIN)/foureyes up

lock: ## pin requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --extra embedded --extra test --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock

clean: ## remove what was made, results included
	rm -rf .venv .foureyes .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info

bubblewrap:
	@sh scripts/system-package.sh bwrap bubblewrap

rabbitmq:
	@sh scripts/system-package.sh rabbitmq-server rabbitmq-server

.PHONY: help install demo test lint up lock clean bubblewrap rabbitmq
