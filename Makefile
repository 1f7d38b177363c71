# jsv8: JavaScript endpoints on V8 behind a C interface. `make help` lists the targets.

SHELL := /bin/bash
BUILD := build
PREFIX ?= /usr/local
DESTDIR ?=
HARNESS := $(BUILD)/harness

# The static archive of V8. Resolved once a run, by the recipes that need it.
V8 = archive="$$(scripts/v8_archive.sh)" && if [ -n "$$archive" ]; then export RUSTY_V8_ARCHIVE="$$archive"; fi

.PHONY: help packages libraries harness build run test test-long sanitize bench bench-durable bench-peers guards margins fuzz soak header format lint install clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

packages: ## Install the system packages that are missing
	@scripts/install_packages.sh

libraries: packages ## Build build/libjsv8.so and build/libjsquickjs.so
	@mkdir -p $(BUILD)
	@$(V8) && echo "== building libjsv8.so" && cargo build --release --locked -p jsv8
	@echo "== building libjsquickjs.so"; cargo build --release --locked -p jsquickjs
	@cp -f target/release/libjsv8.so target/release/libjsquickjs.so $(BUILD)/

harness: packages ## Build build/jsep-host
	@echo "== building jsep-host"
	@mkdir -p $(BUILD)
	@cmake -S harness -B $(HARNESS) -DCMAKE_BUILD_TYPE=Release > $(BUILD)/cmake.log || { cat $(BUILD)/cmake.log; exit 1; }
	@cmake --build $(HARNESS) --parallel 2
	@cp -f $(HARNESS)/jsep-host $(BUILD)/

build: libraries harness ## Build everything

run: build ## Play the logging scenario on both libraries and compare them
	@python3 scripts/demo.py $(BUILD)

test: build ## Run all tests
	@scripts/install_packages.sh tests
	@$(V8) && scripts/test.sh $(BUILD)

test-long: build ## Run the long forms of some tests, which takes hours; make test comes first
	@$(V8) && scripts/test_long.sh $(BUILD)

sanitize: build ## Run the C and C++ tests, and the host, with ThreadSanitizer and with AddressSanitizer
	@scripts/sanitize.sh $(BUILD)

bench: build ## Measure both libraries side by side; PARTS="layers matrix octane growth" chooses
	@scripts/install_packages.sh tests
	@scripts/bench.sh $(BUILD) $(PARTS)

bench-durable: build ## Measure durable turns beside the disk: DATA=directory on that disk, SECONDS=1, OPTIONS="--repeat 5"
	@mkdir -p "$(or $(DATA),target/bench/durable)"
	@$(BUILD)/jsep-host realm bench --plugin $(BUILD)/libjsv8.so --data "$(or $(DATA),target/bench/durable)" \
	  --seconds "$(or $(SECONDS),1)" $(OPTIONS)

bench-peers: build ## Measure jsep-host beside workerd and Node.js
	@scripts/install_packages.sh peers
	@scripts/bench_peers.sh $(BUILD)

fuzz: packages ## Fuzz both libraries: TARGET=requests SECONDS=600 LIBRARY=jsv8 RUNS=1000000 choose; RUNS alone takes its time
	@mkdir -p $(BUILD)
	@$(V8) && scripts/fuzz.sh $(BUILD) "$(or $(TARGET),all)" "$(or $(SECONDS),$(if $(RUNS),0,60))" "$(LIBRARY)" "$(or $(RUNS),-1)"

soak: build ## Send mixed traffic for SECONDS=3600, to see that nothing grows: LIBRARY=jsquickjs OPTIONS="--option jit=off" choose
	@$(BUILD)/jsep-host soak --plugin $(BUILD)/lib$(or $(LIBRARY),jsv8).so --seconds "$(or $(SECONDS),3600)" $(OPTIONS)

guards: libraries ## Measure what the guards cost, on against off, as a table
	@$(V8) && scripts/guards.sh $(BUILD)

margins: build ## Measure how far requests go beyond their limits, some minutes; make test comes first
	@JSEP_BUILD=$(BUILD) $(BUILD)/venv/bin/python python_tests/margins.py

header: packages ## Write include/jsep.h anew from the source
	@$(V8) && JSEP_WRITE_HEADER=1 cargo test --locked -p jsv8 --test header

format: ## Format all sources
	@cargo fmt --all
	@find harness packaging -name '*.[ch]' -o -name '*.[ch]pp' | xargs -r clang-format -i
	@$(BUILD)/venv/bin/ruff format bench python_tests scripts

install: build ## Install headers, libraries, jsep-host, pkg-config and CMake files to PREFIX
	@DESTDIR="$(DESTDIR)" packaging/install.sh "$(PREFIX)" "$(BUILD)"

clean: ## Remove all that was built
	@rm -rf $(BUILD) target
