// SPDX-License-Identifier: Apache-2.0
#include "prober_log.h"

#include "base/log.h"
#include "rounds.h"

#include <stdio.h>

static const char *title(const struct va_request *request, char *buf, size_t size)
{
	if (request->list || !*request->node)
		snprintf(buf, size, "driver");
	else if (*request->operation)
		snprintf(buf, size, "%s", request->operation);
	else
		snprintf(buf, size, "%s %s %s", request->profile, request->entrypoint,
			 request->size);
	return buf;
}

/* -1 before there is one. */
static int last_result(struct va_gpu *g)
{
	const struct va_answer *answer = rounds_last_answer(g);

	return answer->has_run ? (int)answer->run.outcome.result : -1;
}

static bool is_failure(int result)
{
	return result >= 0 && result != VA_OK && result != VA_UNSUPPORTED;
}

void prober_log_run(const struct va_state *state, struct va_gpu *g,
		    const struct va_request *request, const struct va_run *run, bool progress)
{
	const char *name = va_result_name(run->outcome.result);
	bool changed = last_result(g) != (int)run->outcome.result;
	char buf[128];

	if (run->outcome.result == VA_DRIVER_MISSING && changed && !va_gpu_expected(state, g))
		log_info("no VA driver for this GPU is installed: encoding is not tested", "pci",
			 g->gpu->pci);
	else if (is_failure((int)run->outcome.result) && changed)
		log_warn("VA-API test failed", "pci", g->gpu->pci, "test",
			 title(request, buf, sizeof(buf)), "result", name, "err",
			 run->outcome.detail, "remedy", "vaapi-results");
	else if (is_failure(last_result(g)) && changed)
		log_info("VA-API test passes again", "pci", g->gpu->pci, "test",
			 title(request, buf, sizeof(buf)), "result", name);
	else if (progress)
		log_info("VA-API test", "pci", g->gpu->pci, "test",
			 title(request, buf, sizeof(buf)), "result", name);
}

void prober_log_first_round(const struct va_state *state, const struct va_gpu *g)
{
	unsigned expected = va_gpu_expected(state, g);
	size_t passed = 0;
	char ran[24], ok[24];

	for (size_t i = 0; i < g->n_tests; i++)
		passed += g->tests[i].answer.has_run &&
			  g->tests[i].answer.run.outcome.result == VA_OK;
	snprintf(ran, sizeof(ran), "%zu", g->n_tests);
	snprintf(ok, sizeof(ok), "%zu", passed);
	log_info("first round of VA-API tests has ended", "pci", g->gpu->pci, "driver",
		 g->capabilities.driver, "encode_tests", ran, "passed", ok);
	for (unsigned bit = 0; va_codec_name(bit); bit++)
		if (expected >> bit & 1 && !va_gpu_works(g, va_codec_name(bit)))
			log_warn("hardware encoding does not work", "pci", g->gpu->pci, "codec",
				 va_codec_name(bit), "remedy", "vaapi-results");
}
