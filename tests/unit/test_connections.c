// SPDX-License-Identifier: Apache-2.0
/* Who has to leave for whom, and when. */
#include "test.h"

#include "fake_sys.h"
#include "web/connections.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define PLACES 64
#define OWN    32 /* places of one address */

static struct connections *all;
static void *cancelled;

struct peer {
	struct connection *connection;
	int fds[2];
};

static void cancel(void *request)
{
	cancelled = request;
}

static int setup(void **state)
{
	(void)state;
	cancelled = NULL;
	all = connections_new(PLACES, cancel);
	return all ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	connections_free(all);
	return 0;
}

static const struct sockaddr *address(const char *text)
{
	static struct sockaddr_in6 v6;
	static struct sockaddr_in v4;

	v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	v4 = (struct sockaddr_in){ .sin_family = AF_INET };
	if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
		return (struct sockaddr *)&v6;
	assert_int_equal(inet_pton(AF_INET, text, &v4.sin_addr), 1);
	return (struct sockaddr *)&v4;
}

static struct peer join(const char *from)
{
	struct peer peer;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, peer.fds), 0);
	assert_true(connections_admit(all, address(from)));
	peer.connection = connections_add(all, peer.fds[0], address(from));
	assert_non_null(peer.connection);
	return peer;
}

/* And it has heard of it. */
static bool has_left(const struct peer *peer)
{
	char c;
	bool ended = recv(peer->fds[1], &c, 1, MSG_DONTWAIT) == 0;

	assert_int_equal(ended, connection_has_left(peer->connection));
	return ended;
}

static void part(struct peer *peers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		connections_remove(peers[i].connection);
		close(peers[i].fds[0]);
		close(peers[i].fds[1]);
	}
}

static size_t left(const struct peer *peers, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += has_left(&peers[i]);
	return found;
}

static void oldest_of_an_address_leaves(void **state)
{
	struct peer peers[OWN + 2], other = join("192.0.2.2");

	(void)state;
	for (size_t i = 0; i < OWN + 2; i++) {
		fake_clock_advance(1);
		peers[i] = join("192.0.2.1");
	}
	assert_int_equal(left(peers, OWN + 2), 2);
	assert_true(has_left(&peers[0]) && has_left(&peers[1]));
	assert_false(has_left(&other));
	part(peers, OWN + 2);
	part(&other, 1);
}

static void largest_address_makes_room(void **state)
{
	struct peer first[OWN], second[PLACES - OWN], late;
	char text[32];

	(void)state;
	for (size_t i = 0; i < OWN; i++)
		first[i] = join("2001:db8::1");
	for (size_t i = 0; i < PLACES - OWN; i++) {
		snprintf(text, sizeof(text), "192.0.2.%zu", i + 1);
		second[i] = join(text);
	}
	assert_int_equal(left(first, OWN) + left(second, PLACES - OWN), 0);
	late = join("198.51.100.1");
	assert_int_equal(left(first, OWN), 1);
	assert_int_equal(left(second, PLACES - OWN), 0);
	part(first, OWN);
	part(second, PLACES - OWN);
	part(&late, 1);
}

static void addresses(void **state)
{
	struct peer peers[OWN + 3];

	(void)state;
	/* One network, whatever the rest; and IPv4 in both its forms. */
	for (size_t i = 0; i < OWN; i++)
		peers[i] = join(i % 2 ? "2001:db8::1" : "2001:db8::2:3:4");
	peers[OWN] = join("2001:db8:0:1::1");
	assert_int_equal(left(peers, OWN + 1), 0);
	peers[OWN + 1] = join("2001:db8::9");
	assert_int_equal(left(peers, OWN + 2), 1);
	part(peers, OWN + 2);
	for (size_t i = 0; i < OWN + 1; i++)
		peers[i] = join(i % 2 ? "192.0.2.1" : "::ffff:192.0.2.1");
	assert_int_equal(left(peers, OWN + 1), 1);
	part(peers, OWN + 1);
}

/* Fills an address with one of each kind, and the rest with the one that leaves last. */
static void order_of_leaving(void **state)
{
	enum { HURRIED, YOUNG_ANSWER, IDLE, OLD_SILENT, OLD_ANSWER, PARTS, KINDS };
	static const int order[] = { OLD_ANSWER, PARTS, OLD_SILENT, IDLE, YOUNG_ANSWER, HURRIED };
	struct peer kinds[KINDS], rest[OWN - KINDS], late[KINDS + 1];
	size_t scraping;

	(void)state;
	kinds[OLD_SILENT] = join("192.0.2.1");
	kinds[OLD_ANSWER] = join("192.0.2.1");
	connection_request(kinds[OLD_ANSWER].connection);
	connection_answer(kinds[OLD_ANSWER].connection);
	kinds[IDLE] = join("192.0.2.1");
	connection_request(kinds[IDLE].connection);
	connection_answer(kinds[IDLE].connection);
	fake_clock_advance(SECOND);
	for (size_t i = 0; i < OWN - KINDS; i++) {
		rest[i] = join("192.0.2.1");
		connection_request(rest[i].connection);
		connection_scrape(rest[i].connection, &rest[i]);
	}
	kinds[HURRIED] = join("192.0.2.1");
	connection_request(kinds[HURRIED].connection);
	connection_answer(kinds[HURRIED].connection);
	connection_idle(kinds[HURRIED].connection);
	connection_request(kinds[HURRIED].connection);
	connection_scrape(kinds[HURRIED].connection, &kinds[HURRIED]);
	kinds[YOUNG_ANSWER] = join("192.0.2.1");
	connection_request(kinds[YOUNG_ANSWER].connection);
	connection_answer(kinds[YOUNG_ANSWER].connection);
	kinds[PARTS] = join("192.0.2.1");
	connection_request(kinds[PARTS].connection);
	/* As likely to leave as the silent one, but not in its stage for as long. */
	connection_idle(kinds[IDLE].connection);
	fake_clock_advance(1000);
	scraping = connection_scrapes(kinds[HURRIED].connection);
	assert_int_equal(scraping, OWN - KINDS + 1);

	for (size_t i = 0; i < KINDS; i++) {
		late[i] = join("192.0.2.1");
		if (!has_left(&kinds[order[i]]))
			fail_msg("%d was not number %zu to leave", order[i], i);
	}
	assert_int_equal(left(kinds, KINDS), KINDS);
	assert_int_equal(left(rest, OWN - KINDS), 0);
	assert_int_equal(left(late, KINDS), 0);
	assert_ptr_equal(cancelled, &kinds[HURRIED]);
	/* Now newcomers that hesitate leave for newcomers, and no scrape does. */
	fake_clock_advance(SECOND / 10);
	late[KINDS] = join("192.0.2.1");
	assert_true(has_left(&late[0]));
	assert_int_equal(left(rest, OWN - KINDS), 0);
	assert_int_equal(connection_scrapes(late[1].connection), OWN - KINDS);
	part(kinds, KINDS);
	part(rest, OWN - KINDS);
	part(late, KINDS + 1);
}

static void scrapes_leave_last(void **state)
{
	struct peer peers[OWN + 1];

	(void)state;
	for (size_t i = 0; i < OWN; i++) {
		peers[i] = join("192.0.2.1");
		connection_request(peers[i].connection);
		connection_scrape(peers[i].connection, &peers[i]);
	}
	peers[OWN] = join("192.0.2.1");
	assert_true(has_left(&peers[0]));
	assert_ptr_equal(cancelled, &peers[0]);
	assert_int_equal(left(peers, OWN + 1), 1);
	/* What the library still does with it is nothing. */
	connection_answer(peers[0].connection);
	connection_idle(peers[0].connection);
	assert_int_equal(connection_scrapes(peers[0].connection), 0);
	part(peers, OWN + 1);
}

/* A slow machine's scrape beside many who connect at the same time, and say nothing yet. */
static void newcomers_leave_before_a_scrape(void **state)
{
	struct peer scraper = join("192.0.2.1"), silent[3 * OWN];

	(void)state;
	connection_request(scraper.connection);
	connection_scrape(scraper.connection, &scraper);
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		fake_clock_advance(1000);
		silent[i] = join("192.0.2.1");
		assert_false(has_left(&scraper));
	}
	assert_int_equal(left(silent, ARRAY_SIZE(silent)), 2 * OWN + 1);
	part(&scraper, 1);
	part(silent, ARRAY_SIZE(silent));
}

/* Whose request has come and was not read yet stays, for as long as others say nothing. */
static void who_has_spoken_stays(void **state)
{
	struct peer speaker, silent[2 * OWN], scrapes[OWN];

	(void)state;
	speaker = join("192.0.2.1");
	assert_int_equal(send(speaker.fds[1], "G", 1, 0), 1);
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		fake_clock_advance(1000);
		silent[i] = join("192.0.2.1");
		assert_false(has_left(&speaker));
	}
	assert_int_equal(left(silent, ARRAY_SIZE(silent)), OWN + 1);
	/* But not for longer than scrapes. */
	for (size_t i = 0; i < OWN; i++) {
		scrapes[i] = join("192.0.2.1");
		connection_request(scrapes[i].connection);
		connection_scrape(scrapes[i].connection, &scrapes[i]);
	}
	assert_true(has_left(&speaker));
	assert_int_equal(left(scrapes, OWN), 0);
	part(&speaker, 1);
	part(silent, ARRAY_SIZE(silent));
	part(scrapes, OWN);
}

/* Whether it is cut so many ns after now, and not before. */
static bool ends_after(const struct peer *peer, uint64_t ns)
{
	fake_clock_advance(ns - 1);
	connections_cut_old(all);
	if (has_left(peer))
		return false;
	fake_clock_advance(1);
	assert_int_equal(connections_cut_old(all), UINT64_MAX);
	return has_left(peer);
}

static void ends_of_stages(void **state)
{
	struct peer peers[6];

	(void)state;
	peers[0] = join("192.0.2.1");
	assert_true(ends_after(&peers[0], 10 * SECOND));

	/* The first request's time is the connection's, however it comes. */
	peers[1] = join("192.0.2.1");
	fake_clock_advance(9 * SECOND);
	connection_request(peers[1].connection);
	assert_true(ends_after(&peers[1], SECOND));

	/* A scrape has a deadline of its own, and then the answer has all of its time. */
	peers[2] = join("192.0.2.1");
	connection_request(peers[2].connection);
	connection_scrape(peers[2].connection, NULL);
	fake_clock_advance(100 * SECOND);
	assert_int_equal(connections_cut_old(all), UINT64_MAX);
	connection_answer(peers[2].connection);
	assert_true(ends_after(&peers[2], 10 * SECOND));

	peers[3] = join("192.0.2.1");
	connection_request(peers[3].connection);
	connection_answer(peers[3].connection);
	connection_idle(peers[3].connection);
	assert_true(ends_after(&peers[3], 120 * SECOND));

	peers[4] = join("192.0.2.1");
	connection_request(peers[4].connection);
	connection_answer(peers[4].connection);
	connection_idle(peers[4].connection);
	fake_clock_advance(119 * SECOND);
	connection_request(peers[4].connection);
	assert_true(ends_after(&peers[4], 10 * SECOND));

	peers[5] = join("192.0.2.1");
	connection_request(peers[5].connection);
	connection_answer(peers[5].connection);
	connections_cut_answers(all);
	assert_true(has_left(&peers[5]));
	/* Without a connection there is nothing to do. */
	connections_cut_one(all);
	part(peers, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(oldest_of_an_address_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(largest_address_makes_room, setup, teardown),
		cmocka_unit_test_setup_teardown(addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(order_of_leaving, setup, teardown),
		cmocka_unit_test_setup_teardown(scrapes_leave_last, setup, teardown),
		cmocka_unit_test_setup_teardown(newcomers_leave_before_a_scrape, setup, teardown),
		cmocka_unit_test_setup_teardown(who_has_spoken_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_of_stages, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
