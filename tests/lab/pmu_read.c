// SPDX-License-Identifier: Apache-2.0
/*
 * Reads events of a PMU as one group and prints one line per read: the time enabled in ns, then
 * the values in the order of the arguments. What the tests compare the exporter with.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAX_EVENTS = 64 };

static const char usage[] =
    "usage: pmu_read FOLDER INTERVAL_MS READS EVENT...\n"
    "EVENT is a file of FOLDER/events, or a number: the config itself. With 0 READS, one line\n"
    "\"open\" and then nothing until it is killed. An event that cannot be opened ends it: the name\n"
    "of the errno on standard error, exit code 3.\n";

static void die(const char *what)
{
        fprintf(stderr, "pmu_read: %s: %s\n", what, strerror(errno));
        exit(1);
}

static void read_text(const char *folder, const char *name, char *buf, size_t size)
{
        char path[512];
        ssize_t n;
        int fd;

        snprintf(path, sizeof path, "%s/%s", folder, name);
        fd = open(path, O_RDONLY);
        n = fd < 0 ? -1 : read(fd, buf, size - 1);
        if (n < 0)
                die(path);
        buf[n] = '\0';
        close(fd);
}

static uint64_t event_config(const char *folder, const char *event)
{
        char name[128], text[64];
        char *end;
        uint64_t config = strtoull(event, &end, 0);

        if (*event && !*end)
                return config;
        snprintf(name, sizeof name, "events/%s", event);
        read_text(folder, name, text, sizeof text);
        if (sscanf(text, "config=%" SCNx64, &config) != 1) {
                fprintf(stderr, "pmu_read: %s: no config in it\n", event);
                exit(1);
        }
        return config;
}

static int open_event(const char *folder, const char *event, int leader)
{
        char type[32], cpu[32];
        struct perf_event_attr attr = {.size = sizeof attr, .config = event_config(folder, event)};
        long fd;

        read_text(folder, "type", type, sizeof type);
        read_text(folder, "cpumask", cpu, sizeof cpu);
        attr.type = (uint32_t)atoi(type);
        attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED;
        fd = syscall(SYS_perf_event_open, &attr, -1, atoi(cpu), leader, PERF_FLAG_FD_CLOEXEC);
        if (fd < 0) {
                fprintf(stderr, "%s %s\n", strerrorname_np(errno), event);
                exit(3);
        }
        return (int)fd;
}

int main(int argc, char **argv)
{
        uint64_t buf[2 + MAX_EVENTS];
        long interval, reads;
        int leader = -1;

        if (argc < 5 || argc - 4 > MAX_EVENTS) {
                fputs(usage, stderr);
                return 2;
        }
        interval = atol(argv[2]);
        reads = atol(argv[3]);
        for (int i = 4; i < argc; i++) {
                int fd = open_event(argv[1], argv[i], leader);

                if (leader < 0)
                        leader = fd;
        }
        if (reads == 0) {
                puts("open");
                fflush(stdout);
                pause();
        }
        for (long n = 0; n < reads; n++) {
                struct timespec t = {interval / 1000, interval % 1000 * 1000000};

                if (n)
                        nanosleep(&t, NULL);
                if (read(leader, buf, sizeof buf) < 0)
                        die("read");
                printf("%" PRIu64, buf[1]);
                for (uint64_t i = 0; i < buf[0]; i++)
                        printf(" %" PRIu64, buf[2 + i]);
                putchar('\n');
                fflush(stdout);
        }
        return 0;
}
