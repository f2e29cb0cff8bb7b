/* SPDX-License-Identifier: Apache-2.0 */
/* --check: checks this machine, prints what is wrong, and ends. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "options.h"

/* The exit status, of enum check_exit. */
int doctor(const struct options *options);

#endif
