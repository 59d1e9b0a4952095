/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_names: the vocabularies of config.linux.seccomp. */
#include "spec/oci/tables.h"

#include <assert.h>
#include <elf.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]) - 1) /* without the last, empty row */

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif
/* Two numbers that libseccomp gives a meaning of its own. */
#define ARCH_X32	 (EM_X86_64 | __AUDIT_ARCH_LE)
#define ARCH_PPC64LE	 (EM_PPC64 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#define ARCH_LOONGARCH64 (EM_LOONGARCH | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)

const struct name oci_seccomp_action_names[] = {
	{ "SCMP_ACT_KILL", OCI_ACT_KILL },
	{ "SCMP_ACT_KILL_PROCESS", OCI_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", OCI_ACT_KILL_THREAD },
	{ "SCMP_ACT_TRAP", OCI_ACT_TRAP },
	{ "SCMP_ACT_ERRNO", OCI_ACT_ERRNO },
	{ "SCMP_ACT_TRACE", OCI_ACT_TRACE },
	{ "SCMP_ACT_ALLOW", OCI_ACT_ALLOW },
	{ "SCMP_ACT_LOG", OCI_ACT_LOG },
	{ "SCMP_ACT_NOTIFY", OCI_ACT_NOTIFY },
	{ 0 },
};
static_assert(COUNT(oci_seccomp_action_names) == OCI_ACT_NOTIFY, "an action is missing");

const struct name oci_seccomp_op_names[] = {
	{ "SCMP_CMP_NE", OCI_CMP_NE },
	{ "SCMP_CMP_LT", OCI_CMP_LT },
	{ "SCMP_CMP_LE", OCI_CMP_LE },
	{ "SCMP_CMP_EQ", OCI_CMP_EQ },
	{ "SCMP_CMP_GE", OCI_CMP_GE },
	{ "SCMP_CMP_GT", OCI_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", OCI_CMP_MASKED_EQ },
	{ 0 },
};
static_assert(COUNT(oci_seccomp_op_names) == OCI_CMP_MASKED_EQ, "an operator is missing");

const struct name oci_seccomp_flag_names[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ 0 },
};
static_assert(COUNT(oci_seccomp_flag_names) == 4, "a flag is missing");

const struct name oci_seccomp_arch_names[] = {
	{ "SCMP_ARCH_X86", AUDIT_ARCH_I386 },
	{ "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64 },
	{ "SCMP_ARCH_X32", ARCH_X32 },
	{ "SCMP_ARCH_ARM", AUDIT_ARCH_ARM },
	{ "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64 },
	{ "SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PPC", AUDIT_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", ARCH_PPC64LE },
	{ "SCMP_ARCH_S390", AUDIT_ARCH_S390 },
	{ "SCMP_ARCH_S390X", AUDIT_ARCH_S390X },
	{ "SCMP_ARCH_PARISC", AUDIT_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64", AUDIT_ARCH_PARISC64 },
	{ "SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64 },
	{ "SCMP_ARCH_LOONGARCH64", ARCH_LOONGARCH64 },
	{ "SCMP_ARCH_M68K", EM_68K },
	{ "SCMP_ARCH_SH", EM_SH | __AUDIT_ARCH_LE },
	{ "SCMP_ARCH_SHEB", EM_SH },
	{ 0 },
};
static_assert(COUNT(oci_seccomp_arch_names) == OCI_SECCOMP_ARCHS_25 + 4, "an arch is missing");
