// SPDX-License-Identifier: Apache-2.0
/*
 * Does hardware encoding work? What the prober has found out; nothing is run for a scrape. The
 * tests use the VA driver that is installed beside the exporter.
 */
#include "base/sys.h"
#include "collectors/collector.h"
#include "sources/vaapi/va_state.h"

#include <errno.h>
#include <string.h>

enum {
	UP,
	CODEC_WORKING,
	DRIVER_INFO,
	ENTRYPOINT_INFO,
	RATE_CONTROL_INFO,
	SUCCESS,
	RESULT,
	DURATION,
	TIMESTAMP,
	PSNR,
	FRAME_RATE,
	ENGINE,
	PROCESSING,
	RUNS,
	FAILURES,
	LAST_RUN,
	LAST_SUCCESS,
	INTERVAL,
	SKIPPED,
};

#define BESIDE "; tests the VA driver installed beside the exporter, not the one of an application."
#define TEST_LABELS                                                                                \
	{                                                                                          \
		"pci", "codec", "profile", "entrypoint", "size"                                    \
	}

static const struct family families[] = {
	[UP] = {
		.name = "intel_gpu_vaapi_up",
		.help = "Whether the VA driver initialises and lists an encoder, from the last "
			"VA-API round" BESIDE,
		.type = GAUGE,
		.labels = { "pci" },
	},
	[CODEC_WORKING] = {
		.name = "intel_gpu_vaapi_codec_working",
		.help = "Whether an encode test of an expected codec passes at 256x256, 0 for "
			"whatever reason, absent when the last round that passed is older than "
			"three intervals" BESIDE,
		.type = GAUGE,
		.labels = { "pci", "codec" },
	},
	[DRIVER_INFO] = {
		.name = "intel_gpu_vaapi_driver_info",
		.help = "The VA driver that libva loads for the GPU" BESIDE,
		.type = INFO,
		.labels = { "pci", "va_driver", "vendor", "va_version" },
	},
	[ENTRYPOINT_INFO] = {
		.name = "intel_gpu_vaapi_entrypoint_info",
		.help = "A profile and entry point that the VA driver lists.",
		.type = INFO,
		.labels = { "pci", "profile", "entrypoint" },
	},
	[RATE_CONTROL_INFO] = {
		.name = "intel_gpu_vaapi_rate_control_info",
		.help = "A rate control that the VA driver lists for an encoder; CBR missing on "
			"a low-power entry point means that the HuC firmware is not loaded.",
		.type = INFO,
		.labels = { "pci", "profile", "entrypoint", "rate_control" },
	},
	[SUCCESS] = {
		.name = "intel_gpu_vaapi_probe_success",
		.help = "Whether the last encode test passed: coded, of the right structure, "
			"decoded back with a PSNR of 30 dB or more" BESIDE,
		.type = GAUGE,
		.labels = TEST_LABELS,
	},
	[RESULT] = {
		.name = "intel_gpu_vaapi_probe_result",
		.help = "What the last encode test came to" BESIDE,
		.type = GAUGE,
		.labels = { "pci", "codec", "profile", "entrypoint", "size", "result" },
	},
	[DURATION] = {
		.name = "intel_gpu_vaapi_probe_duration_seconds",
		.help = "How long the last encode test took, with the start of its process.",
		.type = GAUGE,
		.labels = TEST_LABELS,
	},
	[TIMESTAMP] = {
		.name = "intel_gpu_vaapi_probe_timestamp_seconds",
		.help = "When the last encode test ended, in Unix time.",
		.type = GAUGE,
		.labels = TEST_LABELS,
	},
	[PSNR] = {
		.name = "intel_gpu_vaapi_probe_psnr_decibels",
		.help = "PSNR of the picture that was encoded and decoded back on the GPU, "
			"of the worst plane; 100 for equal ones.",
		.type = GAUGE,
		.labels = TEST_LABELS,
	},
	[FRAME_RATE] = {
		.name = "intel_gpu_vaapi_probe_frames_per_second",
		.help = "Rate at which the last encode test encoded its few pictures.",
		.type = GAUGE,
		.labels = TEST_LABELS,
	},
	[ENGINE] = {
		.name = "intel_gpu_vaapi_probe_engine_seconds",
		.help = "Video engine time of the last encode test, from its own fdinfo; "
			"informative: some kernels update it late.",
		.type = GAUGE,
		.labels = TEST_LABELS,
	},
	[PROCESSING] = {
		.name = "intel_gpu_vaapi_processing_success",
		.help = "Whether the last test of video processing passed" BESIDE,
		.type = GAUGE,
		.labels = { "pci", "operation" },
	},
	[RUNS] = {
		.name = "intel_gpu_vaapi_probe_runs_total",
		.help = "VA-API tests run, each a process of its own.",
		.type = COUNTER,
		.labels = { "pci" },
	},
	[FAILURES] = {
		.name = "intel_gpu_vaapi_probe_failures_total",
		.help = "VA-API tests that failed.",
		.type = COUNTER,
		.labels = { "pci" },
	},
	[LAST_RUN] = {
		.name = "intel_gpu_vaapi_probe_last_run_timestamp_seconds",
		.help = "End of the last whole round of VA-API tests, in Unix time.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[LAST_SUCCESS] = {
		.name = "intel_gpu_vaapi_probe_last_success_timestamp_seconds",
		.help = "End of the last round in which every expected codec worked, in Unix "
			"time.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[INTERVAL] = {
		.name = "intel_gpu_vaapi_probe_interval_seconds",
		.help = "From one round of VA-API tests to the next, from --vaapi.interval.",
		.type = GAUGE,
	},
	[SKIPPED] = {
		.name = "intel_gpu_vaapi_probe_skipped",
		.help = "Why VA-API tests wait; absent while they do not.",
		.type = GAUGE,
		.labels = { "pci", "reason" },
	},
};

struct state {
	struct va_state *state;
	struct va_gpu *gpu;
};

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *s;

	/* No prober: a copied tree, whose GPUs are not this machine's. */
	if (!context->vaapi)
		return -ENODEV;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->state = context->vaapi;
	s->gpu = va_state_add(s->state, gpu);
	if (!s->gpu) {
		free(s);
		return -ENOMEM;
	}
	*ret_state = s;
	return 0;
}

static void destroy(void *state)
{
	struct state *s = state;

	va_state_remove(s->state, s->gpu);
	free(s);
}

static void put_capabilities(const struct collection *c, const struct va_gpu *g)
{
	const struct va_capabilities *caps = &g->capabilities;
	const char *pci = c->gpu->pci;

	if (*caps->vendor)
		put(c->batch, &families[DRIVER_INFO], 1, pci, *caps->driver ? caps->driver : NULL,
		    caps->vendor, caps->version);
	for (size_t i = 0; i < caps->n; i++) {
		const struct va_entry *e = &caps->entries[i];

		put(c->batch, &families[ENTRYPOINT_INFO], 1, pci, e->profile, e->entrypoint);
		for (unsigned bit = 0; bit < 32; bit++)
			if (e->rate_control >> bit & 1 && va_rate_control_name(bit))
				put(c->batch, &families[RATE_CONTROL_INFO], 1, pci, e->profile,
				    e->entrypoint, va_rate_control_name(bit));
	}
}

static void put_test(const struct collection *c, const struct va_test *t)
{
	const char *pci = c->gpu->pci, *codec = t->codec, *profile = t->profile;
	const char *entrypoint = t->entrypoint, *size = va_size_name(t->size);
	const struct va_outcome *o = &t->answer.run.outcome;

#define PUT(family, value)                                                                         \
	put(c->batch, &families[family], value, pci, codec, profile, entrypoint, size)
	put(c->batch, &families[RESULT], 1, pci, codec, profile, entrypoint, size,
	    va_result_name(o->result));
	if (o->result == VA_UNSUPPORTED)
		return;
	PUT(SUCCESS, o->result == VA_OK);
	PUT(DURATION, (double)t->answer.run.ns / 1e9);
	PUT(TIMESTAMP, t->answer.timestamp);
	if (o->has_psnr)
		PUT(PSNR, o->psnr_db);
	if (o->has_frame_rate)
		PUT(FRAME_RATE, o->frames_per_second);
	/* As for every client. */
	if (o->has_engine_seconds && !c->gpu->maybe_vgpu)
		PUT(ENGINE,
		    o->engine_seconds / (c->gpu->fdinfo_divisor ? c->gpu->fdinfo_divisor : 1));
#undef PUT
}

static bool is_tested(const struct va_gpu *g, const char *codec)
{
	for (size_t i = 0; i < g->n_tests; i++)
		if (strcmp(g->tests[i].codec, codec) == 0)
			return true;
	return false;
}

/* An expected codec without a test has a result, too: why there is none. */
static void put_untested(const struct collection *c, const struct va_gpu *g, const char *codec)
{
	enum va_result result = g->list.run.outcome.result;
	const char *pci = c->gpu->pci, *size = va_size_name(0);

	if (result == VA_OK)
		result = VA_UNSUPPORTED;
	put(c->batch, &families[RESULT], 1, pci, codec, NULL, NULL, size, va_result_name(result));
	if (result != VA_UNSUPPORTED)
		put(c->batch, &families[SUCCESS], 0, pci, codec, NULL, NULL, size);
}

static void put_expected(const struct collection *c, const struct va_state *state,
			 const struct va_gpu *g)
{
	unsigned expected = va_gpu_expected(state, g);
	bool stale = va_gpu_is_stale(state, g, sys_monotonic_ns());

	for (unsigned bit = 0; va_codec_name(bit); bit++) {
		const char *codec = va_codec_name(bit);

		if (!(expected >> bit & 1))
			continue;
		if (!stale)
			put(c->batch, &families[CODEC_WORKING], va_gpu_works(g, codec), c->gpu->pci,
			    codec);
		if (!is_tested(g, codec))
			put_untested(c, g, codec);
	}
	if (!expected && g->list.run.outcome.result != VA_OK)
		put_untested(c, g, NULL);
}

static bool lists_encoder(const struct va_capabilities *caps)
{
	for (size_t i = 0; i < caps->n; i++)
		if (*caps->entries[i].codec)
			return true;
	return false;
}

/* Under the lock. */
static void put_gpu(const struct collection *c, const struct va_state *state,
		    const struct va_gpu *g)
{
	enum va_skip skip = va_gpu_skip(state, g, sys_monotonic_ns());
	const char *pci = c->gpu->pci;

	if (skip != VA_NOT_SKIPPED)
		put(c->batch, &families[SKIPPED], 1, pci, va_skip_name(skip));
	if (skip == VA_PASSTHROUGH)
		return;
	put(c->batch, &families[RUNS], (double)g->runs, pci);
	put(c->batch, &families[FAILURES], (double)g->failures, pci);
	if (g->rounds > 0) {
		put(c->batch, &families[UP], lists_encoder(&g->capabilities), pci);
		put(c->batch, &families[LAST_RUN], g->last_run, pci);
		if (g->last_success > 0)
			put(c->batch, &families[LAST_SUCCESS], g->last_success, pci);
		put_expected(c, state, g);
	}
	put_capabilities(c, g);
	for (size_t i = 0; i < g->n_tests; i++)
		if (g->tests[i].answer.has_run)
			put_test(c, &g->tests[i]);
	for (size_t i = 0; i < VA_OPERATIONS; i++)
		if (g->operations[i].has_run &&
		    g->operations[i].run.outcome.result != VA_UNSUPPORTED)
			put(c->batch, &families[PROCESSING],
			    g->operations[i].run.outcome.result == VA_OK, pci,
			    va_operation_name((enum va_operation)i));
}

static int collect(const struct collection *c)
{
	const struct state *s = c->state;
	struct va_state *state = s->state;
	int r = 0;

	pthread_mutex_lock(&state->lock);
	if (s->gpu->start_error < 0)
		r = fault_set(c->fault, REASON_IO, "vaapi-probe", s->gpu->start_error,
			      "intel_gpu_probe cannot be started: %s",
			      strerror(-s->gpu->start_error));
	else
		put_gpu(c, state, s->gpu);
	/* One row for the exporter: put with the last GPU of the list. */
	if (!LIST_NEXT(s->gpu, link))
		put(c->batch, &families[INTERVAL], (double)state->options.interval_ns / 1e9);
	pthread_mutex_unlock(&state->lock);
	return r;
}

const struct collector vaapi_collector = {
	.name = "vaapi",
	.help = "whether hardware encoding works, from encode tests at an interval",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
