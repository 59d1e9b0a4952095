/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_dev_bpf: device rules as a program on a v2 directory. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/engine/cgroup_dev.h"
#include "spec/base/auto.h"

#define LICENSE	     "Apache-2.0"
#define PROGRAMS_MAX 64 /* the kernel's limit of programs on one cgroup (BPF_CGROUP_MAX_PROGS) */
#define INSNS_A_RULE 8
#define INSNS_FRAME  8
#define ACCESS_SHIFT 16 /* of bpf_cgroup_dev_ctx.access_type; below it is the type */

/* r2: type, r3: access bits that no rule has decided yet, r4: major, r5: minor. */
enum reg {
	RESULT = BPF_REG_0,
	CTX = BPF_REG_1, /* scratch, once the context is read */
	TYPE = BPF_REG_2,
	LEFT = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

struct program {
	struct bpf_insn *v;
	size_t n;
};

static void put(struct program *p, unsigned int code, enum reg dst, enum reg src, int off,
		uint32_t imm)
{
	p->v[p->n++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (uint8_t)dst & 0xf,
		.src_reg = (uint8_t)src & 0xf,
		.off = (int16_t)off,
		.imm = (int32_t)imm,
	};
}

static void put_load(struct program *p, enum reg dst, size_t offset)
{
	put(p, BPF_LDX | BPF_MEM | BPF_W, dst, CTX, (int)offset, 0);
}

static void put_alu(struct program *p, unsigned int op, enum reg dst, uint32_t imm)
{
	put(p, BPF_ALU | op | BPF_K, dst, 0, 0, imm);
}

static void put_return(struct program *p, bool allow)
{
	put_alu(p, BPF_MOV, RESULT, allow);
	put(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Jump to the next rule when it does not match; its place is filled in by put_rule(). */
static void put_unless(struct program *p, unsigned int jump, enum reg reg, uint32_t imm)
{
	put(p, BPF_JMP32 | jump | BPF_K, reg, 0, 0, imm);
}

static void put_rule(struct program *p, const struct plan_cgroup_rule *r)
{
	size_t first = p->n;

	if (r->type != 'a')
		put_unless(p, BPF_JNE, TYPE,
			   r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->major >= 0)
		put_unless(p, BPF_JNE, MAJOR, (uint32_t)r->major);
	if (r->minor >= 0)
		put_unless(p, BPF_JNE, MINOR, (uint32_t)r->minor);
	if (r->access != CGROUP_DEV_RWM && r->allow) {
		put_alu(p, BPF_AND, LEFT, CGROUP_DEV_RWM & ~r->access);
		put_unless(p, BPF_JNE, LEFT, 0); /* more is asked for than this rule gives */
	} else if (r->access != CGROUP_DEV_RWM) {
		put(p, BPF_ALU | BPF_MOV | BPF_X, CTX, LEFT, 0, 0);
		put_alu(p, BPF_AND, CTX, r->access);
		put_unless(p, BPF_JEQ, CTX, 0); /* none of what is asked for is denied */
	}
	put_return(p, r->allow);
	for (size_t i = first; i < p->n; i++)
		if (BPF_CLASS(p->v[i].code) == BPF_JMP32)
			p->v[i].off = (int16_t)(p->n - i - 1);
}

struct bpf_insn *cgroup_dev_program(const struct plan_cgroup_rule *rules, size_t n_rules,
				    struct arena *a, size_t *n)
{
	struct program p = { .v = arena_array(a, n_rules * INSNS_A_RULE + INSNS_FRAME,
					      sizeof(*p.v)) };
	bool decided = false;

	put_load(&p, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	put_load(&p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	put_load(&p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	put(&p, BPF_ALU | BPF_MOV | BPF_X, LEFT, TYPE, 0, 0);
	put_alu(&p, BPF_RSH, LEFT, ACCESS_SHIFT);
	put_alu(&p, BPF_AND, TYPE, (1U << ACCESS_SHIFT) - 1);
	/* The last rule counts, so it is asked first; behind one that decides all is nothing. */
	for (size_t i = n_rules; i-- && !decided;) {
		const struct plan_cgroup_rule *r = &rules[i];

		put_rule(&p, r);
		decided = r->type == 'a' && r->major < 0 && r->minor < 0 &&
			  r->access == CGROUP_DEV_RWM;
	}
	if (!decided)
		put_return(&p, false);
	*n = p.n;
	return p.v;
}

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(const struct bpf_insn *insns, size_t n, struct err *e)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)insns,
		.insn_cnt = (uint32_t)n,
		.license = (uintptr_t)LICENSE,
		.prog_name = "peapod_devices",
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	return fd < 0 ? err_sys(e, "load the device program (%zu instructions)", n) : fd;
}

/* Programs that are attached to this very directory. */
static int attached(int dirfd, uint32_t *ids, uint32_t *n, struct err *e)
{
	union bpf_attr attr = {
		.query.target_fd = (uint32_t)dirfd,
		.query.attach_type = BPF_CGROUP_DEVICE,
		.query.prog_cnt = PROGRAMS_MAX,
		.query.prog_ids = (uintptr_t)ids,
	};

	if (bpf(BPF_PROG_QUERY, &attr))
		return err_sys(e, "query the device programs");
	*n = attr.query.prog_cnt;
	return 0;
}

static int attach(int dirfd, int prog, int replaced, struct err *e)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)dirfd,
		.attach_bpf_fd = (uint32_t)prog,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI | (replaced >= 0 ? BPF_F_REPLACE : 0),
		.replace_bpf_fd = replaced >= 0 ? (uint32_t)replaced : 0,
	};

	return bpf(BPF_PROG_ATTACH, &attr) ? err_sys(e, "attach the device program") : 0;
}

static int open_program(uint32_t id)
{
	union bpf_attr attr = { .prog_id = id };

	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static int detach(int dirfd, uint32_t id, struct err *e)
{
	auto_fd int fd = open_program(id);
	union bpf_attr attr = {
		.target_fd = (uint32_t)dirfd,
		.attach_bpf_fd = (uint32_t)fd,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	if (fd < 0 || bpf(BPF_PROG_DETACH, &attr))
		return err_sys(e, "detach device program %u", id);
	return 0;
}

int cgroup_dev_apply_bpf(int dirfd, const struct plan_cgroup_rule *rules, size_t n, struct err *e)
{
	auto_arena struct arena a = { 0 };
	size_t n_insns;
	const struct bpf_insn *insns = cgroup_dev_program(rules, n, &a, &n_insns);
	auto_fd int prog = load(insns, n_insns, e);
	auto_fd int old = -1;
	uint32_t ids[PROGRAMS_MAX] = { 0 }, n_ids = 0;

	if (prog < 0 || attached(dirfd, ids, &n_ids, e))
		return -1;
	if (n_ids == 1)
		old = open_program(ids[0]);
	if (attach(dirfd, prog, old, e))
		return -1;
	/* Several are ANDed, so for a moment the old ones hold as well. */
	for (uint32_t i = 0; i < n_ids && old < 0; i++)
		if (detach(dirfd, ids[i], e))
			return -1;
	return 0;
}
