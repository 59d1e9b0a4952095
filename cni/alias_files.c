/* SPDX-License-Identifier: Apache-2.0 */
/* alias_files: the name of a file says whose it is. */
#include "cni/alias_files.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/cni/netconf.h"

int alias_files_sweep(const char *dir, bool dry_run, alias_goes_fn *goes, void *arg, struct err *e)
{
	auto_dir DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "open '%s'", dir);
	while ((entry = readdir(d))) {
		int rc;

		if (!cni_valid_id(entry->d_name) || !strchr(entry->d_name, '_') ||
		    (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN))
			continue;
		rc = goes(arg, entry->d_name, e);
		if (rc < 0)
			return -1;
		if (rc && !dry_run && unlinkat(dirfd(d), entry->d_name, 0) && errno != ENOENT)
			return err_sys(e, "remove '%s/%s'", dir, entry->d_name);
	}
	return 0;
}
