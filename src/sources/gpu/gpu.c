// SPDX-License-Identifier: Apache-2.0
/*
 * Discovery of Intel GPUs. PCI attributes as in Documentation/ABI/testing/sysfs-bus-pci; names of
 * PMUs as in i915_pmu_register() and xe_pmu_register().
 */
#include "sources/gpu/gpu.h"

#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI	"sys/bus/pci/devices/%s"
#define PMU_DIR "sys/bus/event_source/devices/%s"

struct gpu *gpu_ref(struct gpu *gpu)
{
	ref_take(&gpu->refs);
	return gpu;
}

void gpu_unref(struct gpu *gpu)
{
	if (!gpu || !ref_drop(&gpu->refs))
		return;
	pmu_unref(gpu->pmu);
	gpu_files_free(gpu->files);
	free(gpu);
}

void gpu_list_free(struct gpu_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		gpu_unref(list->gpus[i]);
	free(list->gpus);
	free(list);
}

static uint64_t inode_or_0(const struct fs *fs, const char *pci, const char *entry)
{
	uint64_t inode = 0;

	fs_inode(fs, &inode, PCI "/%s", pci, entry);
	return inode;
}

static bool is_display(const struct fs *fs, const char *pci)
{
	uint64_t vendor, class;

	return fs_read_hex(fs, &vendor, PCI "/vendor", pci) == 0 && vendor == 0x8086 &&
	       fs_read_hex(fs, &class, PCI "/class", pci) == 0 && class >> 16 == 0x03;
}

static enum gpu_driver driver_of(const char *name)
{
	if (strcmp(name, "i915") == 0)
		return GPU_I915;
	if (strcmp(name, "xe") == 0)
		return GPU_XE;
	return GPU_OTHER_DRIVER;
}

static void find_nodes(const struct fs *fs, struct gpu *gpu)
{
	_cleanup_list_ char **names = NULL;

	if (fs_list(fs, &names, PCI "/drm", gpu->pci) < 0)
		return;
	for (char **name = names; name && *name; name++) {
		char *ret = NULL;
		const char *digits = NULL;

		if (strncmp(*name, "card", 4) == 0) {
			ret = gpu->card;
			digits = *name + 4;
		} else if (strncmp(*name, "renderD", 7) == 0) {
			ret = gpu->render;
			digits = *name + 7;
		}
		/* "card0-HDMI-A-1" is a connector. */
		if (!ret || !*digits || strlen(digits) > 8 ||
		    strspn(digits, "0123456789") != strlen(digits))
			continue;
		snprintf(ret, sizeof(gpu->card), "%s", *name);
	}
	gpu->nodes_known = fs_is_live(fs);
	if (gpu->nodes_known)
		sys_drm_nodes(gpu->pci, &gpu->card_node, &gpu->render_node);
}

/* "0000:03:00.0" as PMUs write it: 0000_03_00.0 */
static void pmu_name(char *buf, size_t size, const char *driver, const char *pci)
{
	snprintf(buf, size, "%s_%s", driver, pci);
	for (char *c = buf; *c; c++)
		if (*c == ':')
			*c = '_';
}

/*
 * Up to 6.12 the PMU is "i915" for 0000:00:02.0 only, since 6.13 for every integrated GPU, and the
 * kernel refuses the second one. No link leads from the PMU to the device, so "i915" is taken only
 * by the one GPU that can own it: the integrated one that has no PMU of its own name.
 * Returns the inode of the PMU's directory, 0 when there is none.
 */
static uint64_t find_pmu(const struct fs *fs, const struct gpu *gpu, char *name, size_t size)
{
	uint64_t inode = 0;

	if (gpu->vf || (gpu->driver != GPU_I915 && gpu->driver != GPU_XE))
		return 0;
	pmu_name(name, size, gpu->driver_name, gpu->pci);
	if (fs_inode(fs, &inode, PMU_DIR, name) == 0 || !gpu->may_own_i915)
		return inode;
	snprintf(name, size, "i915");
	fs_inode(fs, &inode, PMU_DIR, name);
	return inode;
}

/*
 * A virtual function belongs to its physical function. One that a VM has (vfio-pci) or that has no
 * driver is no GPU of this machine; one on i915 or xe is.
 */
static bool is_guest_function(const struct fs *fs, const char *pci, enum gpu_driver driver,
			      bool *ret_vf)
{
	char physfn[FS_NAME_MAX];

	*ret_vf = fs_read_link_name(fs, physfn, sizeof(physfn), PCI "/physfn", pci) == 0;
	return *ret_vf && driver != GPU_I915 && driver != GPU_XE;
}

static bool is_in_vm(const struct fs *fs)
{
	char cpu[4096]; /* the first processor's flags are in the beginning */
	int n = fs_read(fs, cpu, sizeof(cpu), "proc/cpuinfo");

	if (n == -EMSGSIZE)
		n = sizeof(cpu);
	return n > 0 && memmem(cpu, (size_t)n, " hypervisor", 11);
}

/*
 * Generation 9 divides its crystal's clock by 2 to the power of 3 less a field of CTC_MODE, which
 * hardware sets to 2, on Apollo and Gemini Lake to 3 (read_clock_frequency() in
 * drivers/gpu/drm/i915/gt/intel_gt_clock_utils.c). A register that reads 0 is GVT-g's, and no other
 * generation from 9 on has GVT-g; before 9 the rate is fixed.
 */
static void find_vgpu(const struct fs *fs, struct gpu *gpu)
{
	const char *generation = gpu->platform ? gpu->platform->generation : "";
	bool low_power = strcmp(generation, "9lp") == 0;
	unsigned crystal = low_power ? 19200000 : 24000000, hz;
	char node[sizeof("/dev/dri/") + sizeof(gpu->render)];

	if (gpu->driver != GPU_I915 || (strcmp(generation, "9") != 0 && !low_power) ||
	    !fs_is_live(fs))
		return;
	snprintf(node, sizeof(node), "/dev/dri/%s", gpu->render);
	if (!*gpu->render || sys_i915_timestamp_hz(node, &hz) < 0) {
		/* Outside of a VM it cannot be one. */
		gpu->maybe_vgpu = is_in_vm(fs);
		return;
	}
	gpu->vgpu = hz == crystal >> 3;
	if (gpu->vgpu)
		gpu->fdinfo_divisor = low_power ? 8 : 4;
}

static int identify(const struct fs *fs, const char *pci, struct gpu **ret)
{
	char driver[sizeof((*ret)->driver_name)] = "none";
	enum gpu_driver kind = GPU_NO_DRIVER;
	struct gpu *gpu;
	uint64_t id;
	bool vf;

	if (!text_is_pci_address(pci) || strlen(pci) >= sizeof(gpu->pci) || !is_display(fs, pci))
		return 0;
	if (fs_read_hex(fs, &id, PCI "/device", pci) < 0 || id > UINT16_MAX)
		return 0;
	if (fs_read_link_name(fs, driver, sizeof(driver), PCI "/driver", pci) == 0)
		kind = driver_of(driver);
	if (is_guest_function(fs, pci, kind, &vf))
		return 0;

	gpu = calloc(1, sizeof(*gpu));
	if (!gpu)
		return -ENOMEM;
	gpu->refs = 1;
	gpu->files = gpu_files_new();
	if (!gpu->files) {
		gpu_unref(gpu);
		return -ENOMEM;
	}
	gpu->vf = vf;
	gpu->driver = kind;
	gpu->device_id = (uint16_t)id;
	gpu->platform = platform_find(gpu->device_id);
	/* An id that is not in the table: integrated GPUs sit on the root bus. */
	gpu->discrete = gpu->platform ? gpu->platform->discrete : strncmp(pci + 5, "00:", 3) != 0;
	strcpy(gpu->pci, pci);
	strcpy(gpu->driver_name, driver);
	sys_product_name(gpu->device_id, gpu->model, sizeof(gpu->model));
	gpu->driver_inode = inode_or_0(fs, pci, "driver");
	gpu->drm_inode = inode_or_0(fs, pci, "drm");
	find_nodes(fs, gpu);
	find_vgpu(fs, gpu);
	*ret = gpu;
	return 0;
}

static struct gpu *find_old(const struct gpu_list *old, const char *pci)
{
	for (size_t i = 0; old && i < old->n; i++)
		if (strcmp(old->gpus[i]->pci, pci) == 0)
			return old->gpus[i];
	return NULL;
}

static bool is_same(const struct gpu *a, const struct gpu *b)
{
	return a->driver_inode == b->driver_inode && a->drm_inode == b->drm_inode &&
	       a->pmu_inode == b->pmu_inode && a->device_id == b->device_id && a->vgpu == b->vgpu &&
	       a->maybe_vgpu == b->maybe_vgpu && a->may_own_i915 == b->may_own_i915 &&
	       a->pmu_is_unclear == b->pmu_is_unclear;
}

/* Whether the PMU named "i915" can be this GPU's, for all that is known of this GPU alone. */
static bool is_candidate(const struct fs *fs, const struct gpu *gpu)
{
	char name[sizeof(gpu->pmu_name)];
	uint64_t inode;

	pmu_name(name, sizeof(name), "i915", gpu->pci);
	return gpu->driver == GPU_I915 && !gpu->vf && !gpu->discrete &&
	       fs_inode(fs, &inode, PMU_DIR, name) < 0;
}

/* Has the PMU come since the last list? What the first list has was there before the program. */
static bool is_new(const struct gpu_list *old, const struct gpu *before, const struct gpu *gpu)
{
	return old && (!before || before->pmu_inode != gpu->pmu_inode);
}

/* The PMUs of all GPUs are found together: "i915" has an owner only if there is one candidate. */
static int attach_pmus(const struct fs *fs, struct pmu_set *pmus, const struct gpu_list *old,
		       struct gpu_list *list)
{
	size_t candidates = 0;
	uint64_t inode = 0;

	fs_inode(fs, &inode, PMU_DIR, "i915");
	for (size_t i = 0; i < list->n; i++)
		candidates += is_candidate(fs, list->gpus[i]);
	for (size_t i = 0; i < list->n; i++) {
		struct gpu *gpu = list->gpus[i], *before = find_old(old, gpu->pci);
		char name[sizeof(gpu->pmu_name)];

		gpu->may_own_i915 = candidates == 1 && is_candidate(fs, gpu);
		gpu->pmu_is_unclear = candidates > 1 && inode && is_candidate(fs, gpu);
		gpu->pmu_inode = find_pmu(fs, gpu, name, sizeof(name));
		if (gpu->pmu_inode)
			strcpy(gpu->pmu_name, name);
		if (before && is_same(before, gpu)) {
			list->gpus[i] = gpu_ref(before);
			gpu_unref(gpu);
			continue;
		}
		/* Perf events count this machine's GPUs, so they say nothing about a copied tree.
		 */
		if (!*gpu->pmu_name || !fs_is_live(fs))
			continue;
		gpu->pmu = pmu_new(pmus, gpu->pmu_name, gpu->pci, is_new(old, before, gpu));
		if (!gpu->pmu)
			return -ENOMEM;
	}
	return 0;
}

int gpu_discover(const struct fs *fs, struct pmu_set *pmus, const struct gpu_list *old,
		 struct gpu_list **ret)
{
	_cleanup_list_ char **names = NULL;
	struct gpu_list *list;
	int n, r = 0;

	n = fs_list(fs, &names, "sys/bus/pci/devices");
	/* A container without sysfs: collectors that need no GPU work all the same. */
	if (n < 0 && n != -ENOENT)
		return n;
	list = calloc(1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list->blind = n < 0;
	list->followed = fs_is_followed(fs, "sys/bus/pci/devices") &&
			 fs_is_followed(fs, "sys/bus/event_source/devices");
	list->gpus = calloc(n > 0 ? (size_t)n : 1, sizeof(*list->gpus));
	if (!list->gpus)
		r = -ENOMEM;
	fs_list_hash(fs, &list->devices_hash, "sys/bus/pci/devices");
	for (char **name = names; r == 0 && name && *name; name++) {
		struct gpu *gpu = NULL;

		r = identify(fs, *name, &gpu);
		if (!gpu)
			continue;
		list->followed &= fs_is_followed(fs, PCI, gpu->pci);
		list->gpus[list->n++] = gpu;
	}
	if (r == 0)
		r = attach_pmus(fs, pmus, old, list);
	if (r < 0) {
		gpu_list_free(list);
		return r;
	}
	*ret = list;
	return 0;
}

bool gpu_list_is_stale(const struct fs *fs, const struct gpu_list *list)
{
	uint64_t hash = 0;

	fs_list_hash(fs, &hash, "sys/bus/pci/devices");
	if (hash != list->devices_hash)
		return true;
	for (size_t i = 0; i < list->n; i++) {
		const struct gpu *gpu = list->gpus[i];
		char name[sizeof(gpu->pmu_name)];

		if (inode_or_0(fs, gpu->pci, "driver") != gpu->driver_inode ||
		    inode_or_0(fs, gpu->pci, "drm") != gpu->drm_inode ||
		    find_pmu(fs, gpu, name, sizeof(name)) != gpu->pmu_inode)
			return true;
	}
	return false;
}
