/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_cache: one file an entry: header, key, instructions; checked as a whole when read. */
#include "shim/engine/seccomp_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define MAGIC	    "peapodSC"
#define VERSION_NOW 1
#define SUFFIX	    ".bpf"
#define FILE_MODE   0600
#define NAME_LEN    32 /* 16 digits and the suffix */

#define FNV_START 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

/* Of this machine's byte order: the files never leave it. */
struct header {
	char magic[8];
	uint32_t version;
	uint32_t key_len;
	uint32_t insns;
	uint32_t zero;
	uint64_t sum; /* FNV-1a of key and instructions, against damage, not against forgery */
};

/* Names files and finds damage; what an entry is for is decided by comparing its key. */
static uint64_t fnv(uint64_t h, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * FNV_PRIME;
	return h;
}

static void entry_name(const char *key, char out[static NAME_LEN])
{
	snprintf(out, NAME_LEN, "%016llx" SUFFIX,
		 (unsigned long long)fnv(FNV_START, key, strlen(key)));
}

static bool is_ours(int fd, mode_t type, mode_t forbidden, struct stat *st)
{
	return !fstat(fd, st) && (st->st_mode & S_IFMT) == type && st->st_uid == geteuid() &&
	       !(st->st_mode & forbidden);
}

static bool usable_dir(int dirfd)
{
	struct stat st;

	return dirfd >= 0 && is_ours(dirfd, S_IFDIR, S_IWGRP | S_IWOTH, &st);
}

static bool is_whole(const struct header *h, const char *text, size_t size, const char *key)
{
	size_t key_len = strlen(key);
	size_t code = (size_t)h->insns * sizeof(struct sock_filter);

	if (memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0 || h->version != VERSION_NOW)
		return false;
	if (h->zero || !h->insns || h->insns > BPF_MAXINSNS || h->key_len != key_len ||
	    size != sizeof(*h) + key_len + code)
		return false;
	return !memcmp(text, key, key_len) && h->sum == fnv(FNV_START, text, key_len + code);
}

bool seccomp_cache_get(int dirfd, const char *key, struct arena *a, struct sock_filter **filter,
		       unsigned short *len)
{
	auto_fd int fd = -1;
	char name[NAME_LEN];
	struct header h;
	struct stat st;
	char *data;

	entry_name(key, name);
	if (!usable_dir(dirfd))
		return false;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || !is_ours(fd, S_IFREG, S_IRWXG | S_IRWXO, &st) ||
	    st.st_size < (off_t)sizeof(h) || st.st_size > SECCOMP_CACHE_FILE_MAX)
		return false;
	data = arena_alloc(a, (size_t)st.st_size);
	if (read_full(fd, data, (size_t)st.st_size) != st.st_size)
		return false;
	memcpy(&h, data, sizeof(h));
	if (!is_whole(&h, data + sizeof(h), (size_t)st.st_size, key))
		return false;
	*len = (unsigned short)h.insns;
	*filter = arena_memdup(a, data + sizeof(h) + h.key_len, h.insns * sizeof(**filter));
	return true;
}

/* Profiles are few; whoever makes up new ones all the time gets an empty cache, not a full disk. */
static void make_room(int dirfd)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	size_t n = 0;

	while (list && (entry = readdir(list)))
		n += str_ends(entry->d_name, SUFFIX);
	if (n < SECCOMP_CACHE_ENTRIES_MAX)
		return;
	rewinddir(list);
	while ((entry = readdir(list)))
		if (str_ends(entry->d_name, SUFFIX))
			unlinkat(dirfd, entry->d_name, 0);
}

void seccomp_cache_put(int dirfd, const char *key, const struct sock_filter *filter,
		       unsigned short len)
{
	struct header h = { .magic = MAGIC, .version = VERSION_NOW, .insns = len };
	auto_str struct str file = { 0 };
	char name[NAME_LEN];
	struct err ignored;

	if (!usable_dir(dirfd))
		return;
	h.key_len = (uint32_t)strlen(key);
	h.sum = fnv(fnv(FNV_START, key, h.key_len), filter, len * sizeof(*filter));
	str_addn(&file, &h, sizeof(h));
	str_addn(&file, key, h.key_len);
	str_addn(&file, filter, len * sizeof(*filter));
	if (file.len > SECCOMP_CACHE_FILE_MAX)
		return;
	make_room(dirfd);
	entry_name(key, name);
	replace_file(dirfd, name, file.s, file.len, FILE_MODE, &ignored);
}
