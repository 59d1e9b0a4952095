/* SPDX-License-Identifier: Apache-2.0 */
/* man: NOTES-DIR PAGES-DIR: writes every page of peapod; part of the build, not of the product. */
#include <fcntl.h>
#include <stdio.h>

#include "shim/cli/globals.h"
#include "shim/cli/manual.h"
#include "shim/cli/pod.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"

#define NOTES_MAX 262144
#define PAGE_MODE 0644

/* The directories, and what all pages share. */
struct book {
	int notes, pages;
	struct arena *arena;
};

static int write_page(const struct book *b, const struct manual *m, const char *notes_name,
		      struct err *e)
{
	char *notes = read_file(b->notes, arena_printf(b->arena, "%s.mdoc", notes_name), NOTES_MAX,
				b->arena, NULL, e);
	auto_str struct str page = { 0 };

	if (!notes)
		return -1;
	if (manual_page(m, notes, b->arena, &page, e))
		return err_ctx(e, "%s", notes_name);
	return replace_file(b->pages, arena_printf(b->arena, "%s.8", m->name), page.s, page.len,
			    PAGE_MODE, e);
}

/* Those of a list; parent is "" or "pod". */
static int write_commands(const struct book *b, const struct cli_command *const *list,
			  const char *parent, struct err *e)
{
	const char *dash = *parent ? "-" : "", *space = *parent ? " " : "";

	for (; *list; list++) {
		const struct cli_command *c = *list;
		struct manual m = {
			.name = arena_printf(b->arena, CLI_NAME "-%s%s%s", parent, dash, c->name),
			.command = arena_printf(b->arena, "%s%s%s", parent, space, c->name),
			.help = c->help,
			.operands = c->operands,
			.options = c->options,
			.commands = c->options ? NULL : pod_commands,
			.failed = c->failed,
		};

		if (c->help && write_page(b, &m, m.name + sizeof(CLI_NAME), e))
			return -1;
	}
	return 0;
}

static int write_all_pages(const struct book *b, struct err *e)
{
	const struct manual program = {
		.name = CLI_NAME,
		.help = "run containers from OCI bundles, and pods",
		.operands = "COMMAND [ARGUMENTS]",
		.options = cli_global_options,
		.commands = cli_commands,
	};

	if (write_page(b, &program, CLI_NAME, e) || write_commands(b, cli_commands, "", e))
		return -1;
	return write_commands(b, pod_commands, "pod", e);
}

int main(int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	auto_fd int notes = -1, pages = -1;
	struct err e = { 0 };

	if (argc != 3) {
		fprintf(stderr, "usage: man NOTES-DIR PAGES-DIR\n");
		return 2;
	}
	notes = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	pages = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (notes < 0 || pages < 0) {
		perror("man: open a directory");
		return 1;
	}
	if (write_all_pages(&(struct book){ notes, pages, &arena }, &e)) {
		fprintf(stderr, "man: %s\n", e.msg);
		return 1;
	}
	return 0;
}
