# Ringfort's build. `make` leaves build/ringfort (bootable ELF) and build/ringfort.gz.
#   make DEBUG=1   assertions, lock-order checks, refusal log, memory oracle (in build/debug/)
#   make tools     what Domain0 runs beside xl (in build/tools)
#   make run | test | test-long | fuzz | fuzz-guest | coverage | bench | bench-domains |
#        bench-isolation | bench-creation | lint | stats

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:

DEBUG ?= 0
OUT := build
OBJ := $(OUT)/$(if $(filter 1,$(DEBUG)),debug,release)
IMAGE := $(if $(filter 1,$(DEBUG)),$(OUT)/debug/ringfort,$(OUT)/ringfort)
ABI := $(OUT)/abi/bookworm/usr/include

CC ?= gcc
CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-strict-aliasing -fno-common -mno-red-zone \
    -mgeneral-regs-only -fpie -fvisibility=hidden -fno-stack-protector -fno-omit-frame-pointer \
    -fno-asynchronous-unwind-tables -fcf-protection=none \
    -mindirect-branch=thunk-extern -mfunction-return=keep -fno-jump-tables \
    -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wundef \
    -Wno-address-of-packed-member -Wno-unused-parameter \
    -DRINGFORT_DEBUG=$(DEBUG) -Ihypervisor -I. -I$(OBJ)/gen -isystem $(ABI)

# Compiled for 32 bits, to learn that ABI's layouts, and never linked.
NARROW := hypervisor/hypercall/narrow.c
SOURCES := $(filter-out $(NARROW),$(sort $(wildcard hypervisor/*/*.c)))
ASM := $(sort $(wildcard hypervisor/*/*.S))
OBJECTS := $(patsubst hypervisor/%,$(OBJ)/%.o,$(SOURCES) $(ASM))
# Debian's own decompressors, used once at boot (hypervisor/unpack).
UNPACK_LIBS := $(foreach l,lzma zstd lz4 z,$(shell $(CC) -print-file-name=lib$(l).a))

all: $(IMAGE) $(IMAGE).gz

$(ABI)/xen/xen.h:
	tools/abi

# Structure offsets for assembly, generated from C so that none is typed twice.
$(OBJ)/gen/offsets.h: hypervisor/x86/offsets.c $(ABI)/xen/xen.h
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -S -o $(OBJ)/gen/offsets.s $<
	@sed -n 's/^.*->\([A-Z0-9_]*\) [$$]*\(-\?[0-9]*\).*/#define \1 \2/p' $(OBJ)/gen/offsets.s > $@

$(filter-out $(OBJ)/x86/offsets.c.o,$(OBJECTS)): $(OBJ)/gen/offsets.h

# Where 32-bit guests have the fields of their structures.
$(OBJ)/gen/narrow.h: $(NARROW) hypervisor/hypercall/compat_structs.h $(ABI)/xen/xen.h
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -m32 -S -o $(OBJ)/gen/narrow.s $<
	@sed -n 's/^[[:space:]]*->//p' $(OBJ)/gen/narrow.s > $@

$(OBJ)/hypercall/compat.c.o: $(OBJ)/gen/narrow.h

# What the newer tools' structures look like is known to these files only.
$(OBJ)/%_4_20.c.o: CFLAGS := -isystem $(OUT)/abi/trixie/usr/include $(CFLAGS)

$(OBJ)/%.c.o: hypervisor/%.c Makefile
	@mkdir -p $(@D); echo 'CC $<'
	@$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/%.S.o: hypervisor/%.S Makefile
	@mkdir -p $(@D); echo 'AS $<'
	@$(CC) $(CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

LINKED := $(filter-out $(OBJ)/x86/offsets.c.o,$(OBJECTS))
LDFLAGS := -static -nostdlib -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments \
    --no-dynamic-linker --no-relax --build-id=sha1 -T hypervisor/ringfort.ld

# Linked twice: the first image's symbol table becomes the second's, for back traces.
$(IMAGE): $(LINKED) hypervisor/ringfort.ld tools/symbols
	@echo 'LD $@'; : > $(OBJ)/no-symbols.S
	@$(CC) -c -o $(OBJ)/no-symbols.o $(OBJ)/no-symbols.S
	@ld $(LDFLAGS) -o $(OBJ)/ringfort.first $(LINKED) $(OBJ)/no-symbols.o $(UNPACK_LIBS)
	@tools/symbols $(OBJ)/ringfort.first > $(OBJ)/symbols.S
	@$(CC) -c -o $(OBJ)/symbols.o $(OBJ)/symbols.S
	@ld $(LDFLAGS) -o $(OBJ)/ringfort.syms $(LINKED) $(OBJ)/symbols.o $(UNPACK_LIBS)
	@tools/bootable $(OBJ)/ringfort.syms $@

$(IMAGE).gz: $(IMAGE)
	gzip -9nc $< > $@

# Boots Domain0 from Debian's packages in QEMU; installs what is missing first.
run: setup
	@$(MAKE) --no-print-directory all
	@tools/run

setup:
	@tools/setup
	@tools/abi

# Host tests under sanitizers, short fuzzing, then test guests and stock Debian in QEMU.
test: setup
	@tools/test

# All of the system matrix: hours, not minutes.
test-long: setup
	@tools/test --long

# Fuzzing for longer: make fuzz FUZZ_SECONDS=600
fuzz: setup
	@$(MAKE) --no-print-directory -C tests/unit fuzz FUZZ_SECONDS=$(or $(FUZZ_SECONDS),120)

# Lines and branches of the pure files that host tests and fuzzers reach: COVERAGE_SECONDS each.
coverage: setup
	@$(MAKE) --no-print-directory -s -C tests/unit coverage

# Random hypercalls by two domains on a debug build: make fuzz-guest TIME=3600 [SEED=n]
fuzz-guest: setup
	@$(MAKE) --no-print-directory DEBUG=1 all
	@$(MAKE) --no-print-directory -s -C guests
	@tools/fuzz-guest --time $(or $(TIME),120) $(if $(SEED),--seed $(SEED))

# Instructions per operation: no hypervisor, Xen, Ringfort. Writes docs/benchmarks.md.
bench: setup
	@$(MAKE) --no-print-directory all
	@bench/run

# The scheduler beside Xen's and Linux's: latency, shares, throughput, with pictures.
bench-domains: setup
	@tools/setup bench
	@$(MAKE) --no-print-directory all
	@bench/domains/run

# A database and a web server beside domains that misbehave, on Xen too.
bench-isolation: setup
	@tools/setup bench
	@$(MAKE) --no-print-directory all
	@bench/isolation/run

# What making and ending domains costs, on Xen too: rows of a table. SYSTEMS=ringfort, xen or both.
bench-creation: setup
	@tools/setup test
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory -s -C guests
	@bench/creation $(SYSTEMS)

# ringfort-bvt and ringfort-trace, for any Debian with Xen's libraries.
tools: setup
	@$(MAKE) --no-print-directory -C tools/domain0

lint: setup
	@tools/lint

stats:
	@tools/stats

clean:
	rm -rf $(OUT)/release $(OUT)/debug $(OUT)/ringfort* $(OUT)/host $(OUT)/guests

.PHONY: all run setup test test-long fuzz fuzz-guest coverage bench bench-domains bench-isolation bench-creation tools lint stats clean
