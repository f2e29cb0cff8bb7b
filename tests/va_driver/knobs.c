// SPDX-License-Identifier: Apache-2.0
/*
 * What was this driver told to do? NAME[.selector...]=value, from a file and from the environment
 * (FAKE_VA_NAME; a selector's dot may be two underscores there). The line with most selectors
 * that fit counts; among equals the last one, and the environment comes after the file.
 */
#include "fake.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

extern char **environ;

/* Values that are lists of calls are checked too: a test must not pass because of a typo. */
static const struct {
	const char *name;
	bool calls;
} known[] = {
	{ "FAIL", true },	   { "HANG", true },
	{ "CRASH", true },	   { "SLOW", true },
	{ "NOISE", false },	   { "LOG", false },
	{ "PROFILES", false },	   { "NOENC", false },
	{ "NODEC", false },	   { "NOVPP", false },
	{ "LP", false },	   { "RC", false },
	{ "PACKED", false },	   { "VENDOR", false },
	{ "DERIVE", false },	   { "MAX", false },
	{ "MAX_MODE", false },	   { "CODED_SIZE", false },
	{ "CODED_STATUS", false }, { "CODED_SEGMENTS", false },
	{ "CODED_NULL", false },   { "NAL", false },
	{ "CORRUPT", false },	   { "CORRUPT_DEC", false },
	{ "DEC_STRICT", false },   { "CHECK", false },
	{ "TONEMAP", false },	   { "STREAMS", false },
	{ "SYNTH", false },	   { "EXPECT", false },
	{ "SAVE", false },	   { "DUMP", false },
	{ "ENGINE", false },	   { "ENGINE_NS", false },
	{ "QUALITY", false },	   { "AV1_EXT2", false },
	{ "HEVC_BLOCKS", false },  { "HEVC_FEATURES", false },
};

bool is_encoder(VAEntrypoint entrypoint)
{
	return entrypoint == VAEntrypointEncSlice || entrypoint == VAEntrypointEncSliceLP ||
	       entrypoint == VAEntrypointEncPicture;
}

static const struct {
	VAProfile profile;
	const char *name, *codec;
} profiles[] = {
	{ VAProfileNone, "None", "vpp" },
	{ VAProfileH264ConstrainedBaseline, "H264ConstrainedBaseline", "h264" },
	{ VAProfileH264Main, "H264Main", "h264" },
	{ VAProfileH264High, "H264High", "h264" },
	{ VAProfileHEVCMain, "HEVCMain", "hevc" },
	{ VAProfileHEVCMain10, "HEVCMain10", "hevc" },
	{ VAProfileVP9Profile0, "VP9Profile0", "vp9" },
	{ VAProfileAV1Profile0, "AV1Profile0", "av1" },
	{ VAProfileJPEGBaseline, "JPEGBaseline", "jpeg" },
};

const char *codec_name(VAProfile profile, VAEntrypoint entrypoint)
{
	size_t i;

	(void)entrypoint;
	for (i = 0; i < ARRAY_SIZE(profiles); i++)
		if (profiles[i].profile == profile)
			return profiles[i].codec;
	return "other";
}

const char *profile_name(VAProfile profile)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(profiles); i++)
		if (profiles[i].profile == profile)
			return profiles[i].name;
	return "other";
}

bool profile_by_name(const char *name, VAProfile *ret)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (strcasecmp(profiles[i].name, name) == 0) {
			*ret = profiles[i].profile;
			return true;
		}
	}
	return false;
}

const char *entrypoint_name(VAEntrypoint entrypoint)
{
	switch (entrypoint) {
	case VAEntrypointVLD:
		return "vld";
	case VAEntrypointEncSlice:
		return "slice";
	case VAEntrypointEncSliceLP:
		return "slice_lp";
	case VAEntrypointEncPicture:
		return "picture";
	case VAEntrypointVideoProc:
		return "videoproc";
	default:
		return "other";
	}
}

static bool is_selector(const char *s)
{
	static const char *const words[] = { "h264", "hevc", "vp9",	 "av1",	     "jpeg",
					     "vpp",  "vld",  "slice",	 "slice_lp", "picture",
					     "enc",  "dec",  "videoproc" };
	VAProfile profile;
	int w, h, end = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(words[i], s) == 0)
			return true;
	if (sscanf(s, "%dx%d%n", &w, &h, &end) == 2 && s[end] == '\0')
		return true;
	return profile_by_name(s, &profile);
}

static bool fits(const char *s, const struct who *who)
{
	int w, h;

	if (!who || !who->known)
		return false;
	if (sscanf(s, "%dx%d", &w, &h) == 2)
		return w == who->width && h == who->height;
	if (strcasecmp(s, "enc") == 0)
		return is_encoder(who->entrypoint);
	if (strcasecmp(s, "dec") == 0)
		return who->entrypoint == VAEntrypointVLD;
	return strcasecmp(s, codec_name(who->profile, who->entrypoint)) == 0 ||
	       strcasecmp(s, profile_name(who->profile)) == 0 ||
	       strcasecmp(s, entrypoint_name(who->entrypoint)) == 0;
}

/* How many selectors of the key fit? -1: one does not, or it is another knob. */
static int score(const char *key, const char *name, const struct who *who)
{
	size_t len = strlen(name);
	char copy[256], *part, *rest = copy;
	int n = 0;

	if (strncmp(key, name, len) != 0 || (key[len] != '\0' && key[len] != '.'))
		return -1;
	if (key[len] == '\0')
		return 0;
	snprintf(copy, sizeof(copy), "%s", key + len + 1);
	while ((part = strsep(&rest, "."))) {
		if (!fits(part, who))
			return -1;
		n++;
	}
	return n;
}

const char *knob(struct driver *drv, const char *name, const struct who *who)
{
	const char *value = NULL;
	int best = -1;
	size_t i;

	for (i = 0; i < drv->num_knobs; i++) {
		int n = score(drv->knobs[i].key, name, who);

		if (n >= 0 && n >= best) {
			best = n;
			value = drv->knobs[i].value;
		}
	}
	return value && *value ? value : NULL;
}

long knob_num(struct driver *drv, const char *name, const struct who *who, long otherwise)
{
	const char *value = knob(drv, name, who);

	return value ? strtol(value, NULL, 0) : otherwise;
}

bool knob_size(struct driver *drv, const char *name, const struct who *who, int *w, int *h)
{
	const char *value = knob(drv, name, who);

	return value && sscanf(value, "%dx%d", w, h) == 2;
}

static int bad_line(const char *from, const char *text, const char *why)
{
	fprintf(stderr, "fake_va: %s: \"%s\": %s\n", from, text, why);
	return -EINVAL;
}

/* A list of Call[#n][:argument]. SLOW may be a number alone. */
static bool calls_known(const char *name, const char *value)
{
	char copy[1024], *part, *rest = copy;

	snprintf(copy, sizeof(copy), "%s", value);
	while ((part = strsep(&rest, ","))) {
		if (*part == '\0' ||
		    (strcmp(name, "SLOW") == 0 && part[strspn(part, "0123456789")] == '\0'))
			continue;
		part[strcspn(part, ":#")] = '\0';
		if (!gate_knows(part))
			return false;
	}
	return true;
}

static int add(struct driver *drv, const char *from, const char *key, const char *value)
{
	char copy[256], *part, *rest = copy;
	size_t i;

	snprintf(copy, sizeof(copy), "%s", key);
	part = strsep(&rest, ".");
	for (i = 0; i < ARRAY_SIZE(known) && strcmp(known[i].name, part) != 0; i++)
		;
	if (i == ARRAY_SIZE(known))
		return bad_line(from, key, "no such knob");
	if (known[i].calls && !calls_known(part, value))
		return bad_line(from, value, "no such call");
	while ((part = strsep(&rest, ".")))
		if (!is_selector(part))
			return bad_line(from, key, "no such selector");
	drv->knobs = xgrow(drv->knobs, (drv->num_knobs + 1) * sizeof(*drv->knobs));
	drv->knobs[drv->num_knobs++] = (struct knob){ strdup(key), strdup(value) };
	return 0;
}

static int load_file(struct driver *drv, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[2048];
	int err = 0;

	if (!f)
		return -errno;
	while (err == 0 && fgets(line, sizeof(line), f)) {
		char *text = line + strspn(line, " \t"), *value;

		text[strcspn(text, "\r\n")] = '\0';
		if (*text == '\0' || *text == '#')
			continue;
		value = strchr(text, '=');
		if (!value) {
			err = bad_line(path, text, "not NAME=VALUE");
			break;
		}
		*value++ = '\0';
		err = add(drv, path, text, value);
	}
	fclose(f);
	return err;
}

static int load_environment(struct driver *drv)
{
	static const char prefix[] = "FAKE_VA_";
	char **e;

	for (e = environ; *e; e++) {
		char key[256], *value, *dots;
		int err;

		if (strncmp(*e, prefix, sizeof(prefix) - 1) != 0)
			continue;
		value = strchr(*e, '=');
		if (!value || strncmp(*e, "FAKE_VA_CONF=", 13) == 0)
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)(value - *e) - (int)sizeof(prefix) + 1,
			 *e + sizeof(prefix) - 1);
		while ((dots = strstr(key, "__"))) {
			*dots = '.';
			memmove(dots + 1, dots + 2, strlen(dots + 2) + 1);
		}
		err = add(drv, "environment", key, value + 1);
		if (err)
			return err;
	}
	return 0;
}

/* FAKE_VA_CONF's file must be there, fake_va.conf beside this driver may. */
int knobs_load(struct driver *drv)
{
	const char *path = getenv("FAKE_VA_CONF");
	Dl_info info;
	int err = 0;

	if (path && *path) {
		err = load_file(drv, path);
		if (err == -ENOENT || err == -EACCES)
			bad_line(path, "", strerror(-err));
	} else if (dladdr((const void *)known, &info)) {
		char beside[PATH_MAX];
		const char *slash;

		slash = strrchr(info.dli_fname, '/');
		snprintf(beside, sizeof(beside), "%.*sfake_va.conf",
			 slash ? (int)(slash + 1 - info.dli_fname) : 0, info.dli_fname);
		err = load_file(drv, beside);
		if (err == -ENOENT)
			err = 0;
	}
	return err ? err : load_environment(drv);
}

void knobs_free(struct driver *drv)
{
	size_t i;

	for (i = 0; i < drv->num_knobs; i++) {
		free(drv->knobs[i].key);
		free(drv->knobs[i].value);
	}
	free(drv->knobs);
	drv->knobs = NULL;
	drv->num_knobs = 0;
}
