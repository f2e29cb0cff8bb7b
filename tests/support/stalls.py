# SPDX-License-Identifier: Apache-2.0
"""Evidence that a test's machine stood still: a thread of it sleeps for a tenth of a second, again and
again, and remembers the sleeps that took seconds.

A virtual machine whose host gives it no processor loses seconds in which a server's deadlines pass and
no server can answer. That says nothing of the exporter, and it is seen here: a test that waited in vain
may ask again when, and only when, this has an entry from meanwhile."""
import threading
import time

STEP, LONG = 0.1, 2.0
_found = []
_started = threading.Event()


def _watch():
    before = time.monotonic()
    while True:
        time.sleep(STEP)
        now = time.monotonic()
        if now - before > LONG:
            _found.append((before, now))
        before = now


def watch():
    """Begins to watch, once."""
    if not _started.is_set():
        _started.set()
        threading.Thread(target=_watch, daemon=True).start()


def since(start):
    """The seconds for which the machine stood still after this time (monotonic), 0 if it did not."""
    return sum(end - max(begin, start) for begin, end in list(_found) if end > start)
