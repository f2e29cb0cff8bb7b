// SPDX-License-Identifier: Apache-2.0
#include "flags.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is_end(const struct argp_option *option)
{
	return !option->name && !option->key && !option->doc && !option->group;
}

/* The flag of this name, or else the only one whose name begins so; NULL. */
static const struct argp_option *find(const struct argp_option *table, const char *name, size_t len)
{
	const struct argp_option *begins = NULL;
	size_t n = 0;

	for (const struct argp_option *option = table; !is_end(option); option++) {
		if (!option->name || strncmp(option->name, name, len) != 0)
			continue;
		if (!option->name[len])
			return option;
		begins = option;
		n++;
	}
	return n == 1 ? begins : NULL;
}

/* What is no flag's name is left to getopt: letters, and what it knows to explain. */
static const struct argp_option *check(struct argp_state *state, const struct argp_option *table,
				       char **arg)
{
	size_t dashes = strncmp(*arg, "--", 2) == 0 ? 2 : 1;
	const char *name = *arg + dashes;
	size_t len = strcspn(name, "=");
	const struct argp_option *option;

	if (len < 2)
		return NULL;
	option = find(table, name, len);
	if (!option)
		return NULL;
	if (option->name[len])
		argp_failure(state, argp_err_exit_status, 0,
			     "%.*s: a flag is not abbreviated; write --%s", (int)(len + dashes),
			     *arg, option->name);
	if (dashes == 2)
		return option;
	if (strcmp(name, "help") == 0)
		*arg = (char *)"--help";
	else if (strcmp(name, "version") == 0)
		*arg = (char *)"--version";
	else
		argp_failure(state, argp_err_exit_status, 0,
			     "%.*s: a flag has two dashes; write --%s", (int)(len + dashes), *arg,
			     option->name);
	return option;
}

void flags_check(struct argp_state *state, const struct argp_option *table)
{
	/* argp sets it after ARGP_KEY_INIT only. */
	state->name = basename(state->argv[0]);
	for (int i = 1; i < state->argc && strcmp(state->argv[i], "--") != 0; i++) {
		const struct argp_option *option;

		if (state->argv[i][0] != '-')
			continue;
		option = check(state, table, &state->argv[i]);
		/* The next word is its value. */
		if (option && option->arg && !(option->flags & OPTION_ARG_OPTIONAL) &&
		    !strchr(state->argv[i], '='))
			i++;
	}
}
