// SPDX-License-Identifier: Apache-2.0
/*
 * sys_product_name() for the programs: intel_gpu_probe is asked. It is not in sys_linux.c, which
 * subprocess.c needs.
 */
#include "base/sys.h"

#include "base/macros.h"
#include "base/subprocess.h"

#include <errno.h>
#include <stdio.h>

/*
 * A GPU that is found on a machine too busy for that stays without a name, and so do those that are
 * found in as long a time after it: one discovery waits once.
 */
#define NAME_TIMEOUT_NS 10000000000u

int sys_product_name(uint16_t device_id, char *buf, size_t size)
{
	/* A GPU that goes and comes again, as when VMs take it, must not cost a process each time.
	 */
	static struct {
		uint16_t id;
		int len; /* or -errno */
		char name[128];
	} known[8];
	static unsigned n_known;
	static unsigned next;
	static uint64_t asked_again;
	char path[512], id[8];
	char *const argv[] = { path, "--product-name", id, NULL };
	unsigned i;
	int len;

	for (i = 0; i < n_known && known[i].id != device_id; i++)
		;
	if (i == n_known) {
		snprintf(id, sizeof(id), "%04x", device_id);
		len = subprocess_beside("intel_gpu_probe", path, sizeof(path));
		if (len == 0)
			len = sys_monotonic_ns() < asked_again
				      ? -ETIMEDOUT
				      : subprocess_run(argv, buf, size, NAME_TIMEOUT_NS);
		if (len == -ETIMEDOUT && sys_monotonic_ns() >= asked_again)
			asked_again = sys_monotonic_ns() + NAME_TIMEOUT_NS;
		if (len <= 0)
			buf[0] = '\0';
		/* A name that is not there never will be; a busy machine is asked again. */
		if (len < 0 && len != -ENOEXEC)
			return len;
		i = next++ % ARRAY_SIZE(known);
		if (n_known < ARRAY_SIZE(known))
			n_known++;
		known[i].id = device_id;
		known[i].len = len;
		snprintf(known[i].name, sizeof(known[i].name), "%s", buf);
	}
	snprintf(buf, size, "%s", known[i].name);
	return known[i].len < 0 ? known[i].len : 0;
}
