// SPDX-License-Identifier: Apache-2.0
/* The probe's command line, through glibc's argp. */
#include "flags.h"

#include "base/version.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_DEVICE = 256,
	OPT_CODEC,
	OPT_PROFILE,
	OPT_ENTRYPOINT,
	OPT_OPERATION,
	OPT_SIZE,
	OPT_LIST,
	OPT_PORCELAIN,
	OPT_PARENT,
	OPT_PRODUCT_NAME,
	OPT_VERSION
};

#define DEFAULT_DEVICE "/dev/dri/renderD128"
#define MIN_SIZE       128 /* what HEVC encoders take at least */
#define MAX_SIZE       8192

static const struct argp_option table[] = {
	{ "device", OPT_DEVICE, "PATH", 0, "Render node (default " DEFAULT_DEVICE ")", 0 },
	{ "codec", OPT_CODEC, "NAME", 0, "Test this codec only: ", 0 },
	{ "profile", OPT_PROFILE, "NAME", 0, "Test this profile only: H264Main, …", 0 },
	{ "entrypoint", OPT_ENTRYPOINT, "NAME", 0,
	  "Test this one only: EncSlice, EncSliceLP, EncPicture", 0 },
	{ "operation", OPT_OPERATION, "NAME", 0,
	  "Run only this video processing, at 256x256 always: ", 0 },
	{ "size", OPT_SIZE, "WxH", 0, "Size of the picture (default 256x256)", 0 },
	{ "list", OPT_LIST, NULL, 0, "List what the driver offers, and test nothing", 0 },
	{ "porcelain", OPT_PORCELAIN, NULL, 0, "Lines for a program, after giving up all rights",
	  0 },
	{ "parent", OPT_PARENT, "PID", OPTION_HIDDEN, NULL, 0 },
	{ "product-name", OPT_PRODUCT_NAME, "ID", 0,
	  "Print what pci.ids calls an Intel device, by its id: 3e92", -1 },
	{ "version", OPT_VERSION, NULL, 0, "Print the version", -1 },
	{ 0 },
};

/* The registries are what can be tested; a copy of their names here would grow old. */
static char *add_names(int key, const char *text)
{
	char *buf = NULL;
	size_t size;
	FILE *out = open_memstream(&buf, &size);

	if (!out)
		return (char *)text;
	fputs(text, out);
	for (size_t i = 0; key == OPT_CODEC && codecs[i]; i++)
		fprintf(out, i > 0 ? ", %s" : "%s", codecs[i]->name);
	for (size_t i = 0; key == OPT_OPERATION && operation_name(i); i++)
		fprintf(out, i > 0 ? ", %s" : "%s", operation_name(i));
	return fclose(out) == 0 ? buf : (char *)text;
}

static char *filter_help(int key, const char *text, void *input)
{
	(void)input;
	return key == OPT_CODEC || key == OPT_OPERATION ? add_names(key, text) : (char *)text;
}

static bool is_operation(const char *name)
{
	for (size_t i = 0; operation_name(i); i++)
		if (strcmp(operation_name(i), name) == 0)
			return true;
	return false;
}

static void parse_size(const char *text, struct argp_state *state, struct flags *flags)
{
	char end;

	if (sscanf(text, "%ux%u%c", &flags->width, &flags->height, &end) != 2 ||
	    flags->width < MIN_SIZE || flags->height < MIN_SIZE || flags->width > MAX_SIZE ||
	    flags->height > MAX_SIZE || flags->width % 2 || flags->height % 2)
		argp_failure(state, 3, 0, "--size: \"%s\" is not WIDTHxHEIGHT, even, from %d to %d",
			     text, MIN_SIZE, MAX_SIZE);
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct flags *flags = state->input;

	switch (key) {
	case OPT_DEVICE:
		flags->path = arg;
		return 0;
	case OPT_CODEC:
		if (!codec_find(arg))
			argp_failure(state, 3, 0, "--codec: \"%s\" cannot be tested", arg);
		flags->codec = arg;
		return 0;
	case OPT_PROFILE:
		flags->profile = profile_find_name(arg);
		if (!flags->profile || !codec_find(flags->profile->codec))
			argp_failure(state, 3, 0, "--profile: \"%s\" cannot be tested", arg);
		return 0;
	case OPT_ENTRYPOINT:
		flags->has_entrypoint = entrypoint_find(arg, &flags->entrypoint);
		if (!flags->has_entrypoint || !entrypoint_encodes(flags->entrypoint))
			argp_failure(state, 3, 0, "--entrypoint: \"%s\" does not encode", arg);
		return 0;
	case OPT_OPERATION:
		if (!is_operation(arg))
			argp_failure(state, 3, 0, "--operation: \"%s\" cannot be run", arg);
		flags->operation = arg;
		return 0;
	case OPT_SIZE:
		parse_size(arg, state, flags);
		return 0;
	case OPT_LIST:
		flags->list = true;
		return 0;
	case OPT_PORCELAIN:
		flags->porcelain = true;
		return 0;
	case OPT_PARENT:
		flags->parent = atoi(arg);
		return 0;
	case OPT_PRODUCT_NAME:
		exit(product_print_name(arg));
	case OPT_VERSION:
		printf("intel_gpu_probe, version %s (revision: %s)\n", EXPORTER_VERSION,
		       EXPORTER_REVISION);
		exit(0);
	case ARGP_KEY_END:
		if (flags->operation && flags_select_encoders(flags))
			argp_failure(state, 3, 0,
				     "--operation goes without --codec, --profile, --entrypoint");
		return 0;
	case ARGP_KEY_ARG:
		argp_failure(state, 3, 0, "\"%s\": only flags are taken, see --help", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

bool flags_select_encoders(const struct flags *flags)
{
	return flags->codec || flags->profile || flags->has_entrypoint;
}

void flags_parse(struct flags *flags, int argc, char **argv)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse_one,
		.help_filter = filter_help,
		.doc = "Encodes a known picture on a GPU through VA-API, decodes it back and compares; "
		       "then scales one, and maps the tones of one from HDR to SDR.\v"
		       "Exit status: 0 every test passed, 1 a test failed, 2 the device or its driver "
		       "cannot be used, 3 a wrong flag.",
	};

	*flags = (struct flags){ .path = DEFAULT_DEVICE, .width = 256, .height = 256 };
	argp_err_exit_status = 3;
	argp_parse(&argp, argc, argv, 0, NULL, flags);
}
