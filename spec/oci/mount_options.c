/* SPDX-License-Identifier: Apache-2.0 */
/* mount_options: the table of mount options that are not data of a file system. */
#include "spec/oci/tables.h"

#include <string.h>
#include <sys/mount.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Rows: set an attribute, clear it, and the same for the whole tree below. */
#define SET(n, bit)                                                                                \
	{                                                                                          \
		.name = (n), .attr_set = (bit)                                                     \
	}
#define CLR(n, bit)                                                                                \
	{                                                                                          \
		.name = (n), .attr_clr = (bit)                                                     \
	}
#define SET_REC(n, bit)                                                                            \
	{                                                                                          \
		.name = (n), .attr_set = (bit), .recursive = true                                  \
	}
#define CLR_REC(n, bit)                                                                            \
	{                                                                                          \
		.name = (n), .attr_clr = (bit), .recursive = true                                  \
	}
/* The access time mode is one value in several bits: all are cleared to set one (mount_setattr(2)).
 */
#define ATIME(n, value)                                                                            \
	{                                                                                          \
		.name = (n), .attr_set = (value), .attr_clr = MOUNT_ATTR__ATIME                    \
	}
#define ATIME_REC(n, value)                                                                        \
	{                                                                                          \
		.name = (n), .attr_set = (value), .attr_clr = MOUNT_ATTR__ATIME, .recursive = true \
	}
#define SB(n, set, clr)                                                                            \
	{                                                                                          \
		.name = (n), .sb_set = (set), .sb_clr = (clr)                                      \
	}
#define PROP(n, flags)                                                                             \
	{                                                                                          \
		.name = (n), .propagation = (flags)                                                \
	}
#define SPECIAL(n, s)                                                                              \
	{                                                                                          \
		.name = (n), .special = (s)                                                        \
	}

/*
 * "atime", "norelatime" and "nostrictatime" only say which mode is not wanted;
 * the kernel's default mode is relatime then.
 */
const struct oci_mount_option oci_mount_options[] = {
	SB("async", 0, MS_SYNCHRONOUS),
	ATIME("atime", MOUNT_ATTR_RELATIME),
	SPECIAL("bind", OCI_MOUNT_BIND),
	SPECIAL("copy-symlink", OCI_MOUNT_COPY_SYMLINK),
	SPECIAL("defaults", OCI_MOUNT_IGNORED),
	SPECIAL("dest-nofollow", OCI_MOUNT_DEST_NOFOLLOW),
	CLR("dev", MOUNT_ATTR_NODEV),
	CLR("diratime", MOUNT_ATTR_NODIRATIME),
	SB("dirsync", MS_DIRSYNC, 0),
	CLR("exec", MOUNT_ATTR_NOEXEC),
	SPECIAL("idmap", OCI_MOUNT_IDMAP),
	SB("iversion", MS_I_VERSION, 0),
	SB("lazytime", MS_LAZYTIME, 0),
	SB("loud", 0, MS_SILENT),
	SB("mand", MS_MANDLOCK, 0),
	ATIME("noatime", MOUNT_ATTR_NOATIME),
	SET("nodev", MOUNT_ATTR_NODEV),
	SET("nodiratime", MOUNT_ATTR_NODIRATIME),
	SET("noexec", MOUNT_ATTR_NOEXEC),
	SB("noiversion", 0, MS_I_VERSION),
	SB("nolazytime", 0, MS_LAZYTIME),
	SB("nomand", 0, MS_MANDLOCK),
	ATIME("norelatime", MOUNT_ATTR_RELATIME),
	ATIME("nostrictatime", MOUNT_ATTR_RELATIME),
	SET("nosuid", MOUNT_ATTR_NOSUID),
	SET("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW),
	PROP("private", MS_PRIVATE),
	ATIME_REC("ratime", MOUNT_ATTR_RELATIME),
	SPECIAL("rbind", OCI_MOUNT_RBIND),
	CLR_REC("rdev", MOUNT_ATTR_NODEV),
	CLR_REC("rdiratime", MOUNT_ATTR_NODIRATIME),
	ATIME("relatime", MOUNT_ATTR_RELATIME),
	SPECIAL("remount", OCI_MOUNT_REMOUNT),
	CLR_REC("rexec", MOUNT_ATTR_NOEXEC),
	SPECIAL("ridmap", OCI_MOUNT_RIDMAP),
	ATIME_REC("rnoatime", MOUNT_ATTR_NOATIME),
	SET_REC("rnodev", MOUNT_ATTR_NODEV),
	SET_REC("rnodiratime", MOUNT_ATTR_NODIRATIME),
	SET_REC("rnoexec", MOUNT_ATTR_NOEXEC),
	ATIME_REC("rnorelatime", MOUNT_ATTR_RELATIME),
	ATIME_REC("rnostrictatime", MOUNT_ATTR_RELATIME),
	SET_REC("rnosuid", MOUNT_ATTR_NOSUID),
	SET_REC("rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW),
	SET("ro", MOUNT_ATTR_RDONLY),
	PROP("rprivate", MS_PRIVATE | MS_REC),
	ATIME_REC("rrelatime", MOUNT_ATTR_RELATIME),
	SET_REC("rro", MOUNT_ATTR_RDONLY),
	CLR_REC("rrw", MOUNT_ATTR_RDONLY),
	PROP("rshared", MS_SHARED | MS_REC),
	PROP("rslave", MS_SLAVE | MS_REC),
	ATIME_REC("rstrictatime", MOUNT_ATTR_STRICTATIME),
	CLR_REC("rsuid", MOUNT_ATTR_NOSUID),
	CLR_REC("rsymfollow", MOUNT_ATTR_NOSYMFOLLOW),
	PROP("runbindable", MS_UNBINDABLE | MS_REC),
	CLR("rw", MOUNT_ATTR_RDONLY),
	PROP("shared", MS_SHARED),
	SB("silent", MS_SILENT, 0),
	PROP("slave", MS_SLAVE),
	SPECIAL("src-nofollow", OCI_MOUNT_SRC_NOFOLLOW),
	ATIME("strictatime", MOUNT_ATTR_STRICTATIME),
	CLR("suid", MOUNT_ATTR_NOSUID),
	CLR("symfollow", MOUNT_ATTR_NOSYMFOLLOW),
	SB("sync", MS_SYNCHRONOUS, 0),
	SPECIAL("tmpcopyup", OCI_MOUNT_TMPCOPYUP),
	PROP("unbindable", MS_UNBINDABLE),
	{ 0 },
};

const struct oci_mount_option *oci_mount_option_find(const char *name)
{
	for (const struct oci_mount_option *o = oci_mount_options; o->name; o++) {
		if (*o->name == *name && !strcmp(o->name, name))
			return o;
	}
	return NULL;
}

const char *oci_mount_option_nearest(const char *name)
{
	struct name names[COUNT(oci_mount_options)] = { 0 };

	for (size_t i = 0; oci_mount_options[i].name; i++)
		names[i].name = oci_mount_options[i].name;
	return names_nearest(names, name);
}

void oci_mount_option_add(const struct oci_mount_option *o, uint64_t *set, uint64_t *clr)
{
	*set = (*set & ~o->attr_clr) | o->attr_set;
	*clr = (*clr & ~(o->attr_set & ~(uint64_t)MOUNT_ATTR__ATIME)) | o->attr_clr;
}
