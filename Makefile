# peapod: one non-recursive Makefile; all output goes below $(B).
#   make [all] | check | unit | bats | lint | bench | soak | demo | pause-image | install
#   SAN=1   address and undefined behaviour sanitizers, in build-san
#   CC=clang, WERROR=1, B=dir
SAN ?=
B ?= $(if $(SAN),build-san,build)
PREFIX ?= /usr/local
CNI_BIN ?= /opt/cni/bin
# Plugins that peapod-cni is to be beside "peapod": names of these, or 1 for all of them.
CNI_LINKS ?=
CNI_NAMES := bridge ptp loopback host-local static portmap bandwidth tuning firewall
BASH_COMPLETION ?= $(PREFIX)/share/bash-completion/completions
ZSH_COMPLETION ?= $(PREFIX)/share/zsh/site-functions
VERSION := 0.1.0
COMMIT := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

, := ,

LIBS := json-c libseccomp libcap libnl-3.0 libnl-route-3.0 libmnl libprotobuf-c
CPPFLAGS += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -I$(B)/gen \
	$(shell pkg-config --cflags-only-I $(LIBS) 2>/dev/null)
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu17 $(CFLAGS) -Wall -Wextra -Wshadow -Wformat=2 -Wundef -Wvla -Wpointer-arith \
	-Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -fno-common \
	-fno-strict-aliasing -fstack-protector-strong -fPIE $(if $(WERROR),-Werror) \
	$(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer,\
	-D_FORTIFY_SOURCE=2) $(if $(FUZZER),-fsanitize=fuzzer-no-link)
PIE := -pie
ALL_LDFLAGS = $(PIE) -Wl,-z,relro,-z,now -Wl,--as-needed \
	$(if $(SAN),-fsanitize=address$(,)undefined) $(LDFLAGS)

# Process start is part of every operation, so libraries come from their archives
# where Debian has one (there is none of libmnl). The runtime and the shim are linked whole, with
# the C library: they look up no names and load no modules, and start in two thirds of the time.
# Sanitizers cannot be linked so.
static = -Wl,-Bstatic $(1) -Wl,-Bdynamic
whole = $(if $(SAN),$(1),$(subst -Wl$(,)-Bdynamic,,$(1)))
$(B)/peapod $(B)/containerd-shim-peapod-v2: PIE := $(if $(SAN),-pie,-static-pie) -Wl,-e,sealed_start
# It runs before the C library, see its header.
$(B)/shim/engine/sealed.o: ALL_CFLAGS := $(filter-out -fsanitize% -fno-sanitize% -fstack-protector%,$(ALL_CFLAGS)) \
	-fno-stack-protector -fno-builtin
JSON := $(call static,-ljson-c)
ENGINE_LIBS := $(call static,-lseccomp -lcap -lprotobuf-c) $(JSON) -lm
CNI_LIBS := $(call static,-lnl-route-3 -lnl-3) $(JSON) -lmnl -lm -lpthread
SHIM_LIBS := $(ENGINE_LIBS)

AREAS := spec/base spec/oci spec/cni spec/criu spec/ttrpc shim/engine shim/pod shim/cli shim/daemon cni
lib = $(B)/$(1).a
objs = $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(wildcard $(1)/*.c)))

BASE := $(call lib,spec/base)
OCI := $(call lib,spec/oci)
ENGINE := $(call lib,shim/engine) $(call lib,spec/criu) $(OCI) $(BASE)
SHIM = $(call lib,shim/daemon) $(call lib,spec/ttrpc) $(ENGINE)
POD := $(call lib,shim/pod) $(call lib,spec/cni) $(ENGINE)

.PHONY: all check unit bats lint demo install pause-image clean man
.SECONDARY:
all: $(B)/peapod $(B)/peapod-cni $(B)/pause $(B)/containerd-shim-peapod-v2

-include local.mk $(shell find $(B) -name '*.d' 2>/dev/null)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DVERSION='"$(VERSION)"' -DCOMMIT='"$(COMMIT)"' $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define area
$(call lib,$(1)): $(call objs,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
endef
$(foreach a,$(AREAS),$(eval $(call area,$(a))))

# The protobuf messages of spec/ttrpc and spec/criu, generated (libprotobuf-c-dev, protobuf-c-compiler).
PROTO_C := $(patsubst %.proto,$(B)/gen/%.pb-c.c,$(wildcard spec/ttrpc/*.proto))
CRIU_C := $(patsubst %.proto,$(B)/gen/%.pb-c.c,$(wildcard spec/criu/*.proto))
$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h: %.proto
	@mkdir -p $(@D)
	protoc-c -I. --c_out=$(B)/gen $<
$(B)/gen/%.o: $(B)/gen/%.c
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(call lib,spec/ttrpc): $(PROTO_C:.c=.o)
$(call lib,spec/criu): $(CRIU_C:.c=.o)
$(CRIU_C:.c=.o) $(B)/shim/engine/criu_rpc.o $(B)/tests/unit/engine/test_criu.o: | $(CRIU_C)
$(PROTO_C:.c=.o) $(call objs,spec/ttrpc) $(call objs,shim/daemon) $(B)/shim/daemon/main.o \
	$(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/ttrpc/*.c tests/unit/daemon/*.c)) \
	$(patsubst %.c,$(B)/%.o,$(wildcard tests/tool/ttrpc-*.c)) $(B)/tests/fuzz/fuzz_frame.o \
	$(B)/tests/fuzz/fuzz_sandbox.o: | $(PROTO_C)

# The pause program is part of the shim, for pods that need one and have no image of it.
$(call lib,shim/daemon): $(B)/shim/daemon/pause_program.o
$(B)/shim/daemon/pause_program.o: $(B)/pause
	@mkdir -p $(@D)
	printf '.section .rodata\n.globl pause_program, pause_program_end\npause_program: .incbin "%s"\npause_program_end:\n.section .note.GNU-stack,"",%%progbits\n' $< | \
		$(CC) -c -x assembler -o $@ -

link = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^)

$(B)/peapod: $(B)/shim/cli/main.o $(call lib,shim/cli) $(POD)
	$(link) $(call whole,$(ENGINE_LIBS))

# The pages of the manual, a command each: the tables of the program, and what was written by hand.
all: man
man: $(B)/man/peapod.8
MANUAL ?= $(B)/shim/cli/man/man
$(B)/man/peapod.8: $(MANUAL) $(wildcard shim/cli/man/*.mdoc)
	@mkdir -p $(@D)
	$< shim/cli/man $(@D)
$(B)/shim/cli/man/man: $(B)/shim/cli/man/main.o $(call lib,shim/cli) $(POD)
	$(link) $(ENGINE_LIBS)

$(B)/containerd-shim-peapod-v2: $(B)/shim/daemon/main.o $(SHIM)
	$(link) $(call whole,$(SHIM_LIBS))

$(B)/peapod-cni: $(B)/cni/main.o $(call lib,cni) $(call lib,spec/cni) $(BASE)
	$(link) $(CNI_LIBS)

$(B)/pause: shim/pause/pause.c shim/pause/pause.ld
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -Os -Wall -Wextra -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables \
		-fno-pie -fcf-protection=none -DVERSION='"$(VERSION)"' -nostdlib -static -s \
		-Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-T,shim/pause/pause.ld -o $@ $<

# A unit test program an area: tests/unit/AREA/*.c with the libraries it needs.
unit_libs_base := $(BASE)
unit_libs_oci := $(OCI) $(BASE)
unit_libs_cnispec := $(call lib,spec/cni) $(BASE)
unit_libs_engine := $(ENGINE)
unit_libs_pod := $(POD)
unit_libs_cni := $(call lib,cni) $(call lib,spec/cni) $(BASE)
unit_libs_ttrpc := $(call lib,spec/ttrpc) $(BASE)
unit_libs_daemon := $(SHIM)
unit_libs_cli := $(call lib,shim/cli) $(POD)
unit_ld_base := $(JSON) -lm
unit_ld_oci := $(JSON) -lm
unit_ld_cnispec := $(JSON) -lm
unit_ld_engine := $(ENGINE_LIBS)
unit_ld_pod := $(ENGINE_LIBS)
unit_ld_cni := $(CNI_LIBS)
unit_ld_ttrpc := $(call static,-lprotobuf-c) $(JSON) -lm
unit_ld_daemon := $(SHIM_LIBS)
unit_ld_cli := $(ENGINE_LIBS)
UNIT := $(patsubst tests/unit/%/,%,$(sort $(dir $(wildcard tests/unit/*/*.c))))

define unit
$(B)/tests/unit-$(1): $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/$(1)/*.c)) $(B)/tests/unit/main.o $(unit_libs_$(1))
	$$(link) $(unit_ld_$(1))
endef
$(foreach u,$(UNIT),$(eval $(call unit,$(u))))

$(B)/tests/%.o: ALL_CFLAGS += -Wno-write-strings

# Fuzzers: `make fuzz`, then build-fuzz/tests/fuzz-NAME NEW-DIR tests/fuzz/corpus/NAME.
# Without clang they (and $(B)/tests/fuzz-NAME of any build) try the files they are given.
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	@if command -v clang >/dev/null; then set -- CC=clang FUZZER=1; else set --; fi; \
		$(MAKE) B=build-fuzz SAN=1 "$$@" $(addprefix build-fuzz/tests/fuzz-,$(FUZZ))
$(B)/tests/fuzz-%: $(B)/tests/fuzz/fuzz_%.o $(if $(FUZZER),,$(B)/tests/fuzz/main.o) \
	$(OCI) $(call lib,spec/cni) $(BASE)
	$(link) $(BASE) $(if $(FUZZER),-fsanitize=fuzzer) $(call static,-lprotobuf-c) $(JSON) -lm
$(B)/tests/fuzz-frame: $(call lib,spec/ttrpc)
$(B)/tests/fuzz-plan $(B)/tests/fuzz-words: $(call lib,shim/engine)
$(B)/tests/fuzz-sandbox: $(SHIM)
$(B)/tests/fuzz-cniplan: $(B)/tests/fuzz/fuzz_cniplan.o $(if $(FUZZER),,$(B)/tests/fuzz/main.o) \
	$(call lib,cni) $(call lib,spec/cni) $(BASE)
	$(link) $(if $(FUZZER),-fsanitize=fuzzer) $(CNI_LIBS)
.PHONY: fuzz

# Small helpers that the bats suites call.
TOOLS := $(patsubst tests/tool/%.c,$(B)/tests/tool/%,$(wildcard tests/tool/*.c))
$(B)/tests/tool/%: $(B)/tests/tool/%.o $(BASE)
	$(link) $(JSON)

# Those that run inside containers need nothing from there.
$(B)/tests/tool/in-%: tests/tool/in-%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -Wall -Wextra -D_GNU_SOURCE -static -o $@ $<
$(B)/tests/tool/ttrpc-%: $(B)/tests/tool/ttrpc-%.o $(call lib,spec/ttrpc) $(BASE)
	$(link) $(call static,-lprotobuf-c) $(JSON)

# Side by side with the rivals: tests/bench/README.md.
# SECTIONS="oci cni" for some of it, QUICK=1 for fewer samples, RIVALS= to take what is there.
FLOORS := $(addprefix $(B)/tests/bench/,floor-oci floor-cni floor-shim steps)
$(B)/tests/bench/floor-oci: $(addprefix tests/bench/floor_,oci.c cgroup.c device.c root.c) tests/bench/floor.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -Wall -Wextra -D_GNU_SOURCE -I. -static -o $@ $(filter %.c,$^)
$(B)/tests/bench/floor-cni: tests/bench/floor_cni.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -Wall -Wextra -D_GNU_SOURCE -o $@ $< -lmnl
$(B)/tests/bench/floor-shim: tests/bench/floor_shim.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -Wall -Wextra -D_GNU_SOURCE -static -o $@ $<
$(B)/tests/bench/steps: tests/bench/steps.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -Wall -Wextra -D_GNU_SOURCE -o $@ $<
RIVALS ?= 1
bench:
	$(if $(RIVALS),hack/deps rivals)
	$(MAKE) all $(FLOORS)
	tests/bench/bench --build $(B) $(if $(QUICK),--quick) $(BENCH) $(SECTIONS)
# Churn for MINUTES, and see that nothing grows.
MINUTES ?= 10
soak: all
	tests/bench/soak --build $(B) --minutes $(MINUTES)
.PHONY: bench soak

pause-image: $(B)/pause.tar
$(B)/pause.tar: $(B)/pause hack/pause-image
	hack/pause-image $< $@ peapod.local/pause:$(VERSION)

check: tests
	@B=$(B) hack/test
unit: tests
	@B=$(B) hack/test unit
bats: tests
	@B=$(B) hack/test bats
.PHONY: tests
tests: all $(addprefix $(B)/tests/unit-,$(UNIT)) $(addprefix $(B)/tests/fuzz-,$(FUZZ)) $(TOOLS) $(B)/tests/bench/steps

# The same tests in guest machines with systemd and cgroup v2 (QEMU; hack/deps vm).
VM ?= bookworm trixie
check-vm: tests
	@B=$(B) hack/check-vm $(VM)
.PHONY: check-vm

lint:
	hack/lint
demo:
	hack/demo

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/peapod $(DESTDIR)$(CNI_BIN) \
		$(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(BASH_COMPLETION) $(DESTDIR)$(ZSH_COMPLETION)
	install -m 755 $(B)/peapod $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(B)/containerd-shim-peapod-v2 $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(B)/pause $(DESTDIR)$(PREFIX)/libexec/peapod/
	install -m 755 $(B)/peapod-cni $(DESTDIR)$(CNI_BIN)/peapod-cni
	FORCE=$(CNI_FORCE) hack/cni-links $(DESTDIR)$(CNI_BIN) peapod $(if $(filter 1,$(CNI_LINKS)),$(CNI_NAMES),$(CNI_LINKS))
	install -m 644 $(B)/man/*.8 $(wildcard shim/*/*.8 cni/*.8) $(DESTDIR)$(PREFIX)/share/man/man8/
	$(B)/peapod completion bash >$(DESTDIR)$(BASH_COMPLETION)/peapod
	$(B)/peapod completion zsh >$(DESTDIR)$(ZSH_COMPLETION)/_peapod
	$(B)/peapod-cni completion bash >$(DESTDIR)$(BASH_COMPLETION)/peapod-cni
	$(B)/peapod-cni completion zsh >$(DESTDIR)$(ZSH_COMPLETION)/_peapod-cni

clean:
	rm -rf $(B)
