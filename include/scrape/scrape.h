/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One scrape: asks the runner for what is wanted, waits for it no longer than the deadline, and
 * renders who answered. Who has a thread to wait in calls scraper_scrape().
 */
#ifndef SCRAPE_SCRAPE_H
#define SCRAPE_SCRAPE_H

#include "collectors/registry.h"
#include "exposition/text.h"

#include <stdatomic.h>
#include <stdint.h>

struct scraper;

/* How a file that is read again when it changes fared, the first reading included. */
struct reloads {
	atomic_bool last_successful;
	_Atomic int64_t success_time; /* of the last success, in seconds since 1970 */
};

struct scraper_options {
	const struct fs *fs;
	struct pmu_set *pmus;
	struct va_state *vaapi;		  /* NULL: no VA-API tests */
	struct resets *resets;		  /* NULL: nobody counts them */
	struct doctor_state *doctor;	  /* NULL: nobody runs the checks */
	const char *kubelet;		  /* its socket, if not the usual one; may be NULL */
	const struct reloads *web_config; /* NULL: there is none */
	collector_set enabled;
	uint64_t timeout_ns;	       /* the longest a scrape may take */
	unsigned client_max_workloads; /* 0: the default */
	const char *transcode_names;   /* more than the known ones, with commas; may be NULL */
	bool no_machine_uuid;	       /* leave out the UUID of the firmware */
	bool no_self_metrics;	       /* leave out process_* and build_info */
};

/* The options' pointers must outlive it. 0 or -errno. */
int scraper_new(struct scraper **ret, const struct scraper_options *options);

/* Starts the first runner and waits for the first discovery, at most timeout_ns. 0 or -errno. */
int scraper_start(struct scraper *scraper);

/*
 * Collects set (of those enabled) and renders it in text format. timeout_ns is cut to the
 * options' one; 0 means that one. *ret is malloc'ed and belongs to the caller. Thread-safe. 0 or
 * -errno when the rendering itself fails; a collector's failure is in the text.
 */
int scraper_scrape(struct scraper *scraper, collector_set set, uint64_t timeout_ns, char **ret,
		   size_t *ret_len);

/*
 * The same in steps, for a thread that has more to do than to wait. Nothing is collected before
 * somebody calls one of the two that follow. news, which is called by those who collect and under a
 * lock of theirs, says that the scrape may be over; it may only wake the thread that then looks. 0
 * or -ENOMEM.
 */
struct scrape;
int scraper_begin(struct scraper *scraper, collector_set set, uint64_t timeout_ns,
		  void (*news)(void *data), void *data, struct scrape **ret);

/*
 * Collects for all scrapes that have begun, in the calling thread, which may not come back for as
 * long as a read takes; at once when another thread does it already.
 */
void scraper_work(struct scraper *scraper);

/* Has another thread do it. */
void scraper_call_runner(struct scraper *scraper);

/*
 * True when it is over, after which there is no news: scraper_end() is next. Else *ret_again is
 * when (monotonic ns) to look again if there is no news before.
 */
bool scraper_is_over(struct scrape *scrape, uint64_t *ret_again);

/* Renders as scraper_scrape() does, in a format, and frees the scrape. */
int scraper_end(struct scrape *scrape, enum text_format format, char **ret, size_t *ret_len);

/* Frees a scrape that is not over, which nobody wants any longer. */
void scraper_cancel(struct scrape *scrape);

collector_set scraper_enabled(const struct scraper *scraper);

/* True after the first discovery has ended. *ret_gpus is how many GPUs there are. */
bool scraper_is_ready(struct scraper *scraper, size_t *ret_gpus);

/*
 * A line a GPU, for people: "0000:00:02.0  UHD Graphics 630  driver i915  renderD128\n", and one
 * more for what its encode tests have come to. Nothing is read from the machine for it. malloc'ed
 * or NULL.
 */
char *scraper_describe(struct scraper *scraper);

/* What the last encode tests of all GPUs have come to; nothing is run for it. */
struct scraper_codecs {
	unsigned expected, working; /* as intel_gpu_vaapi_codec_working has them */
	bool wedged;		    /* a test found that the driver has given the GPU up */
};
void scraper_codecs(struct scraper *scraper, struct scraper_codecs *ret);

/* Something about devices has changed: the next scrape discovers again. Thread-safe. */
void scraper_rediscover(struct scraper *scraper);

/*
 * What changes about devices comes as events from this descriptor, -1: it does not. Who receives
 * them calls scraper_rediscover(), and the list of GPUs is compared only once a minute otherwise.
 */
void scraper_follow(struct scraper *scraper, int events);

/* Every scrape that is waiting ends now, and so does each later one. Joins no thread. */
void scraper_stop(struct scraper *scraper);

#endif
