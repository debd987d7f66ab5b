# Every target carries its one line of help behind `##`; a bare `make` lists them. CI calls nothing else.

SHELL := /bin/sh
CARGO ?= cargo
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/promgit
TOOLS ?= $(CACHE)/tools
export PROMGIT_TOOLS := $(TOOLS)

.DEFAULT_GOAL := help
.PHONY: help run build test unit torture fmt clippy deny tools cluster bench parity fuzz generate image clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## watch examples/, commit to ./deploy.git, say what to look at and what to edit
	@target/release/promgit run --source dir:examples --repo deploy.git

build: ## build target/release/promgit
	$(CARGO) build --release --locked

test: tools fmt clippy deny unit ## run everything that CI runs

unit: tools ## run the tests only
	$(CARGO) test --locked

torture: ## kill the agent and cut its power hundreds of times; push to a Gitea; some takes root (PROMGIT_TORTURE_SEED=n)
	PROMGIT_TORTURE=full $(CARGO) test --locked --test torture -- --nocapture --test-threads 2
	@tests/tools/install.sh gitea >/dev/null
	$(CARGO) test --locked --test push -- forge:: --nocapture

fmt: ## check the formatting
	$(CARGO) fmt --check

clippy: ## lint, warnings are errors
	$(CARGO) clippy --locked --all-targets -- -D warnings

deny: $(TOOLS)/bin/cargo-deny ## check licences, sources and bans of all dependencies
	$(TOOLS)/bin/cargo-deny check bans licenses sources

$(TOOLS)/bin/cargo-deny:
	$(CARGO) install --locked --version 0.20.2 --root $(TOOLS) cargo-deny

tools: ## build the reference tools (helm, promtool, a Kubernetes control plane) into the cache, once
	@tests/tools/install.sh >/dev/null

cluster: tools ## start a real Kubernetes control plane to play with, say what to type; Ctrl-C ends it
	@exec "$$(tests/bed/install.sh)" up --talk --link helm=$(TOOLS)/helm-4.3.1

bench: tools ## measure speed and memory against helm and git, as a table
	@$(CARGO) bench --locked --bench numbers

parity: tools ## compare `promgit template` with helm on the charts below CHARTS=DIR, as a table (ARGS=flags for both)
	@$(CARGO) bench --locked --bench parity -- $(CHARTS) $(ARGS)

# What is found new is kept outside of the checkout; what breaks a target lies in fuzz/artifacts/.
fuzz: $(TOOLS)/bin/cargo-fuzz ## search for inputs that break TARGET (default: each of fuzz/fuzz_targets), SECONDS long each
	@for target in $(or $(TARGET),$(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))); do \
	  mkdir -p $(CACHE)/fuzz/$$target && \
	  $(if $(SANITIZER),RUSTC_BOOTSTRAP=1 )PATH="$(TOOLS)/bin:$$PATH" $(CARGO) fuzz run --sanitizer $(or $(SANITIZER),none) $$target \
	    $(CACHE)/fuzz/$$target fuzz/corpus/$$target -- -max_total_time=$(or $(SECONDS),300) -timeout=2 \
	    -rss_limit_mb=$(or $(MEMORY),256) -dict=fuzz/dictionaries/$(if $(filter yaml,$(TARGET)),yaml,template).dict || exit 1; \
	done

$(TOOLS)/bin/cargo-fuzz:
	$(CARGO) install --locked --version 0.13.2 --root $(TOOLS) cargo-fuzz

generate: ## write the files that are generated from code (CRD, reference pages)
	UPDATE=1 $(CARGO) test --locked --test resource --test cli generated

image: ## build the container image (needs a container engine)
	docker build -t promgit:dev .

clean: ## remove what `make run` and `make build` left
	rm -rf target deploy.git
