/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request from its first line to its answer. It waits for a password's check and for a scrape
 * with its connection suspended, so that no thread waits.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "server_state.h"

/* For libmicrohttpd; data is the server. */
void *request_begun(void *data, const char *uri, struct MHD_Connection *connection);
enum MHD_Result request_handle(void *data, struct MHD_Connection *connection, const char *path,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_size, void **context);
void request_completed(void *data, struct MHD_Connection *connection, void **context,
		       enum MHD_RequestTerminationCode code);

/*
 * Goes on with one that waits, if what it waits for is over. False otherwise; *ret_again is then
 * lowered to when (monotonic ns) to look again.
 */
bool request_go_on(struct request *request, uint64_t *ret_again);

/* Its connection is closed: nobody waits any longer. */
void request_cancel(void *request);

struct request *request_next(const struct request *request);

#endif
