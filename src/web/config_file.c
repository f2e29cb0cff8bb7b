// SPDX-License-Identifier: Apache-2.0
#include "web/config_file.h"

#include "base/log.h"
#include "base/macros.h"
#include "base/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_NS 1000000000u

/* What changes when a file is written, or replaced by a rename or by another link's target. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed, modified;
};

/* The file, the certificate, the key, the clients' authority. */
#define FILES 4

struct config_file {
	char *path;
	struct web_config *config;
	struct stamp stamps[FILES];
	uint64_t due;
	struct reloads reloads;
};

static void stamp(struct stamp *ret, const char *path)
{
	struct stat s;

	memset(ret, 0, sizeof(*ret));
	if (!path || stat(path, &s) < 0)
		return;
	ret->device = s.st_dev;
	ret->inode = s.st_ino;
	ret->size = s.st_size;
	ret->changed = s.st_ctim;
	ret->modified = s.st_mtim;
}

static const char *path_of(const struct config_file *file, size_t i)
{
	const struct web_config *config = file->config;
	const char *const paths[] = { file->path, config->cert.path, config->key.path,
				      config->client_ca.path };

	return paths[i];
}

static bool is_readable_by_all(const char *path)
{
	struct stat s;

	return path && stat(path, &s) == 0 && s.st_mode & S_IROTH;
}

static void warn_of_readers(const char *path, const struct web_config *config)
{
	if (is_readable_by_all(config->key.path))
		log_warn("everybody on this machine can read the secret key", "path",
			 config->key.path, "remedy", "chmod o= it");
	if ((config->n_users > 0 || config->key.inline_text) && is_readable_by_all(path))
		log_warn("everybody on this machine can read the web configuration's secrets",
			 "path", path, "remedy", "chmod o= it");
}

static void note_success(struct config_file *file)
{
	file->reloads.success_time = time(NULL);
	file->reloads.last_successful = true;
}

const struct reloads *config_file_reloads(const struct config_file *file)
{
	return file ? &file->reloads : NULL;
}

int config_file_new(struct config_file **ret, const char *path, char error[static WEB_CONFIG_ERROR])
{
	struct config_file *file = calloc(1, sizeof(*file));
	int r = -ENOMEM;

	*error = '\0';
	if (!file)
		return r;
	file->path = strdup(path);
	if (file->path)
		r = web_config_read(path, &file->config, error);
	if (r < 0) {
		config_file_free(file);
		return r;
	}
	for (size_t i = 0; i < FILES; i++)
		stamp(&file->stamps[i], path_of(file, i));
	note_success(file);
	warn_of_readers(path, file->config);
	*ret = file;
	return 0;
}

void config_file_free(struct config_file *file)
{
	if (!file)
		return;
	web_config_unref(file->config);
	free(file->path);
	free(file);
}

/* False with a line in the log if the configuration that counts is to stay. */
static bool read_again(struct config_file *file, struct web_config **ret)
{
	char error[WEB_CONFIG_ERROR] = "out of memory";

	if (web_config_read(file->path, ret, error) < 0) {
		log_error("the web configuration is not valid: the previous one stays in use",
			  "err", error);
		return false;
	}
	if ((*ret)->has_tls == file->config->has_tls)
		return true;
	log_error("the web configuration turns TLS on or off, which needs a restart: the previous "
		  "one stays in use",
		  "path", file->path);
	web_config_unref(*ret);
	return false;
}

/* Names that are new have no stamp from before they were read. */
static void take(struct config_file *file, struct web_config *config)
{
	struct web_config *old = file->config;

	for (size_t i = 1; i < FILES; i++) {
		const char *before = path_of(file, i), *path;

		file->config = config;
		path = path_of(file, i);
		if (path && (!before || strcmp(path, before) != 0))
			stamp(&file->stamps[i], path);
		file->config = old;
	}
	file->config = config;
	web_config_unref(old);
	note_success(file);
	log_info("the web configuration was read again", "path", file->path);
	warn_of_readers(file->path, config);
}

struct web_config *config_file_now(struct config_file *file)
{
	uint64_t now = sys_monotonic_ns();
	struct stamp stamps[FILES];
	struct web_config *config;

	if (!file)
		return NULL;
	if (now < file->due)
		return file->config;
	file->due = now + LOOK_NS;
	for (size_t i = 0; i < FILES; i++)
		stamp(&stamps[i], path_of(file, i));
	if (memcmp(stamps, file->stamps, sizeof(stamps)) == 0)
		return file->config;
	/* From before the reading, so that what changes meanwhile is read again. */
	memcpy(file->stamps, stamps, sizeof(stamps));
	if (read_again(file, &config))
		take(file, config);
	else
		file->reloads.last_successful = false;
	return file->config;
}
