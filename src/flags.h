/* SPDX-License-Identifier: Apache-2.0 */
/* Flags in forms that getopt takes for something else. */
#ifndef FLAGS_H
#define FLAGS_H

#include <argp.h>

/*
 * To be called before the first flag is parsed. -help and -version, as programs of Go take them,
 * become --help and --version. Ends the process with one line for any other flag with one dash,
 * and for the beginning of a flag's name: a flag that is added later must not make it ambiguous.
 */
void flags_check(struct argp_state *state, const struct argp_option *table);

#endif
