// SPDX-License-Identifier: Apache-2.0
/* The collector on a machine made of files, with a clock of its own. */
#include "test.h"

#include "base/sys.h"
#include "collectors/registry.h"
#include "fake_sys.h"
#include "sources/transcode/scan.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define S 1000000000ull

enum { TRANSCODES, PROCESSES, CPU };

static struct tree tree;
static struct fs *fs;
static struct context context;
static struct fault fault;
static struct gpu gpu, *gpus[] = { &gpu };
static struct gpu_list list = { .gpus = gpus, .n = 1 };
static void *state;
static uint64_t round_number;
static unsigned long uptime; /* hundredths */
static struct batch *batch;

static const struct collector *collector(void)
{
	return collectors_all[collector_find("transcode")];
}

static void pass(double seconds)
{
	fake_clock_advance((uint64_t)(seconds * 1e9));
	uptime = sys_boottime_ns() / 10000000;
}

static int setup(void **unused)
{
	const char *bad;

	(void)unused;
	tree_new(&tree);
	tree_folder(&tree, "proc");
	tree_kthreadd(&tree);
	tree_folder(&tree, "sys");
	fake_sys_load(tree.root);
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	context = (struct context){
		.fs = fs, .procs = procs_new(fs), .names = names_new(fs), .transcode_names = "mine"
	};
	gpu = (struct gpu){
		.pci = "0000:00:02.0", .driver = GPU_I915, .card = "card0", .render = "renderD128"
	};
	batch = NULL;
	pass(1);
	return collector()->init(&context, NULL, &state);
}

static int teardown(void **unused)
{
	(void)unused;
	batch_free(batch);
	collector()->destroy(state);
	names_free(context.names);
	procs_free(context.procs);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

/* CPU time and start in hundredths of a second. */
static void state_of(int pid, char state_letter, unsigned cpu, unsigned long start)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text), "%d (x) %c 1 1 1 0 -1 1 1 0 2 0 %u 0 9 9 20 0 8 0 %lu 1 1 1\n",
		 pid, state_letter, cpu, start);
	tree_write(&tree, path, text);
}

static void stat_of(int pid, unsigned cpu, unsigned long start)
{
	state_of(pid, 'S', cpu, start);
}

static void process(int pid, const char *comm, const char *service)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	snprintf(text, sizeof(text), "%s\n", comm);
	tree_write(&tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	snprintf(text, sizeof(text), "0::/system.slice/%s.service\n", service);
	tree_write(&tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/fd", pid);
	tree_folder(&tree, path);
	snprintf(path, sizeof(path), "proc/%d/cmdline", pid);
	tree_write_bytes(&tree, path, BYTES("ffmpeg\0-i\0a.mkv\0-f\0rawvideo\0-\0"));
}

static void client(int pid, const char *node, const char *lines)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "proc/%d/fd/5", pid);
	tree_link(&tree, path, node);
	snprintf(path, sizeof(path), "proc/%d/fdinfo/5", pid);
	snprintf(text, sizeof(text), "pos:\t0\n%s", lines);
	tree_write(&tree, path, text);
}

static void video(int pid, unsigned id, const char *engines)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "drm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t%u\n%s", id, engines);
	client(pid, "/dev/dri/renderD128", text);
}

static int collect(double seconds)
{
	const struct round round = { .number = ++round_number, .gpus = &list };

	pass(seconds);
	batch_free(batch);
	batch = batch_new(collector()->families, collector()->n_families);
	fault = (struct fault){ 0 };
	return collector()->collect(&(struct collection){ .context = &context,
							  .state = state,
							  .round = &round,
							  .batch = batch,
							  .fault = &fault });
}

/* The sum of a family's samples whose line has this text in it; -1: none. */
static double value(size_t family, const char *with)
{
	size_t piece = 0, len;
	double sum = -1;
	const char *text;

	while ((text = batch_piece(batch, &collector()->families[family], &piece, &len)))
		for (const char *line = text; line < text + len;) {
			const char *end = memchr(line, '\n', (size_t)(text + len - line));

			if (memmem(line, (size_t)(end - line), with, strlen(with)))
				sum = (sum < 0 ? 0 : sum) +
				      strtod(strrchr(strndupa(line, (size_t)(end - line)), ' '),
					     NULL);
			line = end + 1;
		}
	return sum;
}

#define ROW(application, acceleration, service)                                                    \
	"application=\"" application "\",acceleration=\"" acceleration                             \
	"\",workload=\"service/" service ".service\""

static void tells_apart(void **unused)
{
	(void)unused;
	/* Nobody is there: five rows, each a measured 0. */
	assert_int_equal(collect(1), 0);
	assert_compare(value(TRANSCODES, "acceleration"), ==, 0);
	assert_true(value(TRANSCODES, "idle") == 0 && value(TRANSCODES, "unknown") == 0);
	assert_compare(value(PROCESSES, "ffmpeg"), ==, -1);
	for (int pid = 10; pid < 15; pid++) {
		process(pid, pid == 14 ? "mine" : "ffmpeg", pid == 10 ? "soft" : "rest");
		stat_of(pid, 0, uptime);
	}
	process(15, "bash", "rest");
	tree_write_bytes(&tree, "proc/12/cmdline", BYTES("ffmpeg\0-i\0a\0-c\0copy\0b\0"));
	video(11, 1, "drm-engine-video:\t0 ns\n");
	assert_int_equal(collect(1), 0);
	assert_compare(value(TRANSCODES, "unknown"), ==, 5);
	assert_compare(value(TRANSCODES, "acceleration"), ==, 5);
	stat_of(10, 2000, uptime - 100);
	stat_of(11, 100, uptime - 100);
	stat_of(12, 900, uptime - 100);
	stat_of(14, 1500, uptime - 100);
	video(11, 1, "drm-engine-video:\t4000000000 ns\n");
	assert_int_equal(collect(15), 0);
	assert_true(value(TRANSCODES, "software") == 2 && value(TRANSCODES, "hardware") == 1 &&
		    value(TRANSCODES, "idle") == 2 && value(TRANSCODES, "unknown") == 0);
	assert_compare(value(PROCESSES, ROW("ffmpeg", "software", "soft")), ==, 1);
	assert_compare(value(PROCESSES, ROW("mine", "software", "rest")), ==, 1);
	assert_compare(value(PROCESSES, ROW("ffmpeg", "hardware", "rest")), ==, 1);
	assert_compare(value(PROCESSES, ROW("ffmpeg", "idle", "rest")), ==, 2);
	assert_compare(value(CPU, ROW("ffmpeg", "software", "soft")), ==, 20);
	assert_compare(value(CPU, ROW("ffmpeg", "hardware", "rest")), ==, 1);
	assert_compare(value(CPU, ROW("ffmpeg", "idle", "rest")), ==, 9);
	assert_compare(value(CPU, "unknown"), ==, 0);
	assert_int_equal(fault.reason, REASON_NONE);
}

/* What a process codes is what its command line says: CPU time alone is no evidence. */
static void evidence(void **unused)
{
	static const struct {
		const char *comm, *line;
		size_t len;
		bool uses_gpu;
		const char *application, *acceleration;
	} rows[] = {
		{ "ffmpeg", BYTES("ffmpeg\0-i\0a.mkv\0-c:v\0libx264\0b.mkv\0"), false, "ffmpeg",
		  "software" },
		{ "ffmpeg", BYTES("ffmpeg\0-i\0a.mkv\0-c:v\0libx264\0b.mkv\0"), true, "ffmpeg",
		  "mixed" },
		{ "ffmpeg", BYTES("ffmpeg\0-i\0a.mkv\0-c:v\0hevc_qsv\0b.mkv\0"), true, "ffmpeg",
		  "hardware" },
		{ "ffmpeg", BYTES("ffmpeg\0-i\0a.mkv\0-f\0wav\0-\0"), false, "ffmpeg", "idle" },
		{ "ffmpeg", BYTES("ffmpeg\0-i\0a.mkv\0-c:v\0copy\0b.mkv\0"), false, "ffmpeg",
		  "idle" },
		{ "ffmpeg", BYTES("ffmpeg\0-i\0a.mkv\0-f\0strange\0-\0"), false, "ffmpeg",
		  "unknown" },
		{ "ffmpeg", BYTES(""), false, "ffmpeg", "unknown" },
		{ "ffmpeg", BYTES("ffmpeg\0-i\0a.mkv\0b.mkv"), false, "ffmpeg", "unknown" },
		{ "ghb", BYTES("ghb\0"), false, "handbrake", "software" },
		{ "obs", BYTES("obs\0"), false, "obs", "unknown" },
		{ "obs", BYTES("obs\0"), true, "obs", "hardware" },
		{ "mine", BYTES("mine\0"), false, "mine", "software" },
	};

	(void)unused;
	assert_int_equal(collect(1), 0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < (int)ARRAY_SIZE(rows); i++) {
			char path[64], service[16];

			snprintf(service, sizeof(service), "s%d", i);
			process(10 + i, rows[i].comm, service);
			snprintf(path, sizeof(path), "proc/%d/cmdline", 10 + i);
			tree_write_bytes(&tree, path, rows[i].line, rows[i].len);
			stat_of(10 + i, round ? 600 : 0, round ? uptime - 100 : uptime);
			if (rows[i].uses_gpu)
				video(10 + i, (unsigned)i + 1,
				      round ? "drm-engine-video:\t4000000000 ns\n"
					    : "drm-engine-video:\t0 ns\n");
		}
		assert_int_equal(collect(round ? 15 : 1), 0);
	}
	for (int i = 0; i < (int)ARRAY_SIZE(rows); i++) {
		char row[128];

		snprintf(row, sizeof(row),
			 "application=\"%s\",acceleration=\"%s\",workload=\"service/s%d.service\"",
			 rows[i].application, rows[i].acceleration, i);
		assert_row(value(PROCESSES, row) == 1, row);
	}
}

/* The next look of 15 s may find one that has come and is old enough to be judged. */
static void birth(void **unused)
{
	(void)unused;
	assert_int_equal(collect(1), 0);
	process(10, "ffmpeg", "a");
	process(11, "ffmpeg", "a");
	stat_of(10, 1100, uptime + 400);
	stat_of(11, 900, uptime + 600);
	video(10, 1, "drm-engine-video:\t4000000000 ns\n");
	assert_int_equal(collect(15), 0);
	assert_true(value(TRANSCODES, "mixed") == 1 && value(TRANSCODES, "unknown") == 1);
	assert_true(value(CPU, "mixed") == 11 && value(CPU, "unknown") == 0);
	/* Start times are rounded. */
	process(13, "ffmpeg", "b");
	stat_of(13, 0, uptime + 1);
	fake_clock_advance(1000000);
	assert_int_equal(collect(0), 0);
	stat_of(13, 1500, uptime + 1);
	assert_int_equal(collect(15), 0);
	assert_compare(value(PROCESSES, ROW("ffmpeg", "software", "b")), ==, 1);
	tree_delete(&tree, "proc/13");
	/* One that had another name at the look before has no start that counts. */
	process(12, "bash", "a");
	stat_of(12, 0, uptime);
	assert_int_equal(collect(15), 0);
	process(12, "ffmpeg", "a");
	assert_int_equal(collect(15), 0);
	assert_compare(value(TRANSCODES, "unknown"), ==, 1);
}

/* The first look of all: what was before is not counted, and nobody is judged. */
static void first(void **unused)
{
	unsigned long start = uptime - 9000;

	(void)unused;
	process(10, "ffmpeg", "a");
	stat_of(10, 5000, start);
	assert_int_equal(collect(1), 0);
	assert_true(value(TRANSCODES, "unknown") == 1 && value(CPU, "ffmpeg") == 0);
	stat_of(10, 5900, start);
	assert_int_equal(collect(9), 0);
	assert_compare(value(TRANSCODES, "unknown"), ==, 1);
	stat_of(10, 6000, start);
	assert_int_equal(collect(1), 0);
	assert_true(value(TRANSCODES, "unknown") == 0 && value(TRANSCODES, "software") == 1);
	assert_compare(value(CPU, "software"), ==, 10);
}

/* What a process used under another name is no transcoder's, however often it changes its name. */
static void renamed(void **unused)
{
	(void)unused;
	process(10, "bash", "a");
	stat_of(10, 90000, uptime);
	assert_int_equal(collect(5), 0);
	process(10, "ffmpeg", "a");
	stat_of(10, 90000, uptime - 500);
	assert_int_equal(collect(20), 0);
	stat_of(10, 90100, uptime - 2500);
	assert_int_equal(collect(20), 0);
	assert_compare(value(CPU, "ffmpeg"), ==, 1);
	process(10, "bash", "a");
	assert_int_equal(collect(20), 0);
	process(10, "ffmpeg", "a");
	assert_int_equal(collect(20), 0);
	process(10, "bash", "a");
	assert_int_equal(collect(20), 0);
	assert_compare(value(CPU, "ffmpeg"), ==, 1);
}

/* A container whose first process asks for no exit codes keeps them for ever. */
static void zombies(void **unused)
{
	(void)unused;
	assert_int_equal(collect(1), 0);
	process(10, "ffmpeg", "a");
	process(11, "ffmpeg", "a");
	state_of(11, 'Z', 700, uptime);
	stat_of(10, 0, uptime);
	assert_int_equal(collect(1), 0);
	assert_compare(value(TRANSCODES, "acceleration"), ==, 1);
	stat_of(10, 1000, uptime - 100);
	assert_int_equal(collect(15), 0);
	assert_true(value(TRANSCODES, "software") == 1 && value(CPU, "software") == 10);
	/* What it used last is in its account still. */
	state_of(10, 'Z', 1100, uptime - 1600);
	assert_int_equal(collect(15), 0);
	assert_compare(value(TRANSCODES, "acceleration"), ==, 0);
	assert_compare(value(CPU, "software"), ==, 11);
	assert_int_equal(collect(15), 0);
	assert_compare(value(CPU, "ffmpeg"), ==, 11);
}

static void monotonic(void **unused)
{
	(void)unused;
	assert_int_equal(collect(1), 0);
	process(10, "ffmpeg", "a");
	stat_of(10, 100, uptime);
	assert_int_equal(collect(2), 0);
	/* It ends before its verdict, and its number is another's. */
	stat_of(10, 300, uptime);
	assert_int_equal(collect(2), 0);
	assert_compare(value(CPU, ROW("ffmpeg", "unknown", "a")), ==, 1);
	stat_of(10, 2300, uptime - 200);
	assert_int_equal(collect(20), 0);
	assert_compare(value(CPU, "software"), ==, 23);
	tree_delete(&tree, "proc/10");
	assert_int_equal(collect(20), 0);
	assert_true(value(CPU, "software") == 23 && value(PROCESSES, "software") == 0);
	assert_compare(value(TRANSCODES, "software"), ==, 0);
	assert_int_equal(collect(901), 0);
	assert_compare(value(CPU, "software"), ==, -1);
}

static void hidden(void **unused)
{
	double before;

	(void)unused;
	assert_int_equal(collect(1), 0);
	for (int pid = 10; pid < 15; pid++) {
		process(pid, "ffmpeg", "a");
		stat_of(pid, 0, uptime);
	}
	video(10, 1, "drm-resident-system0:\t0\n");
	client(11, "/dev/dri/renderD128", "");
	client(12, "/dev/dri/renderD129", "drm-driver:\tamdgpu\n");
	fake_error("proc/13/fd", -EACCES);
	fake_error("proc/13/fdinfo", -EACCES);
	assert_int_equal(collect(1), 0);
	for (int pid = 10; pid < 15; pid++)
		stat_of(pid, 3000, uptime - 100);
	assert_int_equal(collect(15), 0);
	assert_true(value(TRANSCODES, "unknown") == 4 && value(TRANSCODES, "software") == 1);
	assert_int_equal(fault.reason, REASON_PERMISSION);
	fake_error("proc/13/fd", 0);
	assert_int_equal(collect(1), 0);
	assert_int_equal(fault.reason, REASON_NOT_SUPPORTED);
	/* It is known again 10 s later. */
	stat_of(13, 6000, uptime - 1700);
	assert_int_equal(collect(11), 0);
	assert_true(value(TRANSCODES, "software") == 1 && value(TRANSCODES, "idle") == 2 &&
		    value(TRANSCODES, "unknown") == 2);
	/* A look that fails changes nothing. */
	before = value(CPU, "unknown");
	process(8, "ffmpeg", "a");
	stat_of(8, 500, uptime);
	fake_error("proc/14/stat", -EIO);
	assert_int_equal(collect(1), -EIO);
	fake_error("proc/14/stat", 0);
	assert_int_equal(collect(1), 0);
	assert_compare(value(TRANSCODES, "acceleration"), ==, 6);
	assert_compare(value(CPU, "unknown"), ==, before);
}

/* The look before is the last one that succeeded. */
static void failed_look(void **unused)
{
	(void)unused;
	process(9, "ffmpeg", "b");
	stat_of(9, 0, 100);
	assert_int_equal(collect(1), 0);
	process(10, "ffmpeg", "a");
	stat_of(10, 300, uptime + 100);
	fake_error("proc/9/stat", -EIO);
	assert_int_equal(collect(8), -EIO);
	fake_error("proc/9/stat", 0);
	stat_of(10, 1300, uptime - 700);
	assert_int_equal(collect(8), 0);
	assert_compare(value(PROCESSES, ROW("ffmpeg", "software", "a")), ==, 1);
	assert_compare(value(CPU, ROW("ffmpeg", "software", "a")), ==, 13);
}

/* A process that slept with its machine is not old. */
static void slept(void **unused)
{
	(void)unused;
	assert_int_equal(collect(1), 0);
	process(10, "ffmpeg", "a");
	stat_of(10, 100, uptime + 100);
	fake_knobs.slept_ns += 3600 * S;
	assert_int_equal(collect(5), 0);
	assert_compare(value(TRANSCODES, "unknown"), ==, 1);
	stat_of(10, 600, uptime - 3600 * 100 - 400);
	assert_int_equal(collect(5), 0);
	assert_compare(value(TRANSCODES, "unknown"), ==, 1);
	stat_of(10, 1100, uptime - 3600 * 100 - 900);
	assert_int_equal(collect(5), 0);
	assert_true(value(TRANSCODES, "software") == 1 && value(CPU, "software") == 11);
}

/* The process ended during the scan: its application is unknown. */
static void nobodys(void **unused)
{
	(void)unused;
	assert_int_equal(collect(1), 0);
	process(10, "ffmpeg", "a");
	stat_of(10, 100, uptime);
	tree_delete(&tree, "proc/10/cgroup");
	assert_int_equal(collect(1), 0);
	assert_true(value(TRANSCODES, "acceleration") == 0 && value(CPU, "ffmpeg") == -1);
}

/* What a client used long ago is not used again when a read of it fails once. */
static void interrupted(void **unused)
{
	unsigned cpu = 0;

	(void)unused;
	process(10, "ffmpeg", "a");
	video(10, 1, "drm-engine-video:\t900000000000 ns\n");
	for (int i = 0; i < 15; i++) {
		stat_of(10, cpu += 500, 100);
		fake_error("proc/10/fdinfo/5", i == 4 ? -EIO : 0);
		fake_error("proc/10/fd", i == 9 ? -EACCES : 0);
		fake_error("proc/10/fdinfo", i == 9 ? -EACCES : 0);
		assert_int_equal(collect(5), 0);
		assert_true(value(TRANSCODES, "hardware") == 0 && value(TRANSCODES, "mixed") == 0);
	}
	assert_compare(value(TRANSCODES, "software"), ==, 1);
}

/* NVIDIA's nodes are none of DRM's. */
static void foreign(void **unused)
{
	(void)unused;
	assert_int_equal(collect(1), 0);
	for (int pid = 10; pid < 13; pid++) {
		process(pid, "ffmpeg", "a");
		stat_of(pid, 0, uptime);
	}
	client(10, "/dev/nvidia0", "");
	client(11, "/home/a/nvidia0", "");
	client(12, "/dev/nvidia-uvm", "");
	assert_int_equal(collect(1), 0);
	for (int pid = 10; pid < 13; pid++)
		stat_of(pid, 300, uptime - 100);
	assert_int_equal(collect(15), 0);
	assert_true(value(TRANSCODES, "software") == 1 && value(TRANSCODES, "unknown") == 2);
	assert_int_equal(fault.reason, REASON_NONE);
}

/* Another PID namespace than the machine's shows no transcodes, which is not 0 of them. */
static void not_the_machine(void **unused)
{
	(void)unused;
	assert_int_equal(collect(1), 0);
	tree_delete(&tree, "proc/2");
	assert_int_equal(collect(1), -EACCES);
	assert_int_equal(fault.reason, REASON_PERMISSION);
	assert_string_equal(fault.remedy, "hidden-processes");
	tree_kthreadd(&tree);
	assert_int_equal(collect(1), 0);
}

/* Anybody may start as many of them as he likes. */
static void crowd(void **unused)
{
	(void)unused;
	assert_int_equal(collect(1), 0);
	for (int pid = 10; pid < 13 + TRANSCODE_SCAN_MAX; pid++) {
		process(pid, "ffmpeg", "a");
		stat_of(pid, 0, uptime);
	}
	assert_int_equal(collect(1), 0);
	assert_compare(value(TRANSCODES, "unknown"), ==, TRANSCODE_SCAN_MAX + 3);
	assert_compare(value(PROCESSES, "unknown"), ==, TRANSCODE_SCAN_MAX);
	assert_int_equal(fault.reason, REASON_LIMIT);
	assert_string_equal(fault.remedy, "limits");
	/* Those that it knows are judged all the same. */
	for (int pid = 10; pid < 13 + TRANSCODE_SCAN_MAX; pid++)
		stat_of(pid, 2000, uptime - 100);
	assert_int_equal(collect(15), 0);
	assert_compare(value(TRANSCODES, "software"), ==, TRANSCODE_SCAN_MAX);
	assert_compare(value(TRANSCODES, "unknown"), ==, 3);
	for (int pid = 10; pid < 14; pid++) {
		char path[32];

		snprintf(path, sizeof(path), "proc/%d", pid);
		tree_delete(&tree, path);
	}
	assert_int_equal(collect(1), 0);
	assert_int_equal(collect(1), 0);
	assert_compare(value(TRANSCODES, "acceleration"), ==, TRANSCODE_SCAN_MAX - 1);
	assert_int_equal(fault.reason, REASON_NONE);
}

/* Thousands of one user, with the lowest numbers, take nobody else's room. */
static void crowd_of_one(void **unused)
{
	unsigned fakes = TRANSCODE_SCAN_MAX + 100;

	(void)unused;
	assert_int_equal(collect(1), 0);
	for (unsigned i = 0; i < fakes; i++) {
		char path[64], text[128];

		process((int)(10 + i), "ffmpeg", "a");
		stat_of((int)(10 + i), 0, uptime);
		snprintf(path, sizeof(path), "proc/%u/cgroup", 10 + i);
		snprintf(text, sizeof(text), "0::/user.slice/user-1000.slice/libpod-%064x.scope\n",
			 i);
		tree_write(&tree, path, text);
	}
	for (unsigned i = 0; i < 20; i++) {
		process((int)(5000 + i), "ffmpeg", "plex");
		stat_of((int)(5000 + i), 0, uptime);
	}
	/* One that works is before those of its user that do nothing. */
	video((int)(10 + fakes - 1), 7, "drm-engine-video:\t1 ns\n");
	assert_int_equal(collect(1), 0);
	assert_int_equal(fault.reason, REASON_LIMIT);
	assert_compare(value(PROCESSES, "workload=\"service/plex.service\""), ==, 20);
	for (unsigned i = 0; i < 20; i++)
		stat_of((int)(5000 + i), 2000, uptime - 100);
	video((int)(10 + fakes - 1), 7, "drm-engine-video:\t9000000000 ns\n");
	assert_int_equal(collect(15), 0);
	assert_compare(value(TRANSCODES, "software"), ==, 20);
	assert_compare(value(TRANSCODES, "hardware"), ==, 1);
}

/* One client of many processes counts for each; what a parent holds is no child's. */
static void shared(void **unused)
{
	(void)unused;
	process(9, "jellyfin", "a");
	process(10, "ffmpeg", "a");
	process(11, "ffmpeg", "a");
	for (int pid = 9; pid < 12; pid++) {
		stat_of(pid, 0, uptime);
		video(pid, 7, "drm-engine-video:\t1 ns\n");
	}
	assert_int_equal(collect(1), 0);
	for (int pid = 9; pid < 12; pid++)
		video(pid, 7, "drm-engine-video:\t1000000000 ns\n");
	assert_int_equal(collect(10), 0);
	assert_compare(value(TRANSCODES, "hardware"), ==, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(not_the_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(evidence, setup, teardown),
		cmocka_unit_test_setup_teardown(birth, setup, teardown),
		cmocka_unit_test_setup_teardown(first, setup, teardown),
		cmocka_unit_test_setup_teardown(renamed, setup, teardown),
		cmocka_unit_test_setup_teardown(zombies, setup, teardown),
		cmocka_unit_test_setup_teardown(monotonic, setup, teardown),
		cmocka_unit_test_setup_teardown(hidden, setup, teardown),
		cmocka_unit_test_setup_teardown(failed_look, setup, teardown),
		cmocka_unit_test_setup_teardown(slept, setup, teardown),
		cmocka_unit_test_setup_teardown(nobodys, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupted, setup, teardown),
		cmocka_unit_test_setup_teardown(foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(crowd, setup, teardown),
		cmocka_unit_test_setup_teardown(crowd_of_one, setup, teardown),
		cmocka_unit_test_setup_teardown(shared, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
