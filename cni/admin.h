/* SPDX-License-Identifier: Apache-2.0 */
/* admin: the commands for people: `peapod-cni leases`, `peapod-cni gc`. */
#ifndef CNI_ADMIN_H
#define CNI_ADMIN_H

/* argv[1..argc) is a command and its options. The program's exit status: 0, 1, or 2 for usage. */
int admin_main(const char *program, int argc, char **argv);

#endif
