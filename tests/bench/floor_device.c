/* SPDX-License-Identifier: Apache-2.0 */
/* floor_device: the smallest program that keeps a container of cgroup v2 from the host's devices.
 */
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/bench/floor.h"

enum {
	ANY = -1,
	INSTRUCTIONS = 64
};

/* Character devices that may be opened; any may be made. */
static const struct {
	int major, minor;
} allowed[] = {
	{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 }, { 5, 2 }, { 136, ANY },
};

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static struct bpf_insn insn(uint8_t code, int to, int from, int offset, int value)
{
	return (struct bpf_insn){ .code = code,
				  .dst_reg = (uint8_t)to & 0xf,
				  .src_reg = (uint8_t)from & 0xf,
				  .off = (int16_t)offset,
				  .imm = value };
}

static struct bpf_insn field(int to, size_t offset)
{
	return insn(BPF_LDX | BPF_W | BPF_MEM, to, BPF_REG_1, (int)offset, 0);
}

static struct bpf_insn unless(int reg, int value, int skip)
{
	return insn(BPF_JMP | BPF_JNE | BPF_K, reg, 0, skip, value);
}

static int answer(struct bpf_insn *at, int value)
{
	at[0] = insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
	at[1] = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return 2;
}

/* r2: kind of device, r3: kind of access, r4, r5: its number. */
static int program(struct bpf_insn *p)
{
	int n = 0;

	p[n++] = field(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	p[n++] = insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	p[n++] = insn(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	p[n++] = insn(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	p[n++] = field(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	p[n++] = field(BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
	p[n++] = unless(BPF_REG_3, BPF_DEVCG_ACC_MKNOD, 2);
	n += answer(p + n, 1);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		bool any = allowed[i].minor == ANY;

		p[n++] = unless(BPF_REG_2, BPF_DEVCG_DEV_CHAR, any ? 3 : 4);
		p[n++] = unless(BPF_REG_4, allowed[i].major, any ? 2 : 3);
		if (!any)
			p[n++] = unless(BPF_REG_5, allowed[i].minor, 2);
		n += answer(p + n, 1);
	}
	return n + answer(p + n, 0);
}

void device_filter(int cgroup)
{
	struct bpf_insn code[INSTRUCTIONS];
	union bpf_attr load = { 0 }, attach = { 0 };
	int fd;

	load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	load.insns = (uintptr_t)code;
	load.insn_cnt = (uint32_t)program(code);
	load.license = (uintptr_t) "Apache";
	fd = bpf(BPF_PROG_LOAD, &load);
	need(fd >= 0, "load the device program");
	attach.target_fd = (uint32_t)cgroup;
	attach.attach_bpf_fd = (uint32_t)fd;
	attach.attach_type = BPF_CGROUP_DEVICE;
	attach.attach_flags = BPF_F_ALLOW_MULTI;
	need(!bpf(BPF_PROG_ATTACH, &attach), "attach the device program");
	close(fd);
}
