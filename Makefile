# `make demo` and `make test` are the two to begin with; `make help` names the rest.

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get
# What building needs, and what the tests in a booted Debian need on top of it.
BUILD_PACKAGES := gcc libc6-dev libpam0g-dev
TEST_PACKAGES := mmdebstrap systemd-container shellcheck dpkg-dev valgrind faketime
# Booting a machine takes root, and so do power cuts.
AS_ROOT := $(if $(SUDO),--config 'target."cfg(unix)".runner="sudo --preserve-env"',)

.PHONY: help demo test build deb lint unit libpam booted reliability

help: ## Shows this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 13

demo: build ## Plays real logins against a daemon in a private folder
	@mkdir -p target/demo
	@TMPDIR=$(CURDIR)/target/demo target/debug/axes-demo

test: lint unit libpam booted ## Everything

build: .build-packages ## Builds module, daemon and tools
	cargo build --workspace

lint: .build-packages .test-packages ## Formatting, clippy, shell scripts
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	shellcheck packaging/deb/p* .ci/run tests/src/guest/boot.sh \
	    $$(grep -l "^#!/bin/sh" tests/booted/guest/*)

unit: build ## Tests beside the code
	cargo test --workspace --exclude axes-e2e

libpam: build .test-packages ## Real libpam, real daemon, no container; scenarios of django-axes
	cargo test --package axes-e2e --test libpam --test conformance

deb: .build-packages ## Builds target/debian/axes_*.deb
	command -v cargo-deb >/dev/null || cargo install cargo-deb --version 3.8.0 --locked
	cargo build --release --package pam_axes --package axesd
	cargo deb --package axesd --no-build

booted: deb .test-packages ## The .deb in a booted Debian 12 and 13, with real sshd, sudo, su, login
	cargo test $(AS_ROOT) --package axes-e2e --test booted

reliability: .build-packages ## Tries the promises for some 25 minutes, writes tests/RELIABILITY.md
	cargo build --release --workspace
	cargo run $(AS_ROOT) --release --package axes-e2e --bin axes-reliability

.PHONY: .build-packages .test-packages
.build-packages:
	@$(call install,$(BUILD_PACKAGES))

.test-packages:
	@$(call install,$(TEST_PACKAGES))

# Installs what is missing; asks for nothing where all is there.
define install
missing=$$(for package in $(1); do dpkg -s $$package >/dev/null 2>&1 || echo $$package; done); \
[ -z "$$missing" ] || { $(APT) update -qq && $(APT) install -qq --yes $$missing >/dev/null; }
endef
