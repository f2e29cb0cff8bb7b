# SPDX-License-Identifier: Apache-2.0
"""System calls of a scrape: the middle one of 50 on one connection, each from one request to the next. Of the server's
own threads: a child that runs meanwhile makes thousands. Usage: calls.py PID PORT"""
import http.client
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from strace import Strace, by_scrape  # noqa: E402: it is found there only now

SCRAPES = 50


def main(pid, port):
    trace = Strace(pid)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(SCRAPES + 2):
        connection.request("GET", "/metrics")
        connection.getresponse().read()
    connection.close()
    tasks = os.listdir(f"/proc/{pid}/task")
    totals = sorted(calls.total() for calls in by_scrape(trace.detach(), tasks))
    print(totals[len(totals) // 2])


main(int(sys.argv[1]), int(sys.argv[2]))
