/* SPDX-License-Identifier: Apache-2.0 */
/* box: plan and apply a config in throw-away namespaces, and look around inside. */
#ifndef TESTS_UNIT_ENGINE_BOX_H
#define TESTS_UNIT_ENGINE_BOX_H

#include <stdbool.h>

#include "shim/engine/plan.h"
#include "spec/base/arena.h"
#include "spec/base/str.h"

/*
 * The bundle is a fresh directory below /tmp with an empty rootfs. Everything
 * runs in a child with its own mount, ipc and net namespaces; what is wrong comes
 * back as text, so `box_run()` gives "" when all is well.
 */
struct box {
	const char *mounts;	/* JSON text of mounts[] without the brackets, or NULL */
	const char *linux_more; /* more members of "linux", each with a comma in front, or NULL */
	const char *root_more;	/* the same of "root" */
	bool userns;		/* with a user namespace that maps 0..65535 to 100000.. */
	bool inherit_netns;
	bool cgroupns;
	bool only_v2; /* plan as if the v2 hierarchy were the only one */
	bool no_pivot;
	/* cwd is the bundle; in the new mount namespace, before anything is done. */
	void (*before)(void);
	/* The same place, when all mounts are made and the old root is there still. */
	void (*middle)(int rootfd, struct str *bad);
	/* In the container's root. */
	void (*inside)(struct str *bad);
};

/* Text in the arena: the error of a step, or what the checks found. */
char *box_run(const struct box *b, struct arena *a);

/* Is the machine's user root with all rights? Else the test is skipped. */
bool box_possible(void);

/* For the checks: note the text if the condition does not hold. */
#define EXPECT(bad, x) box_expect((bad), (x), __LINE__, #x)
void box_expect(struct str *bad, bool ok, int line, const char *what);

/* statvfs(3) flags of the mount at path, -1 when it is not there. */
long box_flags(const char *path);
/* f_type of statfs(2). */
long box_type(const char *path);
/* The whole file, "" when it cannot be read. */
char *box_text(const char *path, struct arena *a);
/* The optional fields of mountinfo ("shared:1 master:2") of the topmost mount at path. */
char *box_peers(const char *path, struct arena *a);

#endif
