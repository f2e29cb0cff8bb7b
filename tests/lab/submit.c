// SPDX-License-Identifier: Apache-2.0
/*
 * A process that uses the emulated GPU: runs batches of known length on a DRM file of its own, and
 * keeps that file, copies of it or children that share it for as long as a test wants.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <i915_drm.h>

#include "batch.h"

static const char usage[] =
    "usage: submit [options] NODE [ENGINE[:INSTANCE] DURATION]...\n"
    "Runs a batch of each duration (10us, 250ms, 2s) on its engine (render, copy, video,\n"
    "video-enhance), all at the same time, on one open file of NODE; then ends.\n"
    "  --times N     do it N times (0: until killed)\n"
    "  --every D     with this pause after each (default 1s)\n"
    "  --what WHAT   busy, event, semaphore: what engines wait for; hang: until a reset (busy)\n"
    "  --contexts    a context of its own for each batch, destroyed after it\n"
    "  --hold D      then keep the file open (\"forever\": until killed)\n"
    "  --mem MIB     allocate a buffer object of this size first\n"
    "  --dup N       N more descriptors of the same file\n"
    "  --fork N      N children that share the file and sleep\n"
    "  --open N      N more files of the same node, without work\n"
    "  --cpu D       each time, take this much processor time, too\n"
    "LAB_SUBMIT in the environment has the arguments instead where the command line is to look\n"
    "like another program's.\n"
    "Prints \"ready\" when the first round is done, and exits 1 with the errno of what fails.\n";

enum { MAX_WORK = 16 };

struct options {
        long times, dups, forks, opens, mem_mib;
        long long every_ns, hold_ns, cpu_ns;
        enum batch_what what;
        bool contexts;
};

static void die(const char *what)
{
        fprintf(stderr, "submit: %s: %s\n", what, strerror(errno));
        exit(1);
}

static void bad_usage(const char *what)
{
        fprintf(stderr, "submit: bad value: %s\n%s", what, usage);
        exit(2);
}

static long long parse_duration(const char *text)
{
        static const struct {
                const char *unit;
                double ns;
        } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
        char *end;
        double number = strtod(text, &end);

        if (strcmp(text, "forever") == 0)
                return LLONG_MAX;
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
                if (end != text && number >= 0 && strcmp(end, units[i].unit) == 0)
                        return (long long)(number * units[i].ns);
        bad_usage(text);
        return 0;
}

static long parse_count(const char *text)
{
        char *end;
        long n = strtol(text, &end, 10);

        if (end == text || *end || n < 0 || n > 1000000)
                bad_usage(text);
        return n;
}

/* The index of the first len characters of a text among the names. */
static unsigned find(const char *const *names, unsigned n, const char *text, size_t len)
{
        for (unsigned i = 0; i < n; i++)
                if (strlen(names[i]) == len && strncmp(names[i], text, len) == 0)
                        return i;
        bad_usage(text);
        return 0;
}

static struct batch parse_work(const char *engine, const char *duration, enum batch_what what)
{
        const char *colon = strchr(engine, ':');
        size_t len = colon ? (size_t)(colon - engine) : strlen(engine);

        return (struct batch){
            .engine = find(batch_engine_name, BATCH_ENGINES, engine, len),
            .instance = colon ? (uint32_t)parse_count(colon + 1) : 0,
            .what = what,
            .ns = (uint64_t)parse_duration(duration),
        };
}

static void sleep_ns(long long ns)
{
        struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

        if (ns == LLONG_MAX)
                for (;;)
                        pause();
        while (nanosleep(&t, &t) < 0 && errno == EINTR)
                ;
}

static void work_cpu(long long ns)
{
        struct timespec start, now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        do
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        while ((now.tv_sec - start.tv_sec) * 1000000000LL + now.tv_nsec - start.tv_nsec < ns);
}

static void share(int fd, const char *node, const struct options *o)
{
        struct drm_i915_gem_create create = {.size = (__u64)o->mem_mib << 20};

        if (o->mem_mib && ioctl(fd, DRM_IOCTL_I915_GEM_CREATE, &create) < 0)
                die("cannot allocate");
        for (long i = 0; i < o->dups; i++)
                if (dup(fd) < 0)
                        die("dup");
        for (long i = 0; i < o->opens; i++)
                if (open(node, O_RDWR) < 0)
                        die(node);
        for (long i = 0; i < o->forks; i++) {
                pid_t pid = fork();

                if (pid < 0)
                        die("fork");
                if (pid == 0) {
                        /* A child lives as long as its parent. */
                        prctl(PR_SET_PDEATHSIG, SIGKILL);
                        for (;;)
                                pause();
                }
        }
}

static uint32_t make_context(int fd)
{
        struct drm_i915_gem_context_create create = {0};

        if (ioctl(fd, DRM_IOCTL_I915_GEM_CONTEXT_CREATE, &create) < 0)
                die("cannot make a context");
        return create.ctx_id;
}

static void end_context(int fd, uint32_t id)
{
        struct drm_i915_gem_context_destroy destroy = {.ctx_id = id};

        if (ioctl(fd, DRM_IOCTL_I915_GEM_CONTEXT_DESTROY, &destroy) < 0)
                die("cannot end a context");
}

/* All batches at the same time, until the last one is done. */
static void run_round(int fd, const struct batch *work, int n, const struct options *o)
{
        uint32_t context[MAX_WORK] = {0};

        for (int i = 0; i < n; i++) {
                if (o->contexts)
                        context[i] = make_context(fd);
                if (batch_submit(fd, &work[i], context[i]) < 0)
                        die("cannot submit");
        }
        for (int i = 0; i < n; i++) {
                if (batch_wait(fd, &work[i]) < 0)
                        die("cannot wait");
                if (o->contexts)
                        end_context(fd, context[i]);
        }
}

static void run(int fd, struct batch *work, int n, const struct options *o)
{
        for (int i = 0; i < n; i++)
                if (batch_make(fd, &work[i]) < 0)
                        die("cannot make a batch");
        for (long round = 0; o->times == 0 || round < o->times; round++) {
                if (round)
                        sleep_ns(o->every_ns);
                run_round(fd, work, n, o);
                if (o->cpu_ns)
                        work_cpu(o->cpu_ns);
                if (round == 0) {
                        puts("ready");
                        fflush(stdout);
                }
        }
        for (int i = 0; i < n; i++)
                batch_free(fd, &work[i]);
        sleep_ns(o->hold_ns);
}

/* Words of the text become argv; argv[0] stays. */
static int split(char *text, char **argv, int max)
{
        int n = 1;

        for (char *word = strtok(text, " "); word && n < max - 1; word = strtok(NULL, " "))
                argv[n++] = word;
        argv[n] = NULL;
        return n;
}

int main(int argc, char **argv)
{
        static const struct option longs[] = {
            {"times", required_argument, NULL, 't'}, {"every", required_argument, NULL, 'e'},
            {"hold", required_argument, NULL, 'h'},  {"mem", required_argument, NULL, 'm'},
            {"dup", required_argument, NULL, 'd'},   {"fork", required_argument, NULL, 'f'},
            {"open", required_argument, NULL, 'o'},  {"cpu", required_argument, NULL, 'c'},
            {"what", required_argument, NULL, 'w'},  {"contexts", no_argument, NULL, 'x'},
            {NULL, 0, NULL, 0}};
        struct options o = {.times = 1, .every_ns = 1000000000};
        struct batch work[MAX_WORK];
        char *instead = getenv("LAB_SUBMIT"), *own[64] = {argv[0]};
        const char *node;
        int c, fd, n = 0;

        if (instead) {
                argc = split(instead, own, 64);
                argv = own;
        }

        while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
                switch (c) {
                case 't': o.times = parse_count(optarg); break;
                case 'e': o.every_ns = parse_duration(optarg); break;
                case 'h': o.hold_ns = parse_duration(optarg); break;
                case 'm': o.mem_mib = parse_count(optarg); break;
                case 'd': o.dups = parse_count(optarg); break;
                case 'f': o.forks = parse_count(optarg); break;
                case 'o': o.opens = parse_count(optarg); break;
                case 'c': o.cpu_ns = parse_duration(optarg); break;
                case 'w': o.what = find(batch_what_name, BATCH_WHATS, optarg, strlen(optarg)); break;
                case 'x': o.contexts = true; break;
                default: fputs(usage, stderr); return 2;
                }
        }
        if (optind >= argc || (argc - optind) % 2 != 1) {
                fputs(usage, stderr);
                return 2;
        }
        node = argv[optind++];
        for (; optind < argc && n < MAX_WORK; optind += 2)
                work[n++] = parse_work(argv[optind], argv[optind + 1], o.what);

        fd = open(node, O_RDWR | O_CLOEXEC);
        if (fd < 0)
                die(node);
        share(fd, node, &o);
        run(fd, work, n, &o);
        return 0;
}
