/* SPDX-License-Identifier: Apache-2.0 */
/* criu: checkpoint and restore of containers by CRIU; what the command line asks for. */
#ifndef SHIM_ENGINE_CRIU_H
#define SHIM_ENGINE_CRIU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/engine/engine.h"

#define CRIU_PROGRAM	 "criu"		    /* searched for in PATH */
#define CRIU_DUMP_LOG	 "dump.log"	    /* in the work directory */
#define CRIU_RESTORE_LOG "restore.log"	    /* the same */
#define CRIU_DESCRIPTORS "descriptors.json" /* in the image: what fds 0 to 2 were */
#define CRIU_DEFAULT_CONFIG                                                                        \
	"/etc/criu/runc.conf" /* of CRIU, unless the annotation names another                      \
			       */
#define CRIU_CONFIG_ANNOTATION "org.criu.config"

/* Values are those of CRIU's RPC. */
enum criu_cgroups {
	CRIU_CGROUPS_IGNORE = 0,
	CRIU_CGROUPS_SOFT = 3,
	CRIU_CGROUPS_FULL = 4,
	CRIU_CGROUPS_STRICT = 5,
	CRIU_CGROUPS_DEFAULT = 6,
};

/* As runc's options of the same names; paths are absolute but for `parent`. */
struct criu_options {
	const char *program;   /* of CRIU; NULL: CRIU_PROGRAM */
	const char *image_dir; /* made if missing (checkpoint) */
	const char *work_dir;  /* of logs and sockets; NULL: the image's */
	bool tcp_established, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
	bool link_remap, tcp_skip_in_flight; /* checkpoint only, as what follows */
	bool leave_running, pre_dump;
	const char *parent;	 /* an earlier image, relative to image_dir */
	const char *page_server; /* address, NULL: pages go into the image */
	int32_t page_port;
	int status_fd; /* gets a '\0' when lazy pages can be asked for; -1: none */
	enum criu_cgroups cgroups;
	const char *lsm_profile, *lsm_mount_context; /* restore only */
};
#define CRIU_OPTIONS_INIT                                                                          \
	{                                                                                          \
		.status_fd = -1, .cgroups = CRIU_CGROUPS_DEFAULT                                   \
	}

/* The path of CRIU's program. ENOENT when there is none: neither command can work then. */
char *criu_find(const char *program, struct arena *a, struct err *e);

/*
 * Write the processes of a running or paused container to the image directory. Unless it
 * shall be left running (or this is a pre-dump) the container is destroyed then. The
 * error quotes what CRIU's log says last.
 */
int engine_checkpoint(const struct engine *en, const char *id, const struct criu_options *o,
		      struct err *e);

/*
 * A new container from an image, of the bundle's config: cgroups, mount points, hooks
 * (prestart, createRuntime) and state as engine_create() makes them, but its processes
 * are those of the image, and run. From `req` are used: id, bundle, config, config_doc, stdio,
 * the console. On success and failure as engine_create().
 */
int engine_restore(const struct engine *en, const struct engine_create *req,
		   const struct criu_options *o, pid_t *pid, int *pidfd, struct err *e);

#endif
