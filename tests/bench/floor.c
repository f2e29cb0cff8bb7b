// SPDX-License-Identifier: Apache-2.0
/*
 * The floor: libmicrohttpd as the exporter sets it up, and a constant body. What the exporter costs
 * above it is its own. Usage: floor PORT BODY_FILE
 */
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

static char body[1 << 20];
static size_t body_len;

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **request)
{
	static char begun;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)data, (void)path, (void)method, (void)version, (void)upload, (void)upload_size;
	if (!*request) {
		*request = &begun;
		return MHD_YES;
	}
	/* Copied, as a body that is made for each request is the caller's own too. */
	response = MHD_create_response_from_buffer(body_len, body, MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(response, "Content-Type",
				"text/plain; version=0.0.4; charset=utf-8");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct MHD_Daemon *daemon;
	sigset_t signals;
	int signal;
	FILE *file;

	if (argc != 3 || !(file = fopen(argv[2], "r"))) {
		fprintf(stderr, "usage: floor PORT BODY_FILE\n");
		return 2;
	}
	body_len = fread(body, 1, sizeof(body), file);
	fclose(file);
	address.sin_port = htons((in_port_t)atoi(argv[1]));
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC |
					  MHD_USE_ERROR_LOG,
				  0, NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &address,
				  MHD_OPTION_THREAD_POOL_SIZE, 4u, MHD_OPTION_CONNECTION_LIMIT, 256u,
				  MHD_OPTION_CONNECTION_TIMEOUT, 120u,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384,
				  MHD_OPTION_END);
	if (!daemon)
		return 1;
	sigwait(&signals, &signal);
	MHD_stop_daemon(daemon);
	return 0;
}
