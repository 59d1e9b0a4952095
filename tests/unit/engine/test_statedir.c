/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory, and the messages between runtime and container. */
#include "shim/engine/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/engine/sync.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/path.h"
#include "tests/unit/test.h"

#define ROOT_TEMPLATE "/tmp/peapod-state-XXXXXX"

static void drop(const char *root)
{
	struct err e;

	path_remove_tree(AT_FDCWD, root, &e);
}

TEST(statedir_make_lock_read_remove)
{
	auto_arena struct arena a = { 0 };
	char root[] = ROOT_TEMPLATE;
	auto_fd int fd = -1, again = -1, other = -1;
	struct oci_state s = { .oci_version = "1.3.0", .id = "c1", .bundle = "/b", .pid = 7 };
	struct oci_state *back;
	struct err e;

	ASSERT(mkdtemp(root));
	fd = statedir_create(root, "c1", &e);
	ASSERT(fd >= 0);
	CHECK(statedir_create(root, "c1", &e) == -1 && e.num == EEXIST);
	CHECK_HAS(e.msg, "container with given ID already exists");
	again = statedir_open(root, "c1", &e);
	CHECK(again >= 0 && statedir_locked(again));
	CHECK(statedir_lock(again, 0, &e) == -1 && e.num == EBUSY);
	CHECK(!statedir_read(fd, &a, &e) && e.num == ENOENT);
	CHECK(!statedir_write(fd, &s, &e));
	back = statedir_read(again, &a, &e);
	CHECK(back && back->pid == 7);
	close_fd(&fd);
	CHECK(!statedir_locked(again));
	CHECK(!statedir_lock(again, 0, &e));
	other = statedir_open(root, "c1", &e);
	CHECK(!statedir_remove(root, "c1", &e) && !statedir_remove(root, "c1", &e));
	close_fd(&again);
	CHECK(statedir_lock(other, 0, &e) == -1 && e.num == ENOENT);
	CHECK(statedir_open(root, "c1", &e) == -1 && e.num == ENOENT);
	CHECK_HAS(e.msg, "container does not exist");
	drop(root);
}

TEST(statedir_make_while_the_empty_root_is_removed_again_and_again)
{
	char root[] = ROOT_TEMPLATE;
	_Atomic int *left; /* removals that one creation has to live with */
	struct err e;
	int made = 0;
	pid_t pid;

	left = mmap(NULL, sizeof(*left), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT(left != MAP_FAILED && mkdtemp(root));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			if (*left > 0 && !rmdir(root))
				(*left)--;
	}
	for (int i = 0; i < 300; i++) {
		auto_fd int fd = -1;

		*left = 20;
		fd = statedir_create(root, "c1", &e);
		made += fd >= 0;
		statedir_remove(root, "c1", &e);
	}
	CHECK(made == 300);
	CHECK(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
	munmap((void *)left, sizeof(*left));
	drop(root);
}

TEST(statedir_refuses_what_others_may_write)
{
	char root[] = ROOT_TEMPLATE;
	auto_fd int fd = -1;
	struct err e;

	ASSERT(mkdtemp(root));
	fd = statedir_create(root, "c1", &e);
	ASSERT(fd >= 0 && !fchmod(fd, 0777));
	CHECK(statedir_open(root, "c1", &e) == -1 && e.num == EPERM);
	CHECK(!chmod(root, 0777));
	CHECK(statedir_create(root, "c2", &e) == -1 && e.num == EPERM);
	drop(root);
}

TEST(statedir_link_is_no_container)
{
	char root[] = ROOT_TEMPLATE;
	auto_fd int fd = -1;
	struct err e;

	ASSERT(mkdtemp(root));
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT(fd >= 0 && !symlinkat("/etc", fd, "c1"));
	CHECK(statedir_open(root, "c1", &e) == -1);
	CHECK(statedir_create(root, "c1", &e) == -1 && e.num == EEXIST);
	drop(root);
}

TEST(statedir_list_is_sorted_and_skips_what_is_not_ours)
{
	auto_arena struct arena a = { 0 };
	char root[] = ROOT_TEMPLATE;
	auto_fd int fd = -1;
	struct err e;
	char **ids;
	size_t n;

	ASSERT(mkdtemp(root));
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT(fd >= 0 && !mkdirat(fd, "b", 0700) && !mkdirat(fd, "a.1", 0700));
	close(statedir_cache(root));
	close(openat(fd, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	ASSERT(!statedir_list(root, &a, &ids, &n, &e) && n == 2);
	CHECK_TEXT(ids[0], "a.1");
	CHECK_TEXT(ids[1], "b");
	drop(root);
	CHECK(!statedir_list(root, &a, &ids, &n, &e) && n == 0);
}

TEST(statedir_damaged_record_is_an_error)
{
	auto_arena struct arena a = { 0 };
	static const char *const texts[] = { "", "{", "[]", "{\"id\":5}", "\xff\xfe" };
	char root[] = ROOT_TEMPLATE;
	auto_fd int fd = -1;
	struct err e;

	ASSERT(mkdtemp(root));
	fd = statedir_create(root, "c1", &e);
	for (size_t i = 0; i < countof(texts); i++) {
		ASSERT(!replace_file(fd, STATEDIR_RECORD, texts[i], strlen(texts[i]), 0600, &e));
		CHECK(!statedir_read(fd, &a, &e) && e.num != ENOENT);
		CHECK_HAS(e.msg, "container's state");
	}
	drop(root);
}

TEST(sync_messages_and_errors_cross)
{
	struct err e, sent = { .num = ENOSPC, .msg = "step: it broke" };
	struct log was = log_to;
	struct sync_msg m;
	int pair[2];

	ASSERT(!sync_pair(pair, &e));
	log_to.fd = -1;
	sync_warn(pair[1], "careful %d", 1);
	CHECK(!sync_send(pair[1], SYNC_STAGED, 42, NULL));
	CHECK(!sync_expect(pair[0], SYNC_STAGED, &m, &e) && m.pid == 42);
	log_to = was;
	CHECK(!sync_send(pair[1], SYNC_FAILED, 0, &sent));
	CHECK(sync_expect(pair[0], SYNC_READY, &m, &e) == -1 && e.num == ENOSPC);
	CHECK_TEXT(e.msg, "step: it broke");
	CHECK(!sync_send(pair[1], SYNC_READY, 0, NULL));
	CHECK(sync_expect(pair[0], SYNC_MOUNTED, &m, &e) == -1 && e.num == EPROTO);
	CHECK(write(pair[1], "short", 5) == 5);
	CHECK(sync_recv(pair[0], &m) == -1 && errno == EPROTO);
	close(pair[1]);
	CHECK(sync_recv(pair[0], &m) == 0);
	CHECK(sync_expect(pair[0], SYNC_READY, &m, &e) == -1 && e.num == ESRCH);
	CHECK(sync_send(pair[0], SYNC_GO, 0, NULL) == -1 && errno == EPIPE);
	close(pair[0]);
}
