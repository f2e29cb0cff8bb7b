// SPDX-License-Identifier: Apache-2.0
#include "test.h"

/* The table itself is checked. */
#include "sources/gpu/platform.c"

#include <stdio.h>
#include <string.h>

#include "platform_ids.h"

static void example_ids(void **state)
{
	static const struct {
		uint16_t id;
		const char *name, *generation;
		bool discrete;
	} rows[] = {
		{ 0x3577, "i830M", "2", false },
		{ 0x2562, "i845G", "2", false },
		{ 0x3582, "i855", "2", false },
		{ 0x2572, "i865G", "2", false },
		{ 0x2582, "i915G", "3", false },
		{ 0x2592, "i915GM", "3", false },
		{ 0x2772, "i945G", "3", false },
		{ 0x27a2, "i945GM", "3", false },
		{ 0x29c2, "G33", "3", false },
		{ 0xa001, "Pineview", "3", false },
		{ 0x2992, "i965G", "4", false },
		{ 0x2a02, "i965GM", "4", false },
		{ 0x2a42, "GM45", "4", false },
		{ 0x2e22, "G45", "4", false },
		{ 0x0046, "Ironlake", "5", false },
		{ 0x0126, "Sandy Bridge", "6", false },
		{ 0x0166, "Ivy Bridge", "7", false },
		{ 0x0f31, "Bay Trail", "7", false },
		{ 0x0412, "Haswell", "7.5", false },
		{ 0x1616, "Broadwell", "8", false },
		{ 0x22b0, "Cherry Trail", "8", false },
		{ 0x1912, "Skylake", "9", false },
		{ 0x5a85, "Apollo Lake", "9lp", false },
		{ 0x3185, "Gemini Lake", "9lp", false },
		{ 0x5912, "Kaby Lake", "9", false },
		{ 0x3e92, "Coffee Lake", "9", false },
		{ 0x3ea0, "Whiskey Lake", "9", false },
		{ 0x9bc5, "Comet Lake", "9", false },
		{ 0x8a52, "Ice Lake", "11", false },
		{ 0x4571, "Elkhart Lake", "11", false },
		{ 0x4e61, "Jasper Lake", "11", false },
		{ 0x9a49, "Tiger Lake", "12", false },
		{ 0x4c8a, "Rocket Lake", "12", false },
		{ 0x4905, "DG1", "12", true },
		{ 0x4680, "Alder Lake-S", "12", false },
		{ 0xa780, "Raptor Lake-S", "12", false },
		{ 0x46a6, "Alder Lake-P", "12", false },
		{ 0xa7a0, "Raptor Lake-P", "12", false },
		{ 0xa7a1, "Raptor Lake-U", "12", false },
		{ 0x46d1, "Alder Lake-N", "12", false },
		{ 0x56a5, "Alchemist", "12.5", true },
		{ 0x56c0, "Data Center GPU Flex", "12.5", true },
		{ 0x0bd0, "Ponte Vecchio", "12.6", true },
		{ 0x0bd5, "Ponte Vecchio", "12.6", true },
		{ 0x0bdb, "Ponte Vecchio", "12.6", true },
		{ 0x0be5, "Ponte Vecchio", "12.6", true },
		{ 0x7d55, "Meteor Lake", "12.7", false },
		{ 0x7d67, "Arrow Lake", "12.7", false },
		{ 0x64a0, "Lunar Lake", "xe2", false },
		{ 0xe20b, "Battlemage", "xe2", true },
		{ 0xb080, "Panther Lake", "xe3", false },
		{ 0xfd80, "Wildcat Lake", "xe3", false },
		{ 0xd740, "Nova Lake-S", "xe3", false },
		{ 0xd750, "Nova Lake-P", "xe3p", false },
		{ 0x674c, "Crescent Island", "xe3p", true },
	};
	bool seen[ARRAY_SIZE(platforms)] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct platform *p = platform_find(rows[i].id);

		assert_row(p != NULL, rows[i].name);
		assert_string_equal(p->name, rows[i].name);
		assert_string_equal(p->generation, rows[i].generation);
		assert_row(p->discrete == rows[i].discrete, rows[i].name);
		seen[p - platforms] = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(platforms); i++)
		assert_row(seen[i], platforms[i].name);
}

static void every_id_of_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernel_ids); i++) {
		for (const uint16_t *id = kernel_ids[i].ids; *id; id++) {
			const struct platform *p = platform_find(*id);

			if (!p || strcmp(p->name, kernel_ids[i].platform) != 0)
				fail_msg("%04x is %s and not %s", *id, p ? p->name : "unknown",
					 kernel_ids[i].platform);
		}
	}
}

/* As people write it: D decodes, E encodes, of H.264, HEVC, HEVC of 10 bits, VP9, AV1, JPEG. */
static void capabilities(void **state)
{
	static const struct {
		uint16_t id;
		const char *codecs, *rest;
	} rows[] = {
		{ 0x2a42, "- - - - - -", "" },
		{ 0x0046, "D - - - - -", "" },
		{ 0x0166, "DE - - - - D", "S" },
		{ 0x0412, "DE - - - - D", "S" },
		{ 0x1616, "DE - - - - D", "gvt S" },
		{ 0x22b0, "DE D - - - DE", "S" },
		{ 0x1912, "DE DE - - - DE", "gvt LP S" },
		{ 0x5a85, "DE DE D D - DE", "gvt LP S" },
		{ 0x3185, "DE DE DE D - DE", "LP S" },
		{ 0x5912, "DE DE DE D - DE", "gvt LP S" },
		{ 0x3e92, "DE DE DE D - DE", "gvt LP S" },
		{ 0x9bc5, "DE DE DE D - DE", "gvt LP S" },
		{ 0x8a52, "DE DE DE DE - DE", "LP S HDR" },
		{ 0x4571, "DE DE DE DE - DE", "LP" },
		{ 0x4e61, "DE DE DE DE - DE", "LP" },
		{ 0x9a49, "DE DE DE DE D DE", "sriov LP S HDR" },
		{ 0x4c8a, "DE DE DE DE D DE", "LP S HDR" },
		{ 0x4905, "DE DE DE DE D DE", "LP S HDR" },
		{ 0x4680, "DE DE DE DE D DE", "sriov LP S HDR" },
		{ 0xa780, "DE DE DE DE D DE", "sriov LP S HDR" },
		{ 0x46a6, "DE DE DE DE D DE", "sriov LP S HDR" },
		{ 0xa7a0, "DE DE DE DE D DE", "sriov LP S HDR" },
		{ 0xa7a1, "DE DE DE DE D DE", "sriov LP S HDR" },
		{ 0x46d1, "DE DE DE DE D DE", "sriov LP S HDR" },
		{ 0x56a5, "DE DE DE DE DE DE", "LP HDR" },
		{ 0x56c0, "DE DE DE DE DE DE", "sriov LP HDR" },
		{ 0x0bda, "- - - - - -", "" },
		{ 0x7d55, "DE DE DE DE DE DE", "sriov LP HDR" },
		{ 0x7d67, "DE DE DE DE DE DE", "sriov LP HDR" },
		{ 0x64a0, "DE DE DE D DE DE", "LP HDR" },
		{ 0xe20b, "DE DE DE D DE DE", "sriov LP HDR" },
		{ 0xb080, "DE DE DE DE DE DE", "sriov LP HDR" },
		{ 0xfd80, "DE DE DE DE DE DE", "sriov LP HDR" },
		{ 0xd740, NULL, NULL },
		{ 0xd750, NULL, NULL },
		{ 0x674c, NULL, NULL },
	};
	static const unsigned codecs[][2] = {
		{ CAN_DECODE_H264, CAN_ENCODE_H264 },
		{ CAN_DECODE_HEVC, CAN_ENCODE_HEVC },
		{ CAN_DECODE_HEVC_10BIT, CAN_ENCODE_HEVC_10BIT },
		{ CAN_DECODE_VP9, CAN_ENCODE_VP9 },
		{ CAN_DECODE_AV1, CAN_ENCODE_AV1 },
		{ CAN_DECODE_JPEG, CAN_ENCODE_JPEG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct platform *p = platform_find(rows[i].id);
		unsigned can = p->capabilities;
		char text[64] = "", rest[32] = "";

		assert_row(!(can & CAN_WHAT_IS_NOT_KNOWN) == !!rows[i].codecs, p->name);
		if (!rows[i].codecs)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(codecs); j++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s%s",
				 j > 0 ? " " : "", can & codecs[j][0] ? "D" : "",
				 can & codecs[j][1] ? "E" : "",
				 can & (codecs[j][0] | codecs[j][1]) ? "" : "-");
		snprintf(rest, sizeof(rest), "%s%s%s%s%s", can & CAN_GVT ? " gvt" : "",
			 can & CAN_SRIOV ? " sriov" : "", can & CAN_ENCODE_LOW_POWER ? " LP" : "",
			 can & CAN_ENCODE_WITH_SHADERS ? " S" : "",
			 can & CAN_MAP_TONES ? " HDR" : "");
		if (strcmp(text, rows[i].codecs) != 0 ||
		    strcmp(rest + (*rest == ' '), rows[i].rest) != 0)
			fail_msg("%s can \"%s\",\"%s\"", p->name, text, rest);
		assert_row(!(can & CAN_ENCODE_LOW_POWER) == !(can & CAN_ENCODE_LOW_POWER_WITH_HUC),
			   p->name);
	}
	assert_string_equal(capability_name(0), "gvt_g");
	assert_string_equal(capability_name(12), "av1_encode");
	assert_int_equal(CAN_ENCODE_AV1, 1 << 12);
	assert_string_equal(capability_name(18), "hdr_tone_mapping");
	assert_int_equal(CAN_MAP_TONES, 1 << 18);
	assert_null(capability_name(19));
}

static void unknown_ids(void **state)
{
	/* 0x1111 is QEMU's VGA (of another vendor), 0x7d19 an NPU. */
	static const uint16_t unknown[] = { 0,	    0xffff, 0x1111, 0x7d19, 0x3e95, 0x3e97,
					    0x0401, 0x040f, 0x56b4, 0xe213, 0x46d5, 0x0be2 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_null(platform_find(unknown[i]));
}

static void ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_compare(ids[i].first, <=, ids[i].last);
		assert_in_range(ids[i].platform, 0, ARRAY_SIZE(platforms) - 1);
		for (size_t j = 0; j < i; j++)
			if (ids[i].first <= ids[j].last && ids[j].first <= ids[i].last)
				fail_msg("%04x-%04x and %04x-%04x overlap", ids[j].first,
					 ids[j].last, ids[i].first, ids[i].last);
	}
}

static void every_platform_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(platforms); i++) {
		bool used = false;

		assert_non_null(platforms[i].name);
		assert_non_null(platforms[i].generation);
		for (size_t j = 0; j < ARRAY_SIZE(ids); j++)
			used |= ids[j].platform == i;
		assert_row(used, platforms[i].name);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(platforms[i].name, platforms[j].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_ids),	cmocka_unit_test(every_id_of_the_kernel),
		cmocka_unit_test(capabilities), cmocka_unit_test(unknown_ids),
		cmocka_unit_test(ranges),	cmocka_unit_test(every_platform_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
