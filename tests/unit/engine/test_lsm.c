/* SPDX-License-Identifier: Apache-2.0 */
/* Security labels, on a directory that looks like procfs: this machine's kernel has no SELinux. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "shim/engine/attrs.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "tests/unit/test.h"

#define LABEL "system_u:system_r:container_t:s0:c4,c647"

struct fixture {
	struct arena a;
	char path[32];
	int proc;
	struct err e;
};

static void setup(struct fixture *f)
{
	static const char *const files[] = { "self/attr/exec", "self/attr/keycreate",
					     "self/attr/apparmor/exec" };

	*f = (struct fixture){ .path = "/tmp/lsm.XXXXXX" };
	CHECK(mkdtemp(f->path) != NULL);
	f->proc = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(!mkdirat(f->proc, "self", 0755) && !mkdirat(f->proc, "self/attr", 0755) &&
	      !mkdirat(f->proc, "self/attr/apparmor", 0755));
	for (size_t i = 0; i < countof(files); i++) {
		auto_fd int fd = openat(f->proc, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		CHECK(fd >= 0);
	}
}

static void done(struct fixture *f)
{
	CHECK(!path_remove_tree(AT_FDCWD, f->path, &f->e));
	close_fd(&f->proc);
	arena_done(&f->a);
}

static const char *written(struct fixture *f, const char *name)
{
	return read_file(f->proc, name, 4096, &f->a, NULL, &f->e);
}

TEST(lsm_label_of_the_process_and_of_its_keyring)
{
	struct plan_proc p = { .selinux = LABEL, .new_keyring = true };
	struct fixture f;

	setup(&f);
	CHECK(!attrs_lsm(&p, f.proc, &f.e));
	CHECK_TEXT(written(&f, "self/attr/exec"), LABEL);
	CHECK_TEXT(written(&f, "self/attr/keycreate"), LABEL);
	CHECK_TEXT(written(&f, "self/attr/apparmor/exec"), "");
	done(&f);
}

TEST(lsm_without_a_new_keyring_its_label_is_left_alone)
{
	struct plan_proc p = { .selinux = LABEL };
	struct fixture f;

	setup(&f);
	CHECK(!attrs_lsm(&p, f.proc, &f.e));
	CHECK_TEXT(written(&f, "self/attr/exec"), LABEL);
	CHECK_TEXT(written(&f, "self/attr/keycreate"), "");
	done(&f);
}

TEST(lsm_profile_has_its_own_file_or_the_old_one)
{
	struct plan_proc p = { .apparmor = "strict" };
	struct fixture f;

	setup(&f);
	CHECK(!attrs_lsm(&p, f.proc, &f.e));
	CHECK_TEXT(written(&f, "self/attr/apparmor/exec"), "exec strict");
	CHECK_TEXT(written(&f, "self/attr/exec"), "");
	CHECK(!unlinkat(f.proc, "self/attr/apparmor/exec", 0));
	CHECK(!attrs_lsm(&p, f.proc, &f.e));
	CHECK_TEXT(written(&f, "self/attr/exec"), "exec strict");
	done(&f);
}

TEST(lsm_label_goes_nowhere_else)
{
	struct plan_proc p = { .selinux = LABEL };
	struct fixture f;

	setup(&f);
	CHECK(!unlinkat(f.proc, "self/attr/exec", 0));
	CHECK(!symlinkat("/dev/null", f.proc, "self/attr/exec"));
	CHECK(attrs_lsm(&p, f.proc, &f.e) < 0 && f.e.num == EXDEV);
	CHECK_HAS(f.e.msg, "process: selinuxLabel: '" LABEL "'");
	done(&f);
}
