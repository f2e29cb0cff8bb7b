// SPDX-License-Identifier: Apache-2.0
/*
 * The frequency, in kHz, of the counter that QEMU's emulated processors have as their TSC: this
 * machine's own (include/qemu/timer.h, cpu_get_host_ticks()). Moments at which the counter and the
 * clock were read at about the same time count, so that it is right on a busy machine, too.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#ifdef __x86_64__
#include <x86intrin.h>
#endif

struct moment {
        int64_t ns, ticks;
};

static int64_t clock_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Without such a counter QEMU counts nanoseconds. */
static int64_t ticks(void)
{
#ifdef __x86_64__
        return (int64_t)__rdtsc();
#else
        return clock_ns();
#endif
}

static struct moment sharpest(void)
{
        struct moment best = {0};
        int64_t least = INT64_MAX;

        for (int i = 0; i < 100; i++) {
                int64_t before = clock_ns(), t = ticks(), after = clock_ns();

                if (after - before < least) {
                        least = after - before;
                        best = (struct moment){.ns = before + least / 2, .ticks = t};
                }
        }
        return best;
}

int main(void)
{
        struct moment first = sharpest(), last;

        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        last = sharpest();
        printf("%.0f\n", (double)(last.ticks - first.ticks) * 1e6 / (double)(last.ns - first.ns));
        return 0;
}
