/* SPDX-License-Identifier: Apache-2.0 */
/* stats_files: parsers of cgroup files; what they do not understand they leave out. */
#include "shim/engine/stats_files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define NAME_CHARS     64 /* of a number or an RDMA device's name */
#define PAGE_SIZES_MAX 16
#define HUGETLB_PREFIX "hugetlb."
#define BUF_FIRST      (16 << 10)
#define DECIMALS_MAX   9

/* Twice the room, what is there is kept. */
static void grow(const struct stats_dir *d, size_t used)
{
	struct stats_buf *b = d->buf;
	size_t cap = b->cap ? b->cap * 2 : BUF_FIRST;
	char *s = arena_alloc(d->a, cap + 1);

	if (used)
		memcpy(s, b->s, used);
	b->s = s;
	b->cap = cap;
}

char *stats_text(const struct stats_dir *d, const char *file)
{
	auto_fd int fd = openat(d->fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && len < STATS_FILE_MAX) {
		if (len == d->buf->cap)
			grow(d, len);
		n = read_full(fd, d->buf->s + len, d->buf->cap - len);
		len += n > 0 ? (size_t)n : 0;
		n = len < d->buf->cap && n > 0 ? 0 : n; /* less than asked for: the end */
	}
	if (n < 0)
		return NULL;
	while (n && len && d->buf->s[len - 1] != '\n') /* cut: without the part of a line */
		len--;
	d->buf->s[len] = '\0';
	return d->buf->s;
}

char *stats_line(char **text)
{
	char *line = *text, *end;

	if (!*line)
		return NULL;
	end = strchrnul(line, '\n');
	*text = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

/* A number at the beginning of the text, ended by white space; what follows, or NULL. */
static const char *take_number(const char *s, uint64_t *out)
{
	unsigned long long v;
	char *end;

	if (!strncmp(s, "max", 3) && (!s[3] || isspace((unsigned char)s[3]))) {
		*out = STATS_NO_LIMIT;
		return s + 3;
	}
	if (!isdigit((unsigned char)*s))
		return NULL;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || (*end && !isspace((unsigned char)*end)))
		return NULL;
	*out = v;
	return end;
}

bool stats_number(const struct stats_dir *d, const char *file, uint64_t *out)
{
	const char *text = stats_text(d, file);

	return text && take_number(text, out);
}

struct stats_list stats_numbers(const struct stats_dir *d, const char *file)
{
	const char *at = stats_text(d, file), *next;
	struct stats_list list = { 0 };
	uint64_t v;

	if (!at)
		return list;
	list.v = arena_array(d->a, strlen(at) / 2 + 1, sizeof(*list.v));
	while ((next = take_number(at, &v))) {
		list.v[list.n++] = v;
		at = next + strspn(next, " \n");
	}
	return list;
}

bool stats_read_keys(const struct stats_dir *d, const char *file, struct stats_keys *out)
{
	char *text = stats_text(d, file), *line, *at;
	size_t lines = 0;

	if (!text)
		return false;
	at = text = arena_strdup(d->a, text);
	while ((at = strchr(at, '\n'))) {
		at++;
		lines++;
	}
	lines = lines < STATS_ENTRIES_MAX ? lines + 1 : STATS_ENTRIES_MAX;
	out->v = arena_array(d->a, lines, sizeof(*out->v));
	while (out->n < lines && (line = stats_line(&text))) {
		char *value = strchr(line, ' ');

		if (!value || value == line || !take_number(value + 1, &out->v[out->n].value))
			continue;
		*value = '\0';
		out->v[out->n++].key = line;
	}
	return true;
}

uint64_t stats_value(const struct stats_keys *keys, const char *key)
{
	for (size_t i = 0; i < keys->n; i++)
		if (!strcmp(keys->v[i].key, key))
			return keys->v[i].value;
	return 0;
}

/* Where the value of " key=" starts, or NULL. */
static const char *find_field(const char *line, const char *key)
{
	size_t n = strlen(key);

	for (const char *at = line; (at = strstr(at, key)); at += n)
		if (at > line && at[-1] == ' ' && at[n] == '=')
			return at + n + 1;
	return NULL;
}

uint64_t stats_field(const char *line, const char *key)
{
	const char *at = find_field(line, key);
	uint64_t v = 0;

	return at && take_number(at, &v) ? v : 0;
}

/* "12.34", whatever the caller's locale has for the point. */
static double decimal_field(const char *line, const char *key)
{
	const char *at = find_field(line, key);
	double v = 0, unit = 1;

	for (; at && isdigit((unsigned char)*at) && v < 1e6; at++)
		v = v * 10 + (*at - '0');
	if (!at || *at != '.')
		return v;
	for (int i = 1; i <= DECIMALS_MAX && isdigit((unsigned char)at[i]); i++) {
		v = v * 10 + (at[i] - '0');
		unit *= 10;
	}
	return v / unit;
}

void stats_read_psi(const struct stats_dir *d, const char *file, struct stats_psi *out)
{
	char *text = out->there ? NULL : stats_text(d, file), *line;

	while (text && (line = stats_line(&text))) {
		struct stats_psi_line *p = str_starts(line, "some ")   ? &out->some
					   : str_starts(line, "full ") ? &out->full
								       : NULL;

		if (!p)
			continue;
		out->there = true;
		p->avg10 = decimal_field(line, "avg10");
		p->avg60 = decimal_field(line, "avg60");
		p->avg300 = decimal_field(line, "avg300");
		p->total = stats_field(line, "total");
	}
}

const char *stats_device(const char *line, uint64_t *major, uint64_t *minor)
{
	unsigned long long v[2];
	char *end;

	for (int i = 0; i < 2; i++) {
		if (!isdigit((unsigned char)*line))
			return NULL;
		errno = 0;
		v[i] = strtoull(line, &end, 10);
		if (errno || *end != (i ? ' ' : ':'))
			return NULL;
		line = end + 1;
	}
	*major = v[0];
	*minor = v[1];
	return line;
}

static struct stats_rdma *rdma_of(struct cgroup_stats *out, const struct stats_dir *d, char *line)
{
	size_t n = strcspn(line, " ");

	for (size_t i = 0; i < out->n_rdma; i++)
		if (strlen(out->rdma[i].device) == n && !strncmp(out->rdma[i].device, line, n))
			return &out->rdma[i];
	if (!n || n > NAME_CHARS || out->n_rdma == STATS_ENTRIES_MAX / 16)
		return NULL;
	if (!out->rdma)
		out->rdma = arena_array(d->a, STATS_ENTRIES_MAX / 16, sizeof(*out->rdma));
	out->rdma[out->n_rdma] = (struct stats_rdma){
		.device = arena_strndup(d->a, line, n),
		.handles_max = STATS_NO_LIMIT,
		.objects_max = STATS_NO_LIMIT,
	};
	return &out->rdma[out->n_rdma++];
}

void stats_read_rdma(const struct stats_dir *d, struct cgroup_stats *out)
{
	static const char *const files[] = { "rdma.current", "rdma.max" };

	for (size_t i = 0; i < countof(files); i++) {
		char *text = stats_text(d, files[i]), *line;

		while (text && (line = stats_line(&text))) {
			struct stats_rdma *r = rdma_of(out, d, line);

			if (!r)
				continue;
			*(i ? &r->handles_max : &r->handles) = stats_field(line, "hca_handle");
			*(i ? &r->objects_max : &r->objects) = stats_field(line, "hca_object");
		}
	}
}

/* hugetlb.SIZE.suffix, where SIZE is as 2MB. */
static size_t page_size_len(const char *name, const char *suffix)
{
	const char *size = name + strlen(HUGETLB_PREFIX);
	size_t n;

	if (!str_starts(name, HUGETLB_PREFIX))
		return 0;
	n = strcspn(size, ".");
	return n < NAME_CHARS && !strcmp(size + n, suffix) ? n : 0;
}

size_t stats_page_sizes(const struct stats_dir *d, const char *suffix, const char ***sizes)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t n = 0;

	if (!list) {
		close_fd(&fd);
		return 0;
	}
	*sizes = arena_array(d->a, PAGE_SIZES_MAX, sizeof(**sizes));
	while (n < PAGE_SIZES_MAX && (entry = readdir(list))) {
		size_t len = page_size_len(entry->d_name, suffix);

		if (len)
			(*sizes)[n++] =
				arena_strndup(d->a, entry->d_name + strlen(HUGETLB_PREFIX), len);
	}
	return n;
}
