/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_containerd: which containerd there is, and what its config says about us. */
#ifndef SHIM_CLI_DOCTOR_CONTAINERD_H
#define SHIM_CLI_DOCTOR_CONTAINERD_H

#include <stdbool.h>

#include "spec/base/arena.h"

#define DOCTOR_RUNTIME_TYPE "io.containerd.peapod.v2"
#define DOCTOR_SHIM_NAME    "containerd-shim-peapod-v2"

struct doctor_containerd {
	char *program;		 /* NULL: not in PATH */
	char *version;		 /* "1.7.24"; NULL: it did not say */
	char *config;		 /* path of the config; NULL: there is none */
	int config_version;	 /* 1 when the file does not say */
	char *handler;		 /* name of the runtime that is us; NULL: none */
	bool handler_unread;	 /* but in a table that this config version does not have */
	bool handler_cli;	 /* through another shim which calls `peapod` (BinaryName) */
	bool is_default;	 /* default_runtime_name is the handler */
	bool cri_disabled;	 /* disabled_plugins names cri */
	bool imports;		 /* it goes on in other files */
	char *sandboxer;	 /* the handler's: who makes its pods; NULL: podsandbox */
	bool sandboxer_proxy;	 /* that is one of [proxy_plugins] */
	bool runtime_path;	 /* the handler has one */
	bool streaming;		 /* the handler's io_type */
	bool no_pause_pull;	 /* the handler's disable_pause_image_pull */
	char *pause_image;	 /* pinned, or of versions 1 and 2; NULL: containerd's own */
	char *net_dir, *bin_dir; /* of the CRI plugin's cni table, or NULL */
};

/*
 * Pure: the lines of a config.toml (versions 1 to 3), not all of TOML: tables in
 * brackets with keys below them, as containerd writes them itself. Fills all
 * but program, version and config. Strings in the arena.
 */
void doctor_containerd_scan(const char *text, struct arena *a, struct doctor_containerd *out);

/* Pure: "1.6.20" of "containerd github.com/... 1.6.20~ds1 1.6.20~ds1-1" or "... v2.1.0 abc"; or
 * NULL. */
char *doctor_containerd_version(const char *text, struct arena *a);

/* Look for the program in PATH, run it with --version, read the config. */
void doctor_containerd_probe(struct arena *a, struct doctor_containerd *out);

/* The path of a program in PATH, in the arena, or NULL. */
char *doctor_which(const char *name, struct arena *a);

#endif
