# `make demo` and `make test` are the two to begin with; `make help` names the rest.

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get
# What building needs, and what the tests in a booted Debian need on top of it.
BUILD_PACKAGES := gcc libc6-dev libpam0g-dev
RPM_PACKAGES := rpm checkpolicy semodule-utils bzip2
TEST_PACKAGES := mmdebstrap systemd-container shellcheck dpkg-dev valgrind faketime mandoc \
    bash-completion zsh fish rpmlint setools lintian strace libnss-wrapper
FUZZ_PACKAGES := g++
BENCH_PACKAGES := strace libnss-wrapper valgrind
# Booting a machine takes root, and so do power cuts.
AS_ROOT := $(if $(SUDO),--config 'target."cfg(unix)".runner="sudo --preserve-env"',)

.PHONY: help demo recording test build faulty manuals packages deb rpm selinux lint unit libpam \
    counts recount rpmlint lintian booted soak fuzz bench

help: ## Shows this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 13

demo: build ## Plays real logins against a daemon in a private folder
	@mkdir -p target/demo
	@TMPDIR=$(CURDIR)/target/demo target/debug/axes-demo

recording: build ## Draws what the demo shows: packaging/doc/demo.svg
	@TZ=UTC target/debug/axes-demo --record packaging/doc/demo.svg

test: lint unit libpam counts rpmlint lintian booted ## Everything

build: .build-packages ## Builds module, daemon and tools
	cargo build --workspace

faulty: .build-packages ## Builds the module that panics where a test says so
	cargo build --package pam_axes --features fault-injection --target-dir target/fault-injection

lint: .build-packages .test-packages ## Formatting, clippy, shell scripts
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --package pam_axes --features fault-injection -- -D warnings
	shellcheck packaging/deb/p* packaging/rpm/p* packaging/completions/axesctl .ci/run \
	    tests/src/guest/boot.sh \
	    $$(grep -l "^#!/bin/sh" tests/booted/guest/*)

unit: build ## Tests beside the code
	cargo test --workspace --exclude axes-e2e

libpam: build faulty .test-packages ## Real libpam, real daemon, no container; scenarios of django-axes
	cargo test --package axes-e2e --lib --test libpam --test conformance

counts: build .release .test-packages ## Instructions of a login, against those that are kept
	cargo test --package axes-e2e --test counts -- --nocapture

recount: build .release .test-packages ## Keeps new ones: tests/bench/instructions.json
	target/debug/axes-counts

packages: deb rpm ## Builds both packages

manuals: .release ## Makes manual pages, completions and changelogs in target/packaging
	rm -rf target/packaging/man target/packaging/completions
	mkdir -p target/packaging/completions
	target/release/axes-manuals target/packaging/man
	target/release/axes-changelog deb > target/packaging/changelog.deb
	target/release/axes-changelog rpm > target/packaging/changelog.rpm
	cp packaging/completions/* target/packaging/completions

deb: .release manuals ## Builds target/debian/axes_*.deb
	command -v cargo-deb >/dev/null || cargo install cargo-deb --version 3.8.0 --locked
	rm -rf target/packaging/lib
	install -D --mode=644 target/release/libpam_axes.so \
	    target/packaging/lib/$$(gcc -print-multiarch)/security/pam_axes.so
	cargo deb --package axesd --no-build

rpm: .release .module-for-rhel manuals selinux ## Builds target/rpm/RPMS/*/axes-*.rpm
	rm -rf target/rpm
	rpmbuild -bb --quiet --define "_topdir $(CURDIR)/target/rpm" --define "source $(CURDIR)" \
	    --define "axes_version $$(cargo pkgid --package axesd | sed 's/.*[#@]//')" packaging/rpm/axes.spec

selinux: .rpm-packages ## Compiles the policy module that the .rpm brings
	mkdir -p target/packaging/selinux
	checkmodule -M -m -c 19 -o target/packaging/selinux/axes.mod packaging/selinux/axes.te
	semodule_package --outfile target/packaging/selinux/axes.pp \
	    --module target/packaging/selinux/axes.mod --fc packaging/selinux/axes.fc
	bzip2 --force --keep target/packaging/selinux/axes.pp

rpmlint: rpm .test-packages ## What Fedora's own checks say about the .rpm
	rpmlint --strict --config packaging/rpm/rpmlint.toml target/rpm/RPMS/*/axes-*.rpm

lintian: deb .test-packages ## What Debian's own checks say about the .deb
	lintian --pedantic --display-info --fail-on error,warning target/debian/axes_*.deb

booted: deb rpm .test-packages ## Both packages in booted guests, with real sshd, sudo, su, login
	cargo test $(AS_ROOT) --package axes-e2e --test booted

soak: .build-packages .fuzz-tools ## Tries the promises for almost an hour, writes tests/RELIABILITY.md
	cargo build --release --workspace
	cargo run $(AS_ROOT) --release --package axes-e2e --bin axes-reliability

fuzz: .fuzz-tools ## Only what a fuzzer makes up of it: 10 minutes for each target of tests/fuzz
	cargo run --release --package axes-e2e --bin axes-reliability fuzz

bench: .release .symbols .bench-tools ## What a login costs, against pam_faillock; writes tests/bench/REPORT.md
	cargo rustc --release --package axes-password -- $(OWN_UNWINDER)
	cargo rustc --release --package axes-e2e --bin axes-caller -- $(OWN_UNWINDER)
	cargo build --release --package axes-e2e --bin axes-bench
	$(SUDO) env TMPDIR=$(CURDIR)/target/bench target/release/axes-bench

.PHONY: .release .symbols .module-for-rhel .build-packages .rpm-packages .test-packages .fuzz-tools .bench-tools
.release: .build-packages
	cargo build --release --package pam_axes --package axesd --package axes-packaging
	! grep --quiet "fault injection" target/release/libpam_axes.so

# The same with names of functions, for valgrind.
.symbols: .build-packages
	cargo build --release --package pam_axes --package axesd --lib --bin axesd --target-dir target/symbols \
	    --config profile.release.strip=false --config 'profile.release.debug="line-tables-only"'

.module-for-rhel: .build-packages
	cargo build --release --package pam_axes --features shared-unwinder --target-dir target/shared-unwinder

.build-packages:
	@$(call install,$(BUILD_PACKAGES))

.rpm-packages:
	@$(call install,$(RPM_PACKAGES))

.test-packages:
	@$(call install,$(TEST_PACKAGES))

.fuzz-tools: .build-packages
	@$(call install,$(FUZZ_PACKAGES))
	command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --version 0.13.2 --locked

# A caller written in C, as sshd is, has no libgcc_s in memory that the module could share. Debian's
# libpam-abl would add itself to the stacks of this machine, so it is only unpacked.
OWN_UNWINDER := -L native=$(CURDIR)/target/bench/unwinder
.bench-tools: .build-packages
	@$(call install,$(BENCH_PACKAGES))
	@mkdir -p target/bench/unwinder target/bench/abl
	@echo "INPUT(-lgcc_eh -lgcc)" >target/bench/unwinder/libgcc_s.so
	@cd target/bench && { test -e libpam-abl_*.deb || apt-get download -qq libpam-abl || true; } && \
	    for package in libpam-abl_*.deb; do test ! -e "$$package" || dpkg-deb -x "$$package" abl; done

# Installs what is missing; asks for nothing where all is there.
define install
missing=$$(for package in $(1); do dpkg -s $$package >/dev/null 2>&1 || echo $$package; done); \
[ -z "$$missing" ] || { $(APT) update -qq && $(APT) install -qq --yes $$missing >/dev/null; }
endef
