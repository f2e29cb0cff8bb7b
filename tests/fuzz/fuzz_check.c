// SPDX-License-Identifier: Apache-2.0
/* The first byte chooses one of the doctor's parsers. */
#include "fuzz.h"

#include "check/parse.h"

static void clean(const char *value, size_t size)
{
	char again[512];
	size_t n = strnlen(value, size);

	CHECK(n < size);
	/* At most as long again, as what is clean stays as it is. */
	CHECK(text_clean(value, n, again, sizeof(again)) == n);
}

static void records(const char *text, size_t size)
{
	struct kernel_record record;
	size_t pos = 0, before = 0;

	while (parse_kernel_record(text, size, &pos, &record)) {
		CHECK(pos > before && record.text.s >= text &&
		      record.text.s + record.text.len <= text + size);
		CHECK(record.device.len == 0 ||
		      (record.device.s >= text &&
		       record.device.s + record.device.len <= text + size));
		before = pos;
	}
}

static void groups(const char *text, size_t size)
{
	struct text_part line, member;
	struct group_entry group;
	size_t pos = 0;
	uint32_t number;
	char name[32];

	while (parse_line(text, size, &pos, &line))
		if (parse_group_line(line, &group))
			while (parse_word(&group.members, ",", &member))
				CHECK(member.len > 0);
	parse_group_name(text, size, 44, name, sizeof(name));
	parse_group_number(text, size, "render", &number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct firmware_state firmware;
	struct firmware_line loaded;
	struct node_status node;
	struct user_entry user;
	unsigned line, release[3];
	char *text, value[64];
	uint64_t number;

	if (size == 0)
		return 0;
	text = exact(data + 1, size - 1);
	size--;
	switch (data[0] % 12) {
	case 0:
		if (parse_cmdline(text, size, "i915.enable_guc", value, sizeof(value)) == 0)
			clean(value, sizeof(value));
		break;
	case 1:
		if (parse_modprobe(text, size, "i915", &line) != MODPROBE_NOTHING)
			CHECK(line > 0);
		break;
	case 2:
		records(text, size);
		break;
	case 3:
		if (parse_firmware(text, size, &firmware) == 0) {
			clean(firmware.file, sizeof(firmware.file));
			clean(firmware.status, sizeof(firmware.status));
			clean(firmware.version, sizeof(firmware.version));
		}
		break;
	case 4:
		if (parse_passwd(text, size, "jellyfin", &user))
			clean(user.name, sizeof(user.name));
		break;
	case 5:
		groups(text, size);
		break;
	case 6:
		parse_node(text, size, "dev/dri/renderD128", &node);
		break;
	case 7:
		for (unsigned bar = 0; bar < 6; bar++)
			parse_resource(text, size, bar, &number);
		break;
	case 8:
		parse_named_number(text, size, "TOTAL_ERR_FATAL", &number);
		break;
	case 9:
		if (parse_assignment(text, size, "ID", value, sizeof(value)) == 0)
			clean(value, sizeof(value));
		break;
	case 10:
		parse_firmware_line(text, size, &loaded);
		clean(loaded.version, sizeof(loaded.version));
		CHECK(loaded.gt[0] >= '0' && loaded.gt[0] <= '9' && !loaded.gt[1]);
		break;
	default:
		free(text);
		text = terminated(data + 1, size);
		parse_release(text, release);
		parse_list_has(text, "i915");
		if (parse_option(text, "gid", value, sizeof(value)) == 0)
			clean(value, sizeof(value));
	}
	free(text);
	return 0;
}
