/* SPDX-License-Identifier: Apache-2.0 */
/* test_cniexec: chains of fake plugins, which are shell scripts that write down what they got. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "shim/pod/cniexec.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/cni/netconf.h"
#include "tests/unit/test.h"

/* Each call adds "TYPE COMMAND" to calls, keeps its stdin as TYPE.COMMAND and its CNI_* as .env. */
#define RECORD                                                                                     \
	"#!/bin/sh\ncd \"$FAKE_DIR\"\nme=$(basename \"$0\")\necho \"$me $CNI_COMMAND\" >>calls\n"  \
	"cat >$me.$CNI_COMMAND\nenv | grep ^CNI_ | sort >$me.env\n"
#define ANSWER                                                                                     \
	"[ $CNI_COMMAND = ADD ] && echo '{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":"     \
	"\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"sandbox\":\"/ns\"}],\"ips\":[{\"interface\":0,"  \
	"\"address\":\"10.9.0.2/16\"}],\"by\":\"'$me'\"}'\nexit 0\n"
#define CONF                                                                                       \
	"{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"plugins\":["                                 \
	"{\"type\":\"first\",\"x\":1,\"capabilities\":{\"portMappings\":true}},"                   \
	"{\"type\":\"second\"}]}"

struct fake {
	char dir[40];
	int fd;
	struct arena a;
	struct cni_attach x;
	struct cni_result res;
	struct err e;
};

static void plugin(struct fake *f, const char *name, const char *text)
{
	int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	CHECK(fd >= 0 && !write_all(fd, text, strlen(text)));
	close(fd);
}

static void fake_init(struct fake *f)
{
	*f = (struct fake){ .dir = "/tmp/peapod-unit-cni-XXXXXX" };
	CHECK(mkdtemp(f->dir));
	f->fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	setenv("FAKE_DIR", f->dir, 1);
	setenv("CNI_ARGS", "of the caller", 1);
	f->x = (struct cni_attach){ .conf = CONF,
				    .path = arena_printf(&f->a, "/nonexistent:%s", f->dir),
				    .id = "cid",
				    .netns = "/proc/self/ns/net",
				    .ifname = "eth0",
				    .args = "A=1" };
	plugin(f, "first", RECORD ANSWER);
	plugin(f, "second", RECORD ANSWER);
}

static const char *got(struct fake *f, const char *name)
{
	struct err e = { 0 };
	const char *text = read_file(f->fd, name, 1 << 16, &f->a, NULL, &e);

	return text ? text : "absent";
}

static void fake_done(struct fake *f)
{
	struct err e;

	unsetenv("CNI_ARGS");
	close(f->fd);
	CHECK(!path_remove_tree(-1, f->dir, &e));
	arena_done(&f->a);
}

#define WITH_FAKE __attribute__((cleanup(fake_done)))

TEST(cniexec_chain_in_order_with_prev_result)
{
	WITH_FAKE struct fake f;

	fake_init(&f);
	CHECK(!cniexec_add(f.fd, &f.x, &f.a, &f.res, &f.e));
	CHECK_TEXT(got(&f, "calls"), "first ADD\nsecond ADD\n");
	CHECK(f.res.ips.n == 1 && !strcmp(f.res.ips.v[0].address, "10.9.0.2/16"));
	CHECK_HAS(got(&f, "first.ADD"), "\"name\":\"net\"");
	CHECK_HAS(got(&f, "first.ADD"), "\"cniVersion\":\"1.0.0\"");
	CHECK_HAS(got(&f, "first.ADD"), "\"x\":1");
	CHECK(!strstr(got(&f, "first.ADD"), "prevResult"));
	/* The whole answer goes on, with keys that we know nothing of. */
	CHECK_HAS(got(&f, "second.ADD"), "\"prevResult\":{");
	CHECK_HAS(got(&f, "second.ADD"), "\"by\":\"first\"");
	CHECK_TEXT(got(&f, "first.env"),
		   arena_printf(&f.a,
				"CNI_ARGS=A=1\nCNI_COMMAND=ADD\nCNI_CONTAINERID=cid\n"
				"CNI_IFNAME=eth0\nCNI_NETNS=/proc/self/ns/net\nCNI_PATH=%s\n",
				f.x.path));
}

TEST(cniexec_runtime_config_only_for_who_declares_it)
{
	WITH_FAKE struct fake f;
	struct cni_port port = { .host_port = 8080,
				 .container_port = 80,
				 .protocol = (char *)"tcp" };
	struct cni_runtime runtime = { .port_mappings = { 1, &port } };

	fake_init(&f);
	f.x.runtime = json_own(&f.a, cni_runtime_encode(&runtime));
	CHECK(!cniexec_add(f.fd, &f.x, &f.a, NULL, &f.e));
	CHECK_HAS(got(&f, "first.ADD"), "\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":8080");
	CHECK(!strstr(got(&f, "second.ADD"), "runtimeConfig"));
	CHECK(!cniexec_del(f.fd, &f.e));
	CHECK_HAS(got(&f, "first.DEL"), "\"hostPort\":8080");
}

TEST(cniexec_result_is_kept_and_del_runs_backwards)
{
	WITH_FAKE struct fake f;
	struct cni_result kept = { 0 };

	fake_init(&f);
	CHECK(cniexec_result(f.fd, &f.a, &kept, &f.e) == 0);
	CHECK(!cniexec_add(f.fd, &f.x, &f.a, NULL, &f.e));
	CHECK(cniexec_result(f.fd, &f.a, &kept, &f.e) == 1);
	CHECK(kept.ips.n == 1);
	unlinkat(f.fd, "calls", 0);
	CHECK(!cniexec_del(f.fd, &f.e));
	CHECK_TEXT(got(&f, "calls"), "second DEL\nfirst DEL\n");
	CHECK_HAS(got(&f, "first.DEL"), "\"by\":\"second\"");
	CHECK_TEXT(got(&f, CNI_RECORD), "absent");
	/* Once more is nothing to do. */
	CHECK(!cniexec_del(f.fd, &f.e));
	CHECK_TEXT(got(&f, "calls"), "second DEL\nfirst DEL\n");
}

TEST(cniexec_del_without_a_netns)
{
	WITH_FAKE struct fake f;

	fake_init(&f);
	f.x.netns = arena_printf(&f.a, "%s/first", f.dir); /* a plain file, as after a reboot */
	CHECK(!cniexec_add(f.fd, &f.x, &f.a, NULL, &f.e));
	CHECK(!cniexec_del(f.fd, &f.e));
	CHECK_HAS(got(&f, "first.env"), "CNI_NETNS=\n");
}

TEST(cniexec_failed_add_is_undone)
{
	WITH_FAKE struct fake f;

	fake_init(&f);
	plugin(&f, "second",
	       RECORD
	       "[ $CNI_COMMAND = ADD ] || exit 0\n"
	       "echo '{\"code\":11,\"msg\":\"no luck\",\"details\":\"none at all\"}'\nexit 1\n");
	CHECK(cniexec_add(f.fd, &f.x, &f.a, NULL, &f.e) == -1);
	CHECK_TEXT(f.e.msg, "CNI plugin 'second' (ADD): no luck: none at all");
	CHECK_TEXT(got(&f, "calls"), "first ADD\nsecond ADD\nsecond DEL\nfirst DEL\n");
	CHECK(!strstr(got(&f, "first.DEL"), "prevResult"));
	CHECK_TEXT(got(&f, CNI_RECORD), "absent");
}

TEST(cniexec_del_goes_on_after_a_failure)
{
	WITH_FAKE struct fake f;

	fake_init(&f);
	CHECK(!cniexec_add(f.fd, &f.x, &f.a, NULL, &f.e));
	plugin(&f, "second", RECORD "echo oops >&2\nexit 3\n");
	unlinkat(f.fd, "calls", 0);
	CHECK(cniexec_del(f.fd, &f.e) == -1);
	CHECK_TEXT(f.e.msg, "CNI plugin 'second' (DEL): oops");
	CHECK_TEXT(got(&f, "calls"), "second DEL\nfirst DEL\n");
	/* The record stays for another try. */
	plugin(&f, "second", RECORD);
	CHECK(!cniexec_del(f.fd, &f.e));
	CHECK_TEXT(got(&f, CNI_RECORD), "absent");
}

TEST(cniexec_failed_add_and_failed_del_are_both_told)
{
	WITH_FAKE struct fake f;

	fake_init(&f);
	plugin(&f, "second", RECORD "echo $CNI_COMMAND is no good >&2\nexit 1\n");
	CHECK(cniexec_add(f.fd, &f.x, &f.a, NULL, &f.e) == -1);
	CHECK_TEXT(f.e.msg, "CNI plugin 'second' (ADD): ADD is no good; and undoing it: "
			    "CNI plugin 'second' (DEL): DEL is no good");
	/* And can be tried again. */
	plugin(&f, "second", RECORD);
	CHECK(!cniexec_del(f.fd, &f.e));
}

TEST(cniexec_missing_plugin_before_anything_runs)
{
	WITH_FAKE struct fake f;

	fake_init(&f);
	unlinkat(f.fd, "second", 0);
	CHECK(cniexec_add(f.fd, &f.x, &f.a, NULL, &f.e) == -1);
	CHECK_HAS(f.e.msg, "CNI plugin 'second' is not in '/nonexistent:");
	CHECK_TEXT(got(&f, "calls"), "absent");
}

static void failure_text(const char *script, const char *want)
{
	WITH_FAKE struct fake f;

	fake_init(&f);
	plugin(&f, "first", script);
	CHECK(cniexec_add(f.fd, &f.x, &f.a, NULL, &f.e) == -1);
	CHECK_HAS(f.e.msg, want);
}

TEST(cniexec_words_of_failures)
{
	failure_text("#!/bin/sh\n[ $CNI_COMMAND = ADD ] && exit 4; exit 0\n",
		     "CNI plugin 'first' (ADD): failed without a word (exit status 4)");
	failure_text("#!/bin/sh\n[ $CNI_COMMAND = ADD ] && { echo not json; exit 1; }; exit 0\n",
		     "printed no error document: not json");
	failure_text("#!/bin/sh\nexit 0\n", "plugin 'first' (ADD): result");
	failure_text("#!/bin/sh\n[ $CNI_COMMAND = ADD ] && kill -9 $$; exit 0\n",
		     "exit status 137");
	failure_text("#!/nonexistent/interpreter\n", "No such file or directory");
	failure_text("#!/bin/sh\n[ $CNI_COMMAND = ADD ] && head -c 2000000 /dev/zero; exit 0\n",
		     "printed more than");
}

TEST(cniexec_plugin_that_does_not_read)
{
	WITH_FAKE struct fake f;

	fake_init(&f);
	plugin(&f, "first", "#!/bin/sh\nexec 0<&-\nme=x\n" ANSWER);
	CHECK(!cniexec_add(f.fd, &f.x, &f.a, NULL, &f.e));
}

TEST(cniexec_single_plugin_config)
{
	WITH_FAKE struct fake f;

	fake_init(&f);
	f.x.conf = "{\"cniVersion\":\"0.3.1\",\"name\":\"one\",\"type\":\"first\"}";
	plugin(&f, "first",
	       RECORD "[ $CNI_COMMAND = DEL ] || echo '{\"cniVersion\":\"0.3.1\",\"ips\":["
		      "{\"version\":\"4\",\"address\":\"10.9.0.3/16\"}]}'\n");
	CHECK(!cniexec_add(f.fd, &f.x, &f.a, &f.res, &f.e));
	CHECK(f.res.ips.n == 1);
	CHECK(!cniexec_del(f.fd, &f.e));
	/* Below 0.4.0 DEL gets no prevResult. */
	CHECK(!strstr(got(&f, "first.DEL"), "prevResult"));
}
