// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/workload/pods.h"

#include <errno.h>
#include <string.h>

#define UID "0a1b2c3d-1111-2222-3333-444455556666"
#define ID  "aaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccdddd"

static void folders(void **state)
{
	static const char *const bad[] = {
		"",	      "a",	    "a_b",	   "_b_" UID,  "a__" UID,
		"a_b_",	      "a_b_c_" UID, "a_B_" UID,	   "a_b_\xff", "a_b_" ID "0",
		"a_b\n_" UID, "a b_c_" UID, "../x_b_" UID,
	};
	struct pod_name pod;

	(void)state;
	assert_int_equal(pods_dir_parse("kube-system_cilium-x7k2p_" UID, &pod), 0);
	assert_string_equal(pod.namespace, "kube-system");
	assert_string_equal(pod.pod, "cilium-x7k2p");
	assert_string_equal(pod.id, UID);
	assert_string_equal(pod.container, "");
	assert_int_equal(
		pods_dir_parse("kube-system_etcd-n1_0123456789abcdef0123456789abcdef", &pod), 0);
	assert_int_equal(pods_dir_parse("a_my.pod.name_" UID, &pod), 0);
	assert_string_equal(pod.pod, "my.pod.name");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_row(pods_dir_parse(bad[i], &pod) == -EINVAL, bad[i]);
	assert_string_equal(pod.pod, "my.pod.name");
}

static void logs(void **state)
{
	static const char *const bad[] = {
		"",
		".log",
		"p_n_c-" ID,
		"p_n_c" ID ".log",
		"p_n_-" ID ".log",
		"p_n-" ID ".log",
		"p_c-" ID ".log",
		"_n_c-" ID ".log",
		"p__c-" ID ".log",
		"p_n_C-" ID ".log",
		"p_n_c_d-" ID ".log",
		"p_n_c-" ID "0.log.1",
		/* Cut at 251 characters. */
		"a-pod-with-a-long-name_n_c-aaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccdddd.log",
	};
	struct pod_name pod;

	(void)state;
	assert_int_equal(pods_log_parse("jellyfin-0_media_my-app-" ID ".log", &pod), 0);
	assert_string_equal(pod.namespace, "media");
	assert_string_equal(pod.pod, "jellyfin-0");
	assert_string_equal(pod.container, "my-app");
	assert_string_equal(pod.id, ID);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_row(pods_log_parse(bad[i], &pod) == -EINVAL, bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders),
		cmocka_unit_test(logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
