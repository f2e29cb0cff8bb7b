/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual machines and containers of Proxmox VE, from their configuration in etc/pve: that is a
 * FUSE file system, and a read of it hangs while the cluster has no quorum.
 */
#ifndef SOURCES_GUEST_H
#define SOURCES_GUEST_H

#include <stddef.h>

#define GUEST_NAME_BYTES 128

/*
 * The value of a key in a guest's configuration as it is now: sections ("[snapshot]", "[PENDING]")
 * are not read. Blanks around it are cut off; the value is clean (text_clean()) and cut to size.
 * 0 or -ENOENT.
 */
int guest_conf_find(const char *text, size_t len, const char *key, char *buf, size_t size);

#endif
