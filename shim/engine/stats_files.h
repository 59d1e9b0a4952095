/* SPDX-License-Identifier: Apache-2.0 */
/* stats_files: the forms that files of a cgroup directory have, for the readers of v1 and v2. */
#ifndef SHIM_ENGINE_STATS_FILES_H
#define SHIM_ENGINE_STATS_FILES_H

#include "shim/engine/stats.h"

#define STATS_FILE_MAX (256 << 10) /* bytes of a file; what is behind is left out */

/* What a file is read into; the next one as well. It grows in the arena, up to STATS_FILE_MAX. */
struct stats_buf {
	char *s;
	size_t cap;
};

/* One directory being read. */
struct stats_dir {
	int fd;
	unsigned int parts;
	struct arena *a;
	struct stats_buf *buf;
};

/* The text, valid until the next call, without a line that was cut; NULL: there is no such file. */
char *stats_text(const struct stats_dir *d, const char *file);

/* One number; "max" is STATS_NO_LIMIT. false: missing or no number, *out is kept. */
bool stats_number(const struct stats_dir *d, const char *file, uint64_t *out);

/* Numbers between white space. */
struct stats_list stats_numbers(const struct stats_dir *d, const char *file);

/* "KEY NUMBER" lines; others are left out. false: no such file. */
bool stats_read_keys(const struct stats_dir *d, const char *file, struct stats_keys *out);

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and the same for full. */
void stats_read_psi(const struct stats_dir *d, const char *file, struct stats_psi *out);

/* "DEVICE hca_handle=N hca_object=N" of rdma.current and rdma.max. */
void stats_read_rdma(const struct stats_dir *d, struct cgroup_stats *out);

/*
 * A line "WORD key=1 key=2": the value of a key, 0 when it is not there. "max"
 * is STATS_NO_LIMIT.
 */
uint64_t stats_field(const char *line, const char *key);

/* "MAJOR:MINOR" at the beginning of a line; what follows it and its white space, or NULL. */
const char *stats_device(const char *line, uint64_t *major, uint64_t *minor);

/* Cut the next line off *text; NULL at the end. */
char *stats_line(char **text);

/* Page sizes ("2MB") of files hugetlb.SIZE<suffix>. */
size_t stats_page_sizes(const struct stats_dir *d, const char *suffix, const char ***sizes);

/* Readers of one hierarchy; v1 with the key of it ("cpu,cpuacct"). What is there stays. */
void stats_read_v1(const struct stats_dir *d, const char *key, struct cgroup_stats *out);
void stats_read_v2(const struct stats_dir *d, struct cgroup_stats *out);

#endif
