/* SPDX-License-Identifier: Apache-2.0 */
/* Device policies: v1 lists and transitions as text, v2 programs by running them. */
#include "shim/engine/cgroup_dev.h"

#include <errno.h>

#include "spec/base/str.h"
#include "tests/unit/test.h"

#define ANY  (-1)
#define RWM  CGROUP_DEV_RWM
#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct plan_cgroup_rule deny_all = { false, 'a', ANY, ANY, RWM, false };

static const char *way(struct arena *a, const char *from_text, const struct plan_cgroup_rule *rules,
		       size_t n)
{
	struct cgroup_dev_list from, to;
	struct cgroup_dev_write *w;
	size_t n_w;
	struct err e = { 0 };
	auto_str struct str s = { 0 };

	if (cgroup_dev_list_parse(from_text, a, &from, &e) ||
	    cgroup_dev_list_of(rules, n, a, &to, &e))
		return arena_strdup(a, e.msg);
	cgroup_dev_transition(&from, &to, a, &w, &n_w);
	for (size_t i = 0; i < n_w; i++)
		str_addf(&s, "%s < %s\n", w[i].file, w[i].text);
	return arena_strdup(a, str_text(&s));
}

TEST(cgroup_dev_from_everything)
{
	auto_arena struct arena a = { 0 };
	const struct plan_cgroup_rule rules[] = { deny_all,
						  { true, 'c', 1, 3, RWM, false },
						  { true, 'b', 8, ANY, CGROUP_DEV_R, false } };

	CHECK_TEXT(way(&a, "a *:* rwm\n", rules, N(rules)), "devices.deny < a\n"
							    "devices.allow < c 1:3 rwm\n"
							    "devices.allow < b 8:* r\n");
}

TEST(cgroup_dev_minimal_change)
{
	auto_arena struct arena a = { 0 };
	const struct plan_cgroup_rule rules[] = { deny_all,
						  { true, 'c', 1, 3, RWM, false },
						  { true, 'c', 1, 5, RWM, false } };

	CHECK_TEXT(way(&a, "c 1:3 rwm\nc 1:5 r\nb 8:0 rw\n", rules, N(rules)),
		   "devices.allow < c 1:5 wm\n"
		   "devices.deny < b 8:0 rw\n");
	CHECK_TEXT(way(&a, "c 1:3 rwm\nc 1:5 rwm\n", rules, N(rules)), "");
}

TEST(cgroup_dev_allow_with_holes)
{
	auto_arena struct arena a = { 0 };
	const struct plan_cgroup_rule rules[] = { { true, 'a', ANY, ANY, RWM, false },
						  { false, 'c', 10, 200, CGROUP_DEV_W, false } };

	CHECK_TEXT(way(&a, "a *:* rwm\n", rules, N(rules)), "devices.deny < c 10:200 w\n");
	CHECK_TEXT(way(&a, "c 1:3 rwm\n", rules, N(rules)), "devices.allow < a\n"
							    "devices.deny < c 10:200 w\n");
}

TEST(cgroup_dev_last_rule_wins)
{
	auto_arena struct arena a = { 0 };
	const struct plan_cgroup_rule narrow_back[] = {
		deny_all,
		{ true, 'c', 1, 3, RWM, false },
		{ true, 'c', 1, 5, RWM, false },
		{ false, 'c', 1, ANY, CGROUP_DEV_M, false },
		{ false, 'c', 1, 5, RWM, false },
	};
	const struct plan_cgroup_rule hole[] = { deny_all,
						 { true, 'c', 1, ANY, RWM, false },
						 { false, 'c', 1, 3, CGROUP_DEV_W, false } };
	const struct plan_cgroup_rule wide[] = { deny_all,
						 { true, 'c', ANY, ANY, CGROUP_DEV_M, false },
						 { true, 'c', 1, 3, CGROUP_DEV_R, false } };

	CHECK_TEXT(way(&a, "", narrow_back, N(narrow_back)), "devices.allow < c 1:3 rw\n");
	CHECK_HAS(way(&a, "", hole, N(hole)),
		  "cgroup v1 cannot make 'deny c 1:3 w' an exception within an exception");
	/* One exception must have all that is asked for, as mknod and open for "rm" would. */
	CHECK_TEXT(way(&a, "", wide, N(wide)), "devices.allow < c *:* m\n"
					       "devices.allow < c 1:3 rm\n");
}

TEST(cgroup_dev_both_types)
{
	auto_arena struct arena a = { 0 };
	const struct plan_cgroup_rule rules[] = { deny_all,
						  { true, 'a', 7, ANY, CGROUP_DEV_R, false } };

	CHECK_TEXT(way(&a, "", rules, N(rules)), "devices.allow < b 7:* r\n"
						 "devices.allow < c 7:* r\n");
}

TEST(cgroup_dev_bad_list)
{
	auto_arena struct arena a = { 0 };

	CHECK_HAS(way(&a, "c 1:3\n", NULL, 0), "devices.list: cannot read 'c 1:3'");
	CHECK_HAS(way(&a, "c 99999999999:3 r\n", NULL, 0), "devices.list: cannot read");
}

/*
 * An interpreter of the instructions that the generator may use, and no others:
 * -1 for anything a kernel would refuse, else what the program returns.
 */
static int run(const struct bpf_insn *v, size_t n, unsigned int type, unsigned int access,
	       uint32_t major, uint32_t minor)
{
	const uint32_t ctx[] = { access << 16 | type, major, minor };
	uint32_t r[11] = { 0 };
	bool ctx_live = true;

	for (size_t i = 0; i < n; i++) {
		const struct bpf_insn *p = &v[i];
		uint32_t imm = (uint32_t)p->imm;

		if (p->off < 0 || (BPF_CLASS(p->code) == BPF_JMP32 && i + 1 + (size_t)p->off >= n))
			return -1;
		switch (p->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			if (!ctx_live || p->src_reg != 1 || p->off % 4 || p->off > 8)
				return -1;
			r[p->dst_reg] = ctx[p->off / 4];
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			r[p->dst_reg] = r[p->src_reg];
			ctx_live &= p->dst_reg != 1;
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			r[p->dst_reg] = imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[p->dst_reg] &= imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[p->dst_reg] >>= imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			i += r[p->dst_reg] != imm ? (size_t)p->off : 0;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			i += r[p->dst_reg] == imm ? (size_t)p->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			return -1;
		}
	}
	return -1;
}

/* What the rules say, one access bit after the other. */
static int expected(const struct plan_cgroup_rule *rules, size_t n, char type, unsigned int access,
		    int64_t major, int64_t minor)
{
	for (unsigned int bit = 1; bit < RWM; bit <<= 1) {
		bool allowed = false;

		for (size_t i = 0; i < n; i++)
			if ((rules[i].type == 'a' || rules[i].type == type) &&
			    (rules[i].major < 0 || rules[i].major == major) &&
			    (rules[i].minor < 0 || rules[i].minor == minor) &&
			    (rules[i].access & bit))
				allowed = rules[i].allow;
		if ((access & bit) && !allowed)
			return 0;
	}
	return 1;
}

static void check_program(const struct plan_cgroup_rule *rules, size_t n)
{
	auto_arena struct arena a = { 0 };
	size_t n_insns;
	const struct bpf_insn *v = cgroup_dev_program(rules, n, &a, &n_insns);
	static const uint32_t numbers[] = { 0, 1, 3, 8, 4294967295U };
	int wrong = 0;

	for (unsigned int access = 1; access <= RWM; access++)
		for (size_t i = 0; i < N(numbers); i++)
			for (size_t k = 0; k < N(numbers); k++)
				for (unsigned int type = 1; type <= 2; type++)
					wrong += run(v, n_insns, type, access, numbers[i],
						     numbers[k]) !=
						 expected(rules, n, type == 1 ? 'b' : 'c', access,
							  numbers[i], numbers[k]);
	CHECK(wrong == 0);
}

TEST(cgroup_dev_program_decides_as_the_rules)
{
	/* Every list of three rules out of these. */
	static const struct plan_cgroup_rule some[] = {
		{ false, 'a', ANY, ANY, RWM, false },
		{ true, 'a', ANY, ANY, RWM, false },
		{ true, 'c', 1, 3, RWM, false },
		{ false, 'c', 1, ANY, CGROUP_DEV_W, false },
		{ true, 'c', 1, 3, CGROUP_DEV_R, false },
		{ true, 'b', ANY, 8, CGROUP_DEV_R | CGROUP_DEV_W, false },
		{ false, 'a', 8, ANY, CGROUP_DEV_M, false },
		{ true, 'c', 4294967295, 0, RWM, false },
	};

	check_program(NULL, 0);
	for (size_t i = 0; i < N(some); i++)
		for (size_t k = 0; k < N(some); k++)
			for (size_t m = 0; m < N(some); m++) {
				struct plan_cgroup_rule rules[] = { some[i], some[k], some[m] };

				check_program(rules, N(rules));
			}
}

TEST(cgroup_dev_program_stops_at_a_rule_for_all)
{
	auto_arena struct arena a = { 0 };
	const struct plan_cgroup_rule rules[] = { { true, 'c', 1, 3, RWM, false }, deny_all };
	size_t n, n_one;

	cgroup_dev_program(rules, 2, &a, &n);
	cgroup_dev_program(&deny_all, 1, &a, &n_one);
	CHECK(n == n_one);
}
