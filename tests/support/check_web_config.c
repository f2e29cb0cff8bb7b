// SPDX-License-Identifier: Apache-2.0
/* check_web_config FILE...: "ok" or what is wrong, a line for each. */
#include "web/config.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char error[WEB_CONFIG_ERROR];
		struct web_config *config;

		if (web_config_read(argv[i], &config, error) < 0) {
			puts(error);
			continue;
		}
		puts("ok");
		web_config_unref(config);
	}
	return 0;
}
