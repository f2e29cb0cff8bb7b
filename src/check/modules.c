// SPDX-License-Identifier: Apache-2.0
/* Files of depmod(8) and modprobe.d(5). */
#include "modules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_FILE (4u << 20) /* modules.alias of Debian has 1.4 MB */

static char *read_modules(const struct machine *m, const char *file, size_t *ret_len)
{
	char *buf = malloc(MAX_FILE);
	int n = buf ? machine_read_text(m, buf, MAX_FILE, "lib/modules/%s/%s", m->kernel, file)
		    : -ENOMEM;

	if (n < 0) {
		free(buf);
		return NULL;
	}
	*ret_len = (size_t)n;
	return buf;
}

/* "kernel/drivers/gpu/drm/i915/i915.ko.xz: …": is it the module's line? */
static bool is_of(struct text_part path, const char *module)
{
	size_t n = strlen(module);
	const char *slash = path.len > 0 ? memrchr(path.s, '/', path.len) : NULL;
	const char *name = slash ? slash + 1 : path.s;
	size_t left = path.len - (size_t)(name - path.s);

	return left >= n + 3 && memcmp(name, module, n) == 0 && memcmp(name + n, ".ko", 3) == 0;
}

static enum module_state find_in(const char *text, size_t len, const char *module,
				 enum module_state found)
{
	struct text_part line, path;
	size_t pos = 0;

	while (parse_line(text, len, &pos, &line))
		if (parse_word(&line, ": \t", &path) && is_of(path, module))
			return text_part_starts(path, "updates/") ? MODULE_DKMS : found;
	return MODULE_MISSING;
}

enum module_state module_find(const struct machine *m, const char *module)
{
	_cleanup_free_ char *dep = NULL, *builtin = NULL;
	_cleanup_list_ char **kernels = NULL;
	enum module_state state;
	size_t len;

	dep = read_modules(m, "modules.dep", &len);
	if (!dep) {
		if (m->layer == IN_CONTAINER || fs_list(m->fs, &kernels, "lib/modules") <= 0)
			return MODULE_UNKNOWN;
		return machine_exists(m, "lib/modules/%s", m->kernel) ? MODULE_UNKNOWN
								      : MODULE_KERNEL_GONE;
	}
	state = find_in(dep, len, module, MODULE_THERE);
	if (state != MODULE_MISSING)
		return state;
	builtin = read_modules(m, "modules.builtin", &len);
	return builtin ? find_in(builtin, len, module, MODULE_BUILT_IN) : MODULE_MISSING;
}

int module_claims(const struct machine *m, uint16_t device_id)
{
	static const char *const files[] = { "modules.alias", "modules.builtin.modinfo" };
	char pattern[48];
	int r = -ENOENT;

	snprintf(pattern, sizeof(pattern), "pci:v00008086d%08Xsv", device_id);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t len;
		_cleanup_free_ char *text = read_modules(m, files[i], &len);

		if (!text)
			continue;
		if (memmem(text, len, pattern, strlen(pattern)))
			return 1;
		if (i == 0)
			r = 0;
	}
	return r;
}

static bool banned_on_cmdline(const struct machine *m, const char *module, struct module_ban *ret)
{
	static const char *const words[] = { "module_blacklist", "modprobe.blacklist",
					     "rd.driver.blacklist" };
	char value[256];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!machine_word(m, words[i], value, sizeof(value)) ||
		    !parse_list_has(value, module))
			continue;
		strcpy(ret->source, "/proc/cmdline");
		snprintf(ret->text, sizeof(ret->text), "%s=%.64s", words[i], value);
		ret->on_cmdline = true;
		return true;
	}
	return false;
}

#define MAX_CONF 65536

bool module_find_ban(const struct machine *m, const char *module, struct module_ban *ret)
{
	static const char *const places[] = { "etc/modprobe.d", "run/modprobe.d",
					      "usr/local/lib/modprobe.d", "usr/lib/modprobe.d",
					      "lib/modprobe.d" };
	_cleanup_free_ char *buf = malloc(MAX_CONF);
	unsigned line = 0;

	*ret = (struct module_ban){ 0 };
	if (banned_on_cmdline(m, module, ret))
		return true;
	for (size_t i = 0; buf && i < ARRAY_SIZE(places); i++) {
		_cleanup_list_ char **names = NULL;

		if (fs_list(m->fs, &names, "%s", places[i]) < 0)
			continue;
		for (char **name = names; name && *name; name++) {
			size_t len = strlen(*name);
			enum modprobe_rule rule;
			int n;

			if (len < 6 || strcmp(*name + len - 5, ".conf") != 0)
				continue;
			n = machine_read_text(m, buf, MAX_CONF, "%s/%s", places[i], *name);
			if (n <= 0)
				continue;
			rule = parse_modprobe(buf, (size_t)n, module, &line);
			if (rule == MODPROBE_NOTHING)
				continue;
			snprintf(ret->source, sizeof(ret->source), "/%s/%.80s:%u", places[i], *name,
				 line);
			snprintf(ret->text, sizeof(ret->text), "%s %s",
				 rule == MODPROBE_INSTALL ? "install" : "blacklist", module);
			return true;
		}
	}
	return false;
}
