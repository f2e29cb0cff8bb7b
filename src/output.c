// SPDX-License-Identifier: Apache-2.0
#include "output.h"

#include <errno.h>
#include <stdio.h>

int output_end(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	/* Of this write or of the earlier one that failed. */
	return errno ? -errno : -EIO;
}
