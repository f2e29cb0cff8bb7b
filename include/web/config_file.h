/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that counts now: it follows its file, and those that it names. */
#ifndef WEB_CONFIG_FILE_H
#define WEB_CONFIG_FILE_H

#include "scrape/scrape.h"
#include "web/config.h"

struct config_file;

/* Reads it. 0 or -errno, with what is wrong in error, as web_config_read() has it. */
int config_file_new(struct config_file **ret, const char *path,
		    char error[static WEB_CONFIG_ERROR]);
void config_file_free(struct config_file *file);

/* For other threads, too. NULL for NULL. */
const struct reloads *config_file_reloads(const struct config_file *file);

/*
 * The configuration, the last one that was valid; the file's own as long as nobody else refers to
 * it. Looks at most once a second whether a file has changed, and logs what comes of it. TLS is
 * neither begun nor ended while the server runs: such a change is refused until the next start. By
 * one thread. NULL for NULL: no configuration.
 */
struct web_config *config_file_now(struct config_file *file);

#endif
