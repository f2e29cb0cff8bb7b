// SPDX-License-Identifier: Apache-2.0
/* The same facts for people and, as lines "key=value", for the exporter. */
#include "base/text.h"
#include "probe.h"

#include <string.h>

struct report {
	const struct device *device;
	FILE *out;
	bool porcelain;
};

/* One line, whatever the driver's strings hold. */
static void print_clean(FILE *out, const char *key, const char *value)
{
	char clean[256];

	text_clean(value, strlen(value), clean, sizeof(clean));
	fprintf(out, "%s%s\n", key, clean);
}

static bool print_entry(void *data, const struct profile *profile, VAEntrypoint entrypoint)
{
	const struct report *r = data;
	bool encodes = entrypoint_encodes(entrypoint);
	uint32_t modes = encodes ? list_attribute(r->device, profile->profile, entrypoint,
						  VAConfigAttribRateControl)
				 : 0;

	if (r->porcelain) {
		fprintf(r->out, "entry=%s %s %u %s\n", profile->name, entrypoint_name(entrypoint),
			modes, encodes && codec_find(profile->codec) ? profile->codec : "-");
		return true;
	}
	fprintf(r->out, "  %-24s %-12s", profile->name, entrypoint_name(entrypoint));
	for (unsigned bit = 1; bit < 32; bit++)
		if (modes >> bit & 1 && va_rate_control_name(bit))
			fprintf(r->out, " %s", va_rate_control_name(bit));
	fputc('\n', r->out);
	return true;
}

void report_list(const struct device *device, bool porcelain, FILE *out)
{
	struct report report = { device, out, porcelain };
	const char *vendor = device->vendor ? device->vendor : "";
	char driver[VA_NAME_MAX];

	device_driver_name(device, driver, sizeof(driver));
	if (porcelain && *driver)
		print_clean(out, "driver=", driver);
	print_clean(out, porcelain ? "vendor=" : "VA driver: ", vendor);
	fprintf(out, porcelain ? "va_version=%d.%d\n" : "VA-API %d.%d\n", device->major,
		device->minor);
	list_entries(device, print_entry, &report);
}

void report_outcome(const struct va_outcome *o, const char *what, bool porcelain, FILE *out)
{
	if (porcelain) {
		fprintf(out, "result=%s\n", va_result_name(o->result));
		if (*o->detail)
			print_clean(out, "detail=", o->detail);
		if (o->has_psnr)
			fprintf(out, "psnr=%.3f\n", o->psnr_db);
		if (o->has_frame_rate)
			fprintf(out, "fps=%.3f\n", o->frames_per_second);
		if (o->has_engine_seconds)
			fprintf(out, "engine_seconds=%.9f\n", o->engine_seconds);
		return;
	}
	fprintf(out, "%-44s %s", what, va_result_name(o->result));
	if (o->has_psnr)
		fprintf(out, "  PSNR %.1f dB", o->psnr_db);
	if (o->has_frame_rate)
		fprintf(out, "  %.1f frames/s", o->frames_per_second);
	if (o->has_engine_seconds)
		fprintf(out, "  video engine %.1f ms", o->engine_seconds * 1e3);
	fputc('\n', out);
	if (*o->detail)
		print_clean(out, "    ", o->detail);
}
