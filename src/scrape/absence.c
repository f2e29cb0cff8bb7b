// SPDX-License-Identifier: Apache-2.0
#include "absence.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>

#define PCI "sys/bus/pci/devices"

static bool is_hidden(const struct gpu *gpu)
{
	return gpu->nodes_known && (*gpu->card || *gpu->render) && !gpu->card_node &&
	       !gpu->render_node;
}

enum absence absence_of(const struct gpu_list *gpus)
{
	for (size_t i = 0; i < gpus->n; i++)
		if (!is_hidden(gpus->gpus[i]))
			return GPU_IS_HERE;
	return gpus->n > 0 ? GPU_IS_HIDDEN : GPU_IS_ABSENT;
}

struct devices {
	size_t n, unreadable, intel, others; /* the last two: display devices */
};

static struct devices count(const struct fs *fs, char *const *names)
{
	struct devices devices = { 0 };

	for (char *const *name = names; name && *name; name++) {
		uint64_t vendor, class;

		devices.n++;
		if (fs_read_hex(fs, &vendor, PCI "/%s/vendor", *name) < 0 ||
		    fs_read_hex(fs, &class, PCI "/%s/class", *name) < 0)
			devices.unreadable++;
		else if (class >> 16 == 0x03)
			*(vendor == 0x8086 ? &devices.intel : &devices.others) += 1;
	}
	return devices;
}

static void log_absent(const struct fs *fs)
{
	static const char mount[] = "in a container mount the host's /sys and name it with "
				    "--path.sysfs; in a VM pass a GPU through to it";
	_cleanup_list_ char **names = NULL, **classes = NULL;
	int n = fs_list(fs, &names, PCI);
	struct devices devices = count(fs, names);
	const char *remedy = "in a VM pass a GPU, a vGPU or a virtual function through to it; else "
			     "the firmware's setup may have turned the GPU off";
	char why[96];

	if (n < 0) {
		bool sysfs = fs_list(fs, &classes, "sys/bus") >= 0;

		snprintf(why, sizeof(why), "%s",
			 sysfs ? "this machine has no PCI bus: no /sys/bus/pci"
			       : "there is no sysfs: no /sys/bus");
		remedy = mount;
	} else if (devices.unreadable > 0) {
		snprintf(why, sizeof(why), "%zu of %zu PCI devices cannot be read",
			 devices.unreadable, devices.n);
		remedy = "a sandbox or a container hides them: let the exporter read "
			 "/sys/bus/pci/devices";
	} else if (devices.intel > 0) {
		snprintf(why, sizeof(why), "%zu virtual functions without i915 or xe, and no other",
			 devices.intel);
		remedy = "they are for VMs: run an exporter there";
	} else {
		snprintf(why, sizeof(why),
			 "no Intel display device among %zu PCI devices (other makers': %zu)",
			 devices.n, devices.others);
	}
	log_warn("no Intel GPU found", "err", why, "remedy", remedy);
}

void absence_log(const struct fs *fs, enum absence absence)
{
	switch (absence) {
	case GPU_IS_HERE:
		log_info("Intel GPU found");
		break;
	case GPU_IS_HIDDEN:
		log_warn("Intel GPU hidden", "err",
			 "it is in sysfs, but its nodes are not in /dev/dri here", "remedy",
			 "encode tests need them: give the container /dev/dri, as with docker run "
			 "--device /dev/dri");
		break;
	case GPU_IS_ABSENT:
		log_absent(fs);
		break;
	}
}
