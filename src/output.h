/* SPDX-License-Identifier: Apache-2.0 */
/* The end of what a program prints instead of serving. */
#ifndef OUTPUT_H
#define OUTPUT_H

/* Writes what is still to be written to stdout. 0, or -errno when any of it was lost. */
int output_end(void);

#endif
