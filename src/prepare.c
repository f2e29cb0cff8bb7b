// SPDX-License-Identifier: Apache-2.0
#include "prepare.h"

#include "base/log.h"
#include "base/privileges.h"

#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool reads_processes(collector_set set)
{
	for (size_t i = 0; i < collectors_count; i++)
		if (set >> i & 1 && collectors_all[i]->reads_processes)
			return true;
	return false;
}

static void drop_privileges(const struct fs *fs, collector_set collectors)
{
	uint64_t paranoid = 0;
	int r;

	privileges_raise_files();
	/* Above level 2 Debian's and Ubuntu's kernels want CAP_SYS_ADMIN beside CAP_PERFMON. */
	fs_read_u64(fs, &paranoid, "proc/sys/kernel/perf_event_paranoid");
	r = privileges_drop(paranoid > 2, reads_processes(collectors));
	if (r < 0)
		log_warn(
			"capabilities not dropped: the exporter keeps all that it was started with",
			"err", strerror(-r));
}

/* Below the 2 MB of a huge page, which the kernel may otherwise give to a thread's first touch. */
static void small_stacks(void)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 20);
	pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
}

void prepare_process(const struct fs *fs, collector_set set, sigset_t *ret_signals)
{
	/* One arena: many threads that allocate little would keep one each. */
	mallopt(M_ARENA_MAX, 1);
	/* What is free at its end goes back sooner than by default. Bodies of most machines stay
	 * out of mmap(2); tables of a fixed size are in it, so that only their used rows take
	 * memory. */
	mallopt(M_TOP_PAD, 16 << 10);
	mallopt(M_TRIM_THRESHOLD, 256 << 10);
	mallopt(M_MMAP_THRESHOLD, 192 << 10);
	small_stacks();
	drop_privileges(fs, set);
	signal(SIGPIPE, SIG_IGN);
	/* To systemd an end by it is a clean one: the service would stay away. */
	signal(SIGHUP, SIG_IGN);
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGUSR1);
	sigaddset(ret_signals, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, ret_signals, NULL); /* inherited by every thread */
}

/* Has it code into which the dynamic linker writes addresses (DT_TEXTREL)? */
static bool is_relocated_in_place(const struct dl_phdr_info *object)
{
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		const ElfW(Dyn) * entry;

		if (segment->p_type != PT_DYNAMIC)
			continue;
		entry = (const ElfW(Dyn) *)(object->dlpi_addr + segment->p_vaddr);
		for (; entry->d_tag != DT_NULL; entry++)
			if (entry->d_tag == DT_TEXTREL ||
			    (entry->d_tag == DT_FLAGS && entry->d_un.d_val & DF_TEXTREL))
				return true;
	}
	return false;
}

/*
 * Segments that nobody writes to, not even the dynamic linker, are as they are in their file. Only
 * whole pages: a file may have a part that is written in the next bytes. What has been written into
 * code all the same, a debugger's breakpoints, is lost.
 */
static int forget_segments(struct dl_phdr_info *object, size_t size, void *data)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size, (void)data;
	if (is_relocated_in_place(object))
		return 0;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t begin = object->dlpi_addr + segment->p_vaddr;
		uintptr_t end = (begin + segment->p_memsz) & ~(page - 1);

		begin = (begin + page - 1) & ~(page - 1);
		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && begin < end)
			madvise((void *)begin, end - begin, MADV_DONTNEED);
	}
	return 0;
}

void prepare_end(void)
{
	dl_iterate_phdr(forget_segments, NULL);
}
