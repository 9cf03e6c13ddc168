# lowwater: build, test, demonstrate. `make help` lists the targets, from the ## comments below.
#
# Every configuration has a folder of its own below build/: the default one is build/ itself,
# `make CC=clang OPT=-O0 SANITIZE=address,undefined` builds into build/clang-O0-address-undefined.

CC = gcc
CXX = $(if $(findstring clang,$(CC)),$(CC:clang%=clang++%),g++)
OPT = -O2
SANITIZE =
V =
PREFIX = /usr/local

comma := ,
CONFIG := $(if $(filter-out gcc cc,$(CC))$(filter-out -O2,$(OPT))$(SANITIZE),$(notdir $(CC))$(OPT)$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE))))
BUILD := build$(if $(CONFIG),/$(CONFIG))

WARN = -Wall -Wextra -Wmissing-prototypes -Wno-missing-field-initializers \
       -Werror=incompatible-pointer-types -Werror=implicit-function-declaration -Werror=int-conversion
SANFLAGS = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
# No control-flow protection: shadow stacks and fibers exclude each other. No stack protector:
# its canary is random and would make stack contents differ between runs.
CPPFLAGS = -D_GNU_SOURCE -Isim -I. -idirafter sim/include
CFLAGS = -std=gnu11 $(OPT) -g $(WARN) -fno-strict-aliasing -fvisibility=hidden \
         -fcf-protection=none -fno-stack-protector -fasynchronous-unwind-tables -fno-pie $(SANFLAGS)
LDFLAGS = -no-pie $(SANFLAGS)
# Into the program where the archives are there: each shared library costs every start 50 us.
static_or_shared = $(if $(findstring /,$(shell $(CC) -print-file-name=lib$(1).a)),-l:lib$(1).a,-l$(1))
LDLIBS := $(call static_or_shared,yaml) $(call static_or_shared,zstd) -ldl -lm
# No vptr check: the CLR hands objects of C to policies in C++.
POLICY_FLAGS = -shared -fPIC -g $(OPT) -fno-optimize-sibling-calls -fno-stack-protector -fcf-protection=none -Wall -Wextra -Wno-unknown-pragmas -Isim/include \
               $(SANFLAGS) $(if $(SANITIZE),-fno-sanitize=vptr)

SIM_SOURCES := $(wildcard sim/core/*.c sim/os/*.c sim/crt/*.c sim/clr/*.c)
HARNESS_SOURCES := $(filter-out harness/main.c,$(wildcard harness/*.c))
LIB_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(SIM_SOURCES) $(HARNESS_SOURCES))
POLICIES := $(patsubst policies/%,$(BUILD)/policies/%.so,$(basename $(wildcard policies/*.c policies/*.cpp)))
# The same for run --race, without sanitizers: those instrument the same loads and stores.
RACE_POLICIES := $(patsubst $(BUILD)/policies/%,$(BUILD)/policies/race/%,$(POLICIES))
RACE_FLAG_SOURCES = harness/cc.c harness/cc_race.c
SCENARIOS := $(wildcard scenarios/*.yaml scenarios/*.csv scenarios/README.md)
TEST_SOURCES := $(wildcard tests/test_*.c)
TEST_BINARIES := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SOURCES))
# These run the system's compilers on the headers and nothing of ours: once is enough.
TESTS_RUN := $(if $(SANITIZE),$(filter-out %/test_headers %/test_headers_words,$(TEST_BINARIES)),$(TEST_BINARIES))
TEST_HELPERS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(TEST_SOURCES),$(wildcard tests/*.c)))
BENCH_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/bench/*.c))
TEST_DEFINES = -DTEST_BUILD_DIR='"$(BUILD)"'

# Commands are shown with V=1, otherwise only what they make.
Q = $(if $(V),,@echo "  $@";)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: check all help setup setup-test demo test test-long bench golden bad-scenarios fuzz fuzz-programs check-windows install clean programs FORCE

all: setup ## build lowwater and the bundled policies (the default)
	@$(MAKE) --no-print-directory programs

programs: $(BUILD)/lowwater $(POLICIES) $(RACE_POLICIES)
	@echo "built $(BUILD)/lowwater and $(words $(POLICIES)) policies in $(BUILD)/policies"

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo "  Variables: CC=clang OPT=-O0 SANITIZE=address,undefined V=1; each configuration has its own folder"

setup: ## install what the build needs, where apt is there; otherwise name the packages
	@tests/setup.sh build

setup-test: ## the same for the tests
	@tests/setup.sh test

demo: setup ## real policies on recorded .NET programs, with and without an injected failure
	@$(MAKE) --no-print-directory -j2 programs
	@scenarios/demo.sh $(BUILD)

test: setup-test ## all quick tests, then again under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory check
	@$(if $(SANITIZE),,$(MAKE) --no-print-directory check SANITIZE=address$(comma)undefined)

check: ## the quick tests of this configuration only
	@$(MAKE) --no-print-directory -j2 programs tests
	@tests/run.sh $(BUILD) $(TESTS_RUN)

test-long: setup-test ## everything: gcc and clang, -O0 and -O2, sanitizers, every recording
	@tests/long.sh

bench: setup ## speed against references measured in the same run; writes build/bench.json
	@$(MAKE) --no-print-directory -j2 programs $(BUILD)/bench
	@$(BUILD)/bench $(BUILD)

golden: setup ## write tests/golden/*.txt anew (say why in the commit)
	@$(MAKE) --no-print-directory -j2 programs
	@tests/golden.sh $(BUILD) > $(BUILD)/digests.txt && cp $(BUILD)/digests.txt tests/golden/digests.txt
	@tests/golden-schedules.sh $(BUILD) > $(BUILD)/schedules.txt && cp $(BUILD)/schedules.txt tests/golden/schedules.txt

bad-scenarios: programs ## write the diagnostics of tests/scenarios/bad anew (say why in the commit)
	@tests/scenarios/rewrite.sh $(CURDIR)/$(BUILD)/lowwater

FUZZ_SECONDS = 600
FUZZ_CONFIG = CC=clang SANITIZE=address$(comma)undefined$(comma)fuzzer-no-link
fuzz: setup-test ## random scenarios against the loader for FUZZ_SECONDS (600), under AddressSanitizer
	@$(MAKE) --no-print-directory -j2 $(FUZZ_CONFIG) fuzz-programs
	@tests/fuzz/run.sh build/clang-O2-address-undefined-fuzzer-no-link $(FUZZ_SECONDS)

fuzz-programs: $(BUILD)/fuzz/fuzz_scenario

check-windows: ## compile every bundled policy against a real Windows SDK (mingw-w64)
	@tests/check-windows.sh

install: all ## install below PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/lowwater/policies/race \
	    $(DESTDIR)$(PREFIX)/share/lowwater/scenarios/traces
	install $(BUILD)/lowwater $(DESTDIR)$(PREFIX)/bin
	install $(POLICIES) $(DESTDIR)$(PREFIX)/lib/lowwater/policies
	install $(RACE_POLICIES) $(DESTDIR)$(PREFIX)/lib/lowwater/policies/race
	cp -r sim/include $(DESTDIR)$(PREFIX)/share/lowwater/
	install -m 644 scenarios/traces/* $(DESTDIR)$(PREFIX)/share/lowwater/scenarios/traces
	$(if $(SCENARIOS),install -m 644 $(SCENARIOS) $(DESTDIR)$(PREFIX)/share/lowwater/scenarios)

clean: ## remove everything that was built
	rm -rf build

.PHONY: tests
tests: $(TEST_BINARIES) $(BUILD)/tests/pcg_reference

$(BUILD)/tests/pcg_reference: tests/reference/pcg.cpp
	@mkdir -p $(@D)
	$(Q)$(CXX) -O1 $< -o $@

# Changed flags rebuild: the file changes only when its text would.
FLAGS_TEXT = $(CC) $(CXX) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(LDLIBS) $(POLICY_FLAGS)
$(BUILD)/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_TEXT)' | cmp -s - $@ || echo '$(FLAGS_TEXT)' > $@

$(BUILD)/obj/%.o: %.c $(BUILD)/.flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(TEST_DEFINES) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/liblowwater.a: $(LIB_OBJECTS)
	@rm -f $@
	$(Q)ar rcs $@ $^

# Named, because nothing refers to the sanitizer's defaults: from the library they would stay out.
$(BUILD)/lowwater: $(BUILD)/obj/harness/main.o $(BUILD)/obj/harness/sanitizer.o $(BUILD)/liblowwater.a
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(BUILD)/policies/%.so: policies/%.c $(BUILD)/.flags
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(POLICY_FLAGS) -MMD -MP -MF $@.d -MT $@ $< -o $@

$(BUILD)/policies/%.so: policies/%.cpp $(BUILD)/.flags
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=c++14 $(POLICY_FLAGS) -MMD -MP -MF $@.d -MT $@ $< -o $@

$(BUILD)/policies/race/%.so: policies/%.c $(RACE_FLAG_SOURCES) $(BUILD)/.flags | $(BUILD)/lowwater
	@mkdir -p $(@D)
	$(Q)CC="$(CC)" $(BUILD)/lowwater cc --race $(OPT) -MMD -MP -MF $@.d -MT $@ -o $@ $<

$(BUILD)/policies/race/%.so: policies/%.cpp $(RACE_FLAG_SOURCES) $(BUILD)/.flags | $(BUILD)/lowwater
	@mkdir -p $(@D)
	$(Q)CXX="$(CXX)" $(BUILD)/lowwater cc --race $(OPT) -MMD -MP -MF $@.d -MT $@ -o $@ $<

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(TEST_HELPERS) $(BUILD)/liblowwater.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) -lcmocka -o $@

$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/mutate.o $(BUILD)/liblowwater.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer $^ $(LDLIBS) -o $@

$(BUILD)/bench: $(BENCH_OBJECTS) $(BUILD)/liblowwater.a
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

-include $(shell find $(BUILD)/obj $(BUILD)/policies -name '*.d' 2>/dev/null)
