/* SPDX-License-Identifier: Apache-2.0 */
/* test_sandbox_join: the namespace paths and mounts of containerd's configs, for every mode. */
#include "shim/daemon/sandbox_join.h"

#include <errno.h>

#include "spec/base/auto.h"
#include "tests/unit/test.h"

#define PID 77

/* As containerd writes it for a container; %s is the pid in the paths. */
static struct oci_config *config(const char *pid, const char *more, struct arena *a)
{
	char *text = arena_printf(
		a,
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"args\":["
		"\"x\"],"
		"\"cwd\":\"/\",\"user\":{}},\"mounts\":[{\"destination\":\"/"
		"proc\",\"type\":\"proc\"},"
		"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\"}],"
		"\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"network\",\"path\":"
		"\"/proc/%s/ns/net\"},{\"type\":\"ipc\",\"path\":\"/proc/%s/ns/ipc\"},"
		"{\"type\":\"uts\",\"path\":\"/proc/%s/ns/uts\"}%s]}}",
		pid, pid, pid, more);
	struct err e;

	return oci_config_parse(text, strlen(text), a, &e);
}

static const struct sandbox_modes usual = { .net = true, .ipc = true, .uts = true };

static int join(struct oci_config *c, struct sandbox_modes modes, struct arena *a, struct err *e)
{
	struct sandbox_join j = { .modes = modes, .pid = PID, .dir = "/run/pod" };

	return sandbox_join(c, &j, a, e);
}

static const struct oci_mount *mount_at(const struct oci_config *c, const char *path)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		if (!strcmp(c->mounts.v[i].destination, path))
			return &c->mounts.v[i];
	}
	return NULL;
}

TEST(join_by_pid_by_zero_and_explicitly)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	struct oci_config *c = config("77", "", &a), *zero = config("0", "", &a);

	ASSERT(c && zero);
	ASSERT(!join(c, usual, &a, &e));
	CHECK_TEXT(oci_namespace_of(c, OCI_NS_NETWORK)->path, "/proc/77/ns/net");
	ASSERT(!join(zero, usual, &a, &e));
	CHECK_TEXT(oci_namespace_of(zero, OCI_NS_NETWORK)->path, "/proc/77/ns/net");
	CHECK_TEXT(oci_namespace_of(zero, OCI_NS_IPC)->path, "/proc/77/ns/ipc");
	c = config("4242", ",{\"type\":\"pid\",\"path\":\"/proc/4243/ns/pid\"}", &a);
	ASSERT(c && !join(c, usual, &a, &e));
	CHECK_TEXT(oci_namespace_of(c, OCI_NS_UTS)->path, "/proc/4242/ns/uts");
	CHECK_TEXT(oci_namespace_of(c, OCI_NS_PID)->path, "/proc/4243/ns/pid"); /* TARGET */
}

TEST(join_pins_what_is_the_pods)
{
	auto_arena struct arena a = { 0 };
	struct sandbox_join j = { .modes = usual, .pid = PID, .dir = "/run/pod" };
	struct err e;
	struct oci_config *c = config("77", ",{\"type\":\"cgroup\"}", &a), *other;

	for (int t = 0; t < OCI_NS_COUNT; t++)
		j.ns[t] = t + 10;
	ASSERT(c && !sandbox_join(c, &j, &a, &e));
	sandbox_join_pin(c, &j, &a);
	CHECK_TEXT(oci_namespace_of(c, OCI_NS_NETWORK)->path,
		   arena_printf(&a, "/proc/self/fd/%d", OCI_NS_NETWORK + 10));
	CHECK_TEXT(oci_namespace_of(c, OCI_NS_UTS)->path,
		   arena_printf(&a, "/proc/self/fd/%d", OCI_NS_UTS + 10));
	CHECK(!oci_namespace_of(c, OCI_NS_CGROUP)->path &&
	      !oci_namespace_of(c, OCI_NS_MOUNT)->path);
	other = config("4242", "", &a);
	ASSERT(other && !sandbox_join(other, &j, &a, &e));
	sandbox_join_pin(other, &j, &a);
	CHECK_TEXT(oci_namespace_of(other, OCI_NS_NETWORK)->path, "/proc/4242/ns/net");
}

TEST(join_host_modes_drops_what_containerd_made_up)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	struct oci_config *c = config("77", ",{\"type\":\"pid\",\"path\":\"/proc/77/ns/pid\"}", &a);

	ASSERT(c && !join(c, (struct sandbox_modes){ .pid = SANDBOX_PID_HOST }, &a, &e));
	CHECK(!oci_namespace_of(c, OCI_NS_NETWORK) && !oci_namespace_of(c, OCI_NS_IPC));
	CHECK(!oci_namespace_of(c, OCI_NS_UTS) && !oci_namespace_of(c, OCI_NS_PID));
	CHECK(oci_namespace_of(c, OCI_NS_MOUNT));
	CHECK_TEXT(mount_at(c, "/dev/shm")->source, "/dev/shm");
}

TEST(join_never_gives_the_hosts_processes)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	struct oci_config *c = config("77", ",{\"type\":\"pid\",\"path\":\"/proc/77/ns/pid\"}", &a);
	struct sandbox_modes shared = usual;

	ASSERT(c);
	CHECK(join(c, usual, &a, &e) && e.num == EINVAL);
	CHECK_HAS(e.msg, "pid namespace each");
	c = config("0", ",{\"type\":\"pid\",\"path\":\"/proc/0/ns/pid\"}", &a);
	shared.pid = SANDBOX_PID_POD;
	ASSERT(c && !join(c, shared, &a, &e));
	CHECK_TEXT(oci_namespace_of(c, OCI_NS_PID)->path, "/proc/77/ns/pid");
	/* the pod shares, this container asks for its own */
	c = config("77", ",{\"type\":\"pid\"}", &a);
	ASSERT(c && !join(c, shared, &a, &e));
	CHECK(!oci_namespace_of(c, OCI_NS_PID)->path);
}

TEST(join_fails_closed)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	struct oci_config *c = config("77", "", &a);
	struct sandbox_modes users = usual;

	ASSERT(c);
	users.userns = true;
	CHECK(join(c, users, &a, &e) && e.num == EINVAL);
	CHECK_HAS(e.msg, "user: missing");
	c = config("77", ",{\"type\":\"user\",\"path\":\"/proc/77/ns/user\"}", &a);
	ASSERT(c);
	CHECK(join(c, usual, &a, &e));
	CHECK_HAS(e.msg, "user: the pod has none");
	c = config("77", "", &a);
	c->linux_->namespaces.n = 1; /* the mount namespace alone */
	CHECK(join(c, usual, &a, &e));
	CHECK_HAS(e.msg, "network: missing");
}

TEST(join_mounts_what_is_not_brought)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	struct oci_config *c = config("77", "", &a);

	ASSERT(c && !join(c, usual, &a, &e));
	CHECK(c->mounts.n == 5);
	CHECK_TEXT(mount_at(c, "/dev/shm")->source, "/run/pod/sandbox/shm");
	CHECK(mount_at(c, "/dev/shm") == &c->mounts.v[1]); /* in its place, behind what it is in */
	CHECK_TEXT(mount_at(c, "/etc/hosts")->source, "/run/pod/sandbox/hosts");
	CHECK_TEXT(mount_at(c, "/etc/hosts")->options.v[2], "rw");
	c = config("77", "", &a);
	c->root->readonly = true;
	ASSERT(!join(c, usual, &a, &e));
	CHECK_TEXT(mount_at(c, "/etc/resolv.conf")->options.v[2], "ro");
}

TEST(join_leaves_what_is_brought)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	struct oci_config *c = config("77", "", &a);

	ASSERT(c);
	c->mounts.v[0].destination = "/etc/hosts/"; /* not the form that we would write */
	c->mounts.v[0].type = c->mounts.v[1].type = "bind";
	c->mounts.v[1].source = "/var/lib/kubelet/shm";
	ASSERT(!join(c, usual, &a, &e));
	CHECK(c->mounts.n == 4 && !mount_at(c, "/etc/hosts"));
	CHECK_TEXT(mount_at(c, "/dev/shm")->source, "/var/lib/kubelet/shm");
	c = config("77", "", &a);
	c->mounts.v[0].destination = "/etc";
	ASSERT(!join(c, usual, &a, &e));
	CHECK(!mount_at(c, "/etc/hosts") && !mount_at(c, "/etc/resolv.conf"));
}
