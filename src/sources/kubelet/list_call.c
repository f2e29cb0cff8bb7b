// SPDX-License-Identifier: Apache-2.0
/*
 * gRPC is HTTP/2 with five bytes before a message and its status in the trailer
 * (doc/PROTOCOL-HTTP2.md of grpc). nghttp2 has the frames, HPACK and flow control.
 */
#include "list_call.h"

#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PREFIX	 5 /* not compressed; length of the message, four bytes */
#define MAX_READ (2 * LIST_CALL_MAX)

/* google.rpc.Code */
enum {
	GRPC_OK = 0,
	GRPC_PERMISSION_DENIED = 7,
	GRPC_UNIMPLEMENTED = 12,
	GRPC_UNAUTHENTICATED = 16
};

struct call {
	uint8_t *body; /* with the prefix */
	size_t len, size;
	bool too_large, ended;
	uint64_t http_status, grpc_status; /* UINT64_MAX: not there */
};

static ssize_t read_request(nghttp2_session *session, int32_t stream, uint8_t *buf, size_t len,
			    uint32_t *flags, nghttp2_data_source *source, void *data)
{
	(void)session, (void)stream, (void)source, (void)data;
	if (len < PREFIX)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	/* ListPodResourcesRequest has no fields. */
	memset(buf, 0, PREFIX);
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	return PREFIX;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
		   size_t len, void *data)
{
	struct call *call = data;

	(void)session, (void)flags, (void)stream;
	if (len > LIST_CALL_MAX + PREFIX - call->len) {
		call->too_large = true;
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	if (call->len + len > call->size) {
		size_t size = 2 * call->size + len;
		uint8_t *grown = realloc(call->body, size);

		if (!grown)
			return NGHTTP2_ERR_CALLBACK_FAILURE;
		call->body = grown;
		call->size = size;
	}
	memcpy(call->body + call->len, bytes, len);
	call->len += len;
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *data)
{
	struct text_part part = { (const char *)name, name_len };
	struct call *call = data;

	(void)session, (void)frame, (void)flags;
	if (text_part_is(part, ":status"))
		text_parse_u64((const char *)value, value_len, &call->http_status);
	if (text_part_is(part, "grpc-status"))
		text_parse_u64((const char *)value, value_len, &call->grpc_status);
	return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *data)
{
	struct call *call = data;

	(void)session, (void)stream, (void)error;
	call->ended = true;
	return 0;
}

static int open_session(nghttp2_session **ret, struct call *call)
{
#define HEADER(name, value)                                                                        \
	{                                                                                          \
		(uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1,        \
			NGHTTP2_NV_FLAG_NONE                                                       \
	}
	const nghttp2_nv headers[] = {
		HEADER(":method", "POST"),
		HEADER(":scheme", "http"),
		HEADER(":path", "/v1.PodResourcesLister/List"),
		HEADER(":authority", "localhost"),
		HEADER("content-type", "application/grpc"),
		HEADER("te", "trailers"),
	};
#undef HEADER
	nghttp2_data_provider request = { .read_callback = read_request };
	nghttp2_session_callbacks *callbacks;
	int r;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	r = nghttp2_session_client_new(ret, callbacks, call);
	nghttp2_session_callbacks_del(callbacks);
	if (r != 0)
		return -ENOMEM;
	if (nghttp2_submit_settings(*ret, NGHTTP2_FLAG_NONE, NULL, 0) != 0 ||
	    nghttp2_submit_request(*ret, NULL, headers, sizeof(headers) / sizeof(*headers),
				   &request, NULL) < 0) {
		nghttp2_session_del(*ret);
		return -ENOMEM;
	}
	return 0;
}

static int wait_for(int socket, short events, uint64_t until)
{
	struct pollfd p = { .fd = socket, .events = events };
	uint64_t now = sys_monotonic_ns();
	int n = now < until ? poll(&p, 1, (int)((until - now) / 1000000u) + 1) : 0;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

static int send_all(nghttp2_session *session, int socket, uint64_t until)
{
	const uint8_t *bytes;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(session, &bytes)) > 0) {
		while (n > 0) {
			ssize_t sent = send(socket, bytes, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
			int r = 0;

			if (sent >= 0) {
				bytes += sent;
				n -= sent;
			} else if (errno == EAGAIN) {
				r = wait_for(socket, POLLOUT, until);
			} else if (errno != EINTR) {
				r = -errno;
			}
			if (r < 0)
				return r;
		}
	}
	return n < 0 ? -EPROTO : 0;
}

static int receive(nghttp2_session *session, int socket, uint64_t until, const struct call *call,
		   size_t *total)
{
	uint8_t buf[16384];
	ssize_t n = recv(socket, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? wait_for(socket, POLLIN, until) : -errno;
	/* Frames without end are no answer, either. */
	*total += (size_t)n;
	if (n == 0 || *total > MAX_READ)
		return -EPROTO;
	if (nghttp2_session_mem_recv(session, buf, (size_t)n) >= 0)
		return sys_monotonic_ns() < until ? 0 : -ETIMEDOUT;
	return call->too_large ? -EMSGSIZE : -EPROTO;
}

/* The message in the body, moved to its beginning. */
static int answer(const struct call *call, size_t *ret_len)
{
	uint64_t len;

	if (call->grpc_status == GRPC_UNIMPLEMENTED)
		return -EOPNOTSUPP;
	if (call->grpc_status == GRPC_PERMISSION_DENIED ||
	    call->grpc_status == GRPC_UNAUTHENTICATED)
		return -EACCES;
	if (call->http_status != 200 || call->grpc_status != GRPC_OK || call->len < PREFIX ||
	    call->body[0] != 0)
		return -EPROTO;
	len = (uint64_t)call->body[1] << 24 | (uint64_t)call->body[2] << 16 |
	      (uint64_t)call->body[3] << 8 | call->body[4];
	if (len != call->len - PREFIX)
		return -EPROTO;
	memmove(call->body, call->body + PREFIX, (size_t)len);
	*ret_len = (size_t)len;
	return 0;
}

int list_call(int socket, uint64_t until_ns, uint8_t **ret, size_t *ret_len)
{
	struct call call = { .http_status = UINT64_MAX, .grpc_status = UINT64_MAX };
	nghttp2_session *session;
	size_t total = 0;
	int r = open_session(&session, &call);

	if (r < 0)
		return r;
	while (r == 0 && !call.ended) {
		r = send_all(session, socket, until_ns);
		if (r == 0)
			r = receive(session, socket, until_ns, &call, &total);
	}
	nghttp2_session_del(session);
	if (r == 0)
		r = answer(&call, ret_len);
	if (r == 0)
		*ret = call.body;
	else
		free(call.body);
	return r;
}
