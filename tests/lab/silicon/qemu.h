/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the device uses of QEMU's binary interface. Debian's QEMU exports its functions, for modules
 * of its own, and "-plugin FILE" loads a shared object before any device is made: so neither QEMU
 * nor its headers have to be built. What a version may change in silence is in qemu.c, measured and
 * checked.
 */
#ifndef SILICON_QEMU_H
#define SILICON_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

/*
 * Objects of QEMU that lie in ours. The sizes are what we reserve, not theirs: of both versions
 * PCIDevice has less than 2800 bytes, MemoryRegion 272, QEMUTimer 48.
 */
typedef struct {
	_Alignas(16) u8 reserved[4096];
} PCIDevice;

typedef struct {
	_Alignas(16) u8 reserved[512];
} MemoryRegion;

typedef struct {
	_Alignas(16) u8 reserved[128];
} QEMUTimer;

typedef struct {
	const char *name, *parent;
	size_t instance_size, instance_align;
	void (*instance_init)(void *object);
	void (*instance_post_init)(void *object);
	void (*instance_finalize)(void *object);
	bool abstract;
	size_t class_size;
	void (*class_init)(void *class, void *data);
	void (*class_base_init)(void *class, void *data);
	void *class_data;
	const void *interfaces;
} TypeInfo;

typedef struct {
	const char *type;
} InterfaceInfo;

enum { DEVICE_LITTLE_ENDIAN = 2 };

typedef struct {
	u64 (*read)(void *opaque, u64 addr, unsigned size);
	void (*write)(void *opaque, u64 addr, u64 value, unsigned size);
	void *read_with_attrs, *write_with_attrs;
	int endianness;
	struct {
		unsigned min, max;
		bool unaligned;
		void *accepts;
	} valid;
	struct {
		unsigned min, max;
		bool unaligned;
	} impl;
} MemoryRegionOps;

_Static_assert(sizeof(TypeInfo) == 104 && sizeof(MemoryRegionOps) == 80, "as in QEMU");

typedef struct {
	struct {
		s64 major, minor, micro;
	} * qemu;
	char *package;
} VersionInfo;

enum {
	CLOCK_VIRTUAL = 1,
	SCALE_NS = 1,
	PCI_BAR_IO = 1,
	PCI_BAR_64 = 4,
	PCI_BAR_PREFETCH = 8,
};

VersionInfo *qmp_query_version(void **errp);
void *type_register_static(const TypeInfo *info);
const char *object_get_typename(const void *object);
void memory_region_init(MemoryRegion *region, void *owner, const char *name, u64 size);
void memory_region_init_io(MemoryRegion *region, void *owner, const MemoryRegionOps *ops,
			   void *opaque, const char *name, u64 size);
void memory_region_init_ram(MemoryRegion *region, void *owner, const char *name, u64 size,
			    void **errp);
void memory_region_add_subregion(MemoryRegion *region, u64 offset, MemoryRegion *sub);
void *memory_region_get_ram_ptr(MemoryRegion *region);
void cpu_physical_memory_rw(u64 addr, void *buf, u64 len, bool write);
u32 pci_default_read_config(PCIDevice *dev, u32 addr, int len);
void pci_register_bar(PCIDevice *dev, int bar, u8 type, MemoryRegion *region);
int pci_add_capability(PCIDevice *dev, u8 id, u8 offset, u8 size, void **errp);
int msi_init(PCIDevice *dev, u8 offset, unsigned vectors, bool is64, bool mask, void **errp);
void msi_notify(PCIDevice *dev, unsigned vector);
bool msi_enabled(const PCIDevice *dev);
void timer_init_full(QEMUTimer *timer, void *list, int clock, int scale, int attributes,
		     void (*callback)(void *), void *opaque);
void timer_mod_ns(QEMUTimer *timer, s64 at);
void timer_del(QEMUTimer *timer);
s64 qemu_clock_get_ns(int clock);

/* What QEMU calls: the version is looked at first. */
extern int qemu_plugin_version;
int qemu_plugin_install(u64 id, const void *info, int argc, char **argv);

/* qemu.c: the members of QEMU's objects that have no function. */
void qemu_set_realize(void *class, void (*realize)(void *dev, void **errp));
u8 *qemu_pci_config(PCIDevice *dev);
u8 *qemu_pci_wmask(PCIDevice *dev);

#endif
