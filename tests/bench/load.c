// SPDX-License-Identifier: Apache-2.0
/*
 * The benchmark's client. Scrapes servers on loopback in turn, one keep-alive connection each, and
 * prints for each server the medians of the rounds, as lines of the form "bench NAME.KEY=VALUE".
 * What a server's process used is read from its CPU clock, to the nanosecond. Bounded in count
 * and time; the first answer that is not a whole exposition ends it with exit code 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SERVERS 24
#define MAX_ROUNDS  200
#define MAX_SCRAPES 20000
#define WARM_UP	    3
#define SETTLE_MS   20 /* what a server does after its answer belongs to the scrape */
#define NS	    1000000000u

struct server {
	const char *name;
	char path[2048]; /* a parameter for each collector */
	uint16_t port;
	clockid_t clock;
	int pid, fd;
	size_t bytes; /* of the last body */
	double cpu_us[MAX_ROUNDS], client_us[MAX_ROUNDS], rate[MAX_ROUNDS], p50[MAX_ROUNDS],
		p99[MAX_ROUNDS];
	unsigned long scrapes;
};

static const char usage[] =
	"usage: load [-r ROUNDS] [-n SCRAPES in a round] [-s SECONDS of a round, at most]\n"
	"            [-p MS of rest before each round] NAME=PID:PORT:PATH...\n"
	"       load -i SECONDS NAME=PID...   what they use while nobody asks\n";
static unsigned rounds = 5, scrapes = 100, pause_ms;
static double seconds = 10, idle;
static struct server servers[MAX_SERVERS];
static size_t n_servers;
static double latency_us[MAX_SCRAPES];

static void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void die(const char *fmt, ...)
{
	va_list ap;

	fputs("load: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		die("no such clock; did the process end?");
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void rest(unsigned ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static void connect_to(struct server *s)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons(s->port) };
	struct timeval limit = { .tv_sec = 30 };
	int yes = 1;

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) < 0 ||
	    connect(s->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		die("%s: cannot connect to port %u: %s", s->name, s->port, strerror(errno));
}

/* The value of a header, or NULL. The text ends with the empty line. */
static const char *find_header(const char *text, const char *name)
{
	size_t len = strlen(name);

	while ((text = strstr(text, "\r\n"))) {
		text += 2;
		if (strncasecmp(text, name, len) == 0 && text[len] == ':')
			return text + len + 1 + strspn(text + len + 1, " ");
	}
	return NULL;
}

/* Whether the chunks from at on are whole. Sets the number of the body's bytes and its last. */
static bool chunks_end(const char *at, const char *end, size_t *ret_bytes, char *ret_last)
{
	size_t bytes = 0;

	for (;;) {
		const char *line = memmem(at, (size_t)(end - at), "\r\n", 2);
		size_t size = line ? strtoul(at, NULL, 16) : 0;

		if (!line || (size_t)(end - line) < size + 4)
			return false;
		if (size == 0)
			break;
		bytes += size;
		*ret_last = line[2 + size - 1];
		at = line + 2 + size + 2;
	}
	*ret_bytes = bytes;
	return true;
}

/* Whether the buffer holds the whole answer; its body has *ret_bytes and ends with *ret_last. */
static bool is_whole(const char *buf, size_t len, size_t *ret_bytes, char *ret_last)
{
	const char *body = strstr(buf, "\r\n\r\n"), *length, *encoding;

	if (!body)
		return false;
	body += 4;
	length = find_header(buf, "Content-Length");
	if (length && length < body) {
		*ret_bytes = strtoul(length, NULL, 10);
		*ret_last = buf[len - 1];
		return (size_t)(buf + len - body) >= *ret_bytes;
	}
	encoding = find_header(buf, "Transfer-Encoding");
	if (!encoding || encoding > body || strncasecmp(encoding, "chunked", 7) != 0)
		die("an answer of unknown length");
	return chunks_end(body, buf + len, ret_bytes, ret_last);
}

static void scrape(struct server *s)
{
	static char buf[4 << 20];
	size_t len = 0;
	char request[4096], last = 0;
	int n = snprintf(request, sizeof(request),
			 "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/plain\r\n\r\n",
			 s->path);
	ssize_t got;

	if (send(s->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		die("%s: cannot send: %s", s->name, strerror(errno));
	do {
		got = recv(s->fd, buf + len, sizeof(buf) - 1 - len, 0);
		if (got <= 0)
			die("%s: the answer ends after %zu bytes: %s", s->name, len,
			    got < 0 ? strerror(errno) : "connection closed");
		len += (size_t)got;
		buf[len] = '\0';
	} while (!is_whole(buf, len, &s->bytes, &last));
	if (strncmp(buf, "HTTP/1.1 200 ", 13) != 0)
		die("%s: %.*s", s->name, (int)strcspn(buf, "\r\n"), buf);
	if (s->bytes == 0 || last != '\n')
		die("%s: not an exposition: %zu bytes", s->name, s->bytes);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts them. Of two in the middle, the lower. */
static double percentile(double *values, size_t n, double p)
{
	qsort(values, n, sizeof(*values), compare);
	return values[(size_t)(p * (double)(n - 1))];
}

static void run_round(struct server *s, unsigned round)
{
	uint64_t client = now(CLOCK_PROCESS_CPUTIME_ID), cpu = now(s->clock);
	uint64_t start = now(CLOCK_MONOTONIC), begin = start, end = start;
	unsigned n = 0;

	while (n < scrapes && (double)(end - start) < seconds * NS) {
		begin = end;
		scrape(s);
		end = now(CLOCK_MONOTONIC);
		latency_us[n++] = (double)(end - begin) / 1e3;
	}
	client = now(CLOCK_PROCESS_CPUTIME_ID) - client;
	rest(SETTLE_MS);
	s->cpu_us[round] = (double)(now(s->clock) - cpu) / n / 1e3;
	s->client_us[round] = (double)client / n / 1e3;
	s->rate[round] = n / ((double)(end - start) / NS);
	s->p50[round] = percentile(latency_us, n, 0.50);
	s->p99[round] = percentile(latency_us, n, 0.99);
	s->scrapes += n;
}

static void print(const struct server *s, const char *key, double value)
{
	printf("bench %s.%s=%.*f\n", s->name, key, value < 100 ? 2 : 0, value);
}

static void load(void)
{
	for (struct server *s = servers; s < servers + n_servers; s++) {
		connect_to(s);
		for (int i = 0; i < WARM_UP; i++)
			scrape(s);
	}
	for (unsigned i = 0; i < rounds; i++) {
		rest(pause_ms);
		for (struct server *s = servers; s < servers + n_servers; s++)
			run_round(s, i);
	}
	for (struct server *s = servers; s < servers + n_servers; s++) {
		print(s, "cpu_us", percentile(s->cpu_us, rounds, 0.5));
		print(s, "cpu_us_lowest", s->cpu_us[0]);
		print(s, "cpu_us_highest", s->cpu_us[rounds - 1]);
		print(s, "client_cpu_us", percentile(s->client_us, rounds, 0.5));
		print(s, "scrapes_per_s", percentile(s->rate, rounds, 0.5));
		print(s, "p50_us", percentile(s->p50, rounds, 0.5));
		print(s, "p99_us", percentile(s->p99, rounds, 0.5));
		printf("bench %s.bytes=%zu\n", s->name, s->bytes);
		printf("bench %s.scrapes=%lu\n", s->name, s->scrapes);
		close(s->fd);
	}
}

/* A number from a file of /proc/PID. Memory is in smaps_rollup: status is up to 64 pages behind for
 * each thread. */
static unsigned long number_of(int pid, const char *name, const char *key)
{
	unsigned long value = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "r");
	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoul(line + strlen(key), NULL, 10);
	fclose(file);
	return value;
}

static void watch(void)
{
	uint64_t cpu[MAX_SERVERS], start = now(CLOCK_MONOTONIC);
	double factor;

	for (size_t i = 0; i < n_servers; i++)
		cpu[i] = now(servers[i].clock);
	rest((unsigned)(idle * 1000));
	/* To the 15 s that are a usual interval between scrapes. */
	factor = 15 / ((double)(now(CLOCK_MONOTONIC) - start) / NS);
	for (size_t i = 0; i < n_servers; i++) {
		const struct server *s = &servers[i];

		print(s, "idle_cpu_us_per_15s", (double)(now(s->clock) - cpu[i]) / 1e3 * factor);
		printf("bench %s.rss_kb=%lu\n", s->name, number_of(s->pid, "smaps_rollup", "Rss:"));
		printf("bench %s.rss_anon_kb=%lu\n", s->name,
		       number_of(s->pid, "smaps_rollup", "Anonymous:"));
		printf("bench %s.threads=%lu\n", s->name, number_of(s->pid, "status", "Threads:"));
	}
}

static void add_server(char *text)
{
	struct server *s = &servers[n_servers];
	char *equals = strchr(text, '=');
	int n = 0;

	if (n_servers == MAX_SERVERS || !equals)
		die("%s: %s", text, equals ? "too many servers" : "not NAME=PID[:PORT:PATH]");
	*equals = '\0';
	s->name = text;
	n = sscanf(equals + 1, "%d:%hu:%2047s", &s->pid, &s->port, s->path);
	if (n != 3 && !(n == 1 && idle > 0))
		die("%s: not PID:PORT:PATH: %s", text, equals + 1);
	if (clock_getcpuclockid(s->pid, &s->clock) != 0)
		die("%s: no process %d", text, s->pid);
	n_servers++;
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "r:n:s:p:i:")) != -1) {
		if (option == 'r')
			rounds = (unsigned)atoi(optarg);
		else if (option == 'n')
			scrapes = (unsigned)atoi(optarg);
		else if (option == 's')
			seconds = atof(optarg);
		else if (option == 'p')
			pause_ms = (unsigned)atoi(optarg);
		else if (option == 'i')
			idle = atof(optarg);
		else
			return 2;
	}
	while (optind < argc)
		add_server(argv[optind++]);
	if (n_servers == 0 || rounds < 1 || rounds > MAX_ROUNDS || scrapes < 1 ||
	    scrapes > MAX_SCRAPES || seconds <= 0 || idle < 0) {
		fputs(usage, stderr);
		return 2;
	}
	if (idle > 0)
		watch();
	else
		load();
	return 0;
}
