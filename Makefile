# The commands of the house. Each installs what it lacks on Debian 12 (tools/setup) and may be repeated.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
REHEARSE_ARGS ?=
BENCH_ARGS ?=
SANDBOX_BENCH_ARGS ?=

.DEFAULT_GOAL := build
.PHONY: build configure test test-fast rehearse up bench check format clean

configure:
	@tools/setup build
	@mkdir -p build
	@cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }

build: configure
	@cmake --build --preset release --parallel $(JOBS)

# The whole suite; ends with 'N passed, N failed, N skipped' and the reason of every skip.
test:
	@tools/setup test
	@$(MAKE) --no-print-directory build
	@tools/run_tests

# Labels unit and integration only: under three minutes.
test-fast:
	@tools/setup test
	@$(MAKE) --no-print-directory build
	@tools/run_tests --fast

# Ten live WordPress sites in a sandbox move to a shard under visitors; one fails, one returns. Its report
# goes to rehearsal/. REHEARSE_ARGS="--databases" for the mover alone.
rehearse:
	@tools/setup rehearse
	@$(MAKE) --no-print-directory build
	@build/aipress-rehearse $(REHEARSE_ARGS)

# A local Google Cloud, left running; `build/aipress sandbox down` ends it.
up:
	@tools/setup rehearse
	@$(MAKE) --no-print-directory build
	@if build/aipress sandbox status >/dev/null; then build/aipress sandbox status; \
	else build/aipress sandbox up --detach; fi

# The mover against mariadb-dump and mydumper, the sandbox against nginx, cp and fsync: ratios of one
# run, e.g. BENCH_ARGS="--size 200M --repeat 3" SANDBOX_BENCH_ARGS="--repeat 3 --only objects".
bench:
	@tools/setup bench
	@$(MAKE) --no-print-directory build
	@build/mover_bench $(BENCH_ARGS)
	@build/sandbox_bench $(SANDBOX_BENCH_ARGS)
	@build/objects_bench $(OBJECTS_BENCH_ARGS)
	@build/migration_bench $(MIGRATION_BENCH_ARGS)
	@build/store_bench $(STORE_BENCH_ARGS)

check:
	@tools/setup check
	@$(MAKE) --no-print-directory configure
	@tools/check

format:
	@tools/setup check
	@git ls-files -z -- '*.h' '*.cc' | xargs -0 clang-format-19 -i

clean:
	@rm -rf build
