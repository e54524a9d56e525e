# SPDX-License-Identifier: BSD-2-Clause
# The front door; Meson does the work.
BUILD  ?= build
PREFIX ?= /usr/local
DESTDIR ?=

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) programs

$(BUILD)/build.ninja:
	@meson setup $(BUILD) --prefix $(abspath $(PREFIX)) >/dev/null

# Programs without symbols; man pages and completions that the program itself prints.
install: $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@$(MAKE) --no-print-directory all
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --strip --quiet
	@tools/install-docs $(BUILD)/berth "$(DESTDIR)$(abspath $(PREFIX))/share"

# A container from nothing but this repository and the distribution's packages.
demo:
	@tools/install-deps build
	@$(MAKE) --no-print-directory all
	@tools/demo $(BUILD)/berth

# All tests that this machine can run; `tests/run check STEP...` runs some.
check:
	@tools/install-deps test
	@tests/run check

# Real images, and a virtual machine with pure cgroup v2 and systemd: both need ../shared/tools.
check-real:
	@tools/install-deps test real
	@tests/run real

check-vm:
	@tools/install-deps test vm
	@tests/run vm

bench: all
	@tools/install-deps test bench
	@tests/bench/run

# The same beside Docker's engine, in a virtual machine: needs ../shared/tools.
bench-vm: all
	@tools/install-deps test vm
	@tests/bench/vm

format:
	@git ls-files '*.c' '*.h' | xargs -P 2 -n 20 clang-format -i

clean:
	@rm -rf $(BUILD) build-*

.PHONY: all install demo check check-real check-vm bench bench-vm format clean
