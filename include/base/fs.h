/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every file of the machine is read through this: paths are printf-shaped and relative to the
 * configured roots. A path that starts with "sys/" is looked up below --path.sysfs, one that
 * starts with "proc/" below --path.procfs, any other below --path.rootfs.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/macros.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fs;

#define FS_NAME_MAX 256 /* NAME_MAX + 1 */

/*
 * sysfs and procfs may be NULL: then they are <rootfs>/sys and <rootfs>/proc. A sysfs that is
 * missing below a rootfs that exists is no error (a container without it); a path that was asked
 * for by name and cannot be opened is. On failure *ret_bad is the path at fault. 0 or -errno.
 */
int fs_new(struct fs **ret, const char *rootfs, const char *sysfs, const char *procfs,
	   const char **ret_bad);
void fs_free(struct fs *fs);

/*
 * From here on each file that the calling thread opens, reads or finds in a directory adds one to
 * *steps, after it has been: who watches the counter sees whether the thread is stuck in a read.
 * The counter must live as long as the thread reads.
 */
void fs_count_steps(atomic_ulong *steps);

/* True when the sysfs root is a live sysfs and not a copied tree. */
bool fs_is_live(const struct fs *fs);

/* True when the proc root is a live procfs: there a process has an inode of its own. */
bool fs_has_live_proc(const struct fs *fs);

/*
 * Reads at most size - 1 bytes in one read(2) and appends a NUL; a sysfs attribute is at most a
 * page and is returned whole by one read. Returns the length, -EMSGSIZE when the file is larger
 * (then buf is full of its beginning, without a NUL), or -errno.
 */
int fs_read(const struct fs *fs, char *buf, size_t size, const char *fmt, ...) _printf_(4, 5);

/*
 * The same in two steps, for a file that is read again and again: it is opened, which gives a
 * descriptor or -errno, and then read from its beginning as often as it takes.
 */
int fs_open(const struct fs *fs, const char *fmt, ...) _printf_(2, 3);
int fs_reread(int fd, char *buf, size_t size);

/*
 * Both in one, for an attribute: the descriptor stays in *fd, -1 before the first read, and belongs
 * to the caller. One system call a read instead of three. A descriptor that fails is closed; where
 * the file has gone, what has its path now is read instead.
 */
int fs_read_kept(const struct fs *fs, int *fd, char *buf, size_t size, const char *fmt, ...)
	_printf_(5, 6);

/*
 * A round of reads begins. True, in a copied tree, when a name has changed since the last one on
 * the way to a file that is kept open, or to a directory that is followed: all such files are
 * opened anew. Of a live system the kernel tells. fs_round() is the number of rounds, 0 before the
 * first.
 */
bool fs_begin_round(const struct fs *fs);
uint64_t fs_round(const struct fs *fs);

/* Whether fs_changes() will tell of a name that comes or goes there; a copied tree is watched from
 * now on. */
bool fs_is_followed(const struct fs *fs, const char *fmt, ...) _printf_(2, 3);

/*
 * How often names may have changed: as long as it is the same, what was not there is not there. 0:
 * nobody has said. fs_note_changes() adds one.
 */
uint64_t fs_changes(const struct fs *fs);
void fs_note_changes(const struct fs *fs);

/* A file with one decimal number. 0 or -errno; -EINVAL and -ERANGE for anything else in it. */
int fs_read_u64(const struct fs *fs, uint64_t *ret, const char *fmt, ...) _printf_(3, 4);

/* A file with one hexadecimal number. */
int fs_read_hex(const struct fs *fs, uint64_t *ret, const char *fmt, ...) _printf_(3, 4);

/* A symbolic link's target. 0 or -errno (-ENAMETOOLONG: it does not fit). */
int fs_read_link(const struct fs *fs, char *buf, size_t size, const char *fmt, ...) _printf_(4, 5);

/* The last component of a symbolic link's target. 0 or -errno (-ENOENT: no link). */
int fs_read_link_name(const struct fs *fs, char *buf, size_t size, const char *fmt, ...)
	_printf_(4, 5);

/*
 * The inode number of the entry itself, links not followed. In sysfs a new inode means that the
 * entry was removed and made again. 0 or -errno.
 */
int fs_inode(const struct fs *fs, uint64_t *ret, const char *fmt, ...) _printf_(3, 4);

/*
 * A directory's entries by name, sorted, without dot-files. Ends after FS_LIST_MAX entries.
 * *ret_names is freed with fs_list_free(). Returns their number or -errno.
 */
#define FS_LIST_MAX 4096
int fs_list(const struct fs *fs, char ***ret_names, const char *fmt, ...) _printf_(3, 4);
void fs_list_free(char ***names);

#define _cleanup_list_ _cleanup_(fs_list_free)

/*
 * For walks of thousands of directories: calls visit for each entry with its inode as the directory
 * has it, dot-files included, in the directory's order. Costs an open, a close, and a getdents for
 * each 16 KiB of entries and for the end. visit ends the walk with a value below 0, which is
 * returned; else 0 or -errno.
 */
typedef int (*fs_visitor)(void *data, int dirfd, const char *name, uint64_t inode);
int fs_visit(const struct fs *fs, fs_visitor visit, void *data, const char *fmt, ...)
	_printf_(4, 5);

/* The same of the root of procfs, which is open: one call at a time. */
int fs_visit_proc(const struct fs *fs, fs_visitor visit, void *data);

/* The target of a link in a directory that is visited, cut to size. Its length or -errno. */
int fs_visit_link(int dirfd, const char *name, char *buf, size_t size);

/*
 * The device numbers of what an entry of a directory that is visited leads to. Asks no server of
 * a network file system (AT_STATX_DONT_SYNC). 0; -ENOTTY for what is no character device; -errno.
 */
int fs_visit_device(int dirfd, const char *name, unsigned *ret_major, unsigned *ret_minor);

/* The type, the mode, the owner and the device numbers, as far as mask (STATX_…) asks for them. 0
 * or -errno. */
struct statx;
int fs_visit_status(int dirfd, const char *name, int flags, unsigned mask, struct statx *ret);

/* The permission bits of an entry of a directory that is visited, links not followed, or -errno. */
int fs_visit_mode(int dirfd, const char *name);

/* Who owns the entry itself, links not followed. 0 or -errno. */
int fs_owner(const struct fs *fs, uid_t *ret, const char *fmt, ...) _printf_(3, 4);

/* What stat(2) says of what the path leads to, which is not opened. 0 or -errno. */
struct stat;
int fs_status(const struct fs *fs, struct stat *ret, const char *fmt, ...) _printf_(3, 4);

/* A hash of a directory's entry names, whatever their order. 0 or -errno. */
int fs_list_hash(const struct fs *fs, uint64_t *ret, const char *fmt, ...) _printf_(3, 4);

/*
 * A connection to a stream socket of the file system, not blocking. The descriptor or -errno
 * (-ENOENT: there is no such socket, -ECONNREFUSED: nobody listens).
 */
int fs_connect(const struct fs *fs, const char *fmt, ...) _printf_(2, 3);

/* Has sys_watch_dir() watch a directory of a live system. 0 or -errno. */
int fs_watch_dir(const struct fs *fs, int watch, const char *fmt, ...) _printf_(3, 4);

#endif
