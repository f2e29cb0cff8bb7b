// SPDX-License-Identifier: Apache-2.0
/*
 * The limit: the fewest system calls for the same data. One thread, one connection at a time, no
 * library: it reads each file that the exporter keeps open with pread(2), and sends the exporter's
 * body, whatever the files say. Nobody may run this: it looks at no request, and waits for nobody.
 * Usage: limit PORT BODY_FILE FILE...
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FILES 4096

static char body[16 << 20];
static int files[MAX_FILES];
static int n_files;

static void read_files(void)
{
	char text[4096];

	for (int i = 0; i < n_files; i++)
		(void)!pread(files[i], text, sizeof(text), 0);
}

static void serve(int fd, size_t body_len)
{
	char request[4096], head[160];
	struct iovec parts[2] = { { head, 0 }, { body, body_len } };

	while (recv(fd, request, sizeof(request), 0) > 0) {
		read_files();
		parts[0].iov_len =
			(size_t)snprintf(head, sizeof(head),
					 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n"
					 "Content-Type: text/plain; version=0.0.4\r\n\r\n",
					 body_len);
		if (writev(fd, parts, 2) < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1, fd;
	FILE *file = argc > 2 ? fopen(argv[2], "r") : NULL;
	size_t len;

	if (!file) {
		fprintf(stderr, "usage: limit PORT BODY_FILE FILE...\n");
		return 2;
	}
	len = fread(body, 1, sizeof(body), file);
	fclose(file);
	for (int i = 3; i < argc && n_files < MAX_FILES; i++) {
		files[n_files] = open(argv[i], O_RDONLY | O_CLOEXEC);
		n_files += files[n_files] >= 0;
	}
	fprintf(stderr, "limit: %d files\n", n_files);
	address.sin_port = htons((in_port_t)atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 16) < 0)
		return 1;
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		serve(fd, len);
		close(fd);
	}
	return 1;
}
