# SPDX-License-Identifier: Apache-2.0
"""crowd.py PORT NUMBER SECONDS [WORDS [CUT]]: holds that many connections to 127.0.0.1:PORT until its
input ends, in a process of its own so that it takes no time from who watches. It sends the words
(as Python writes bytes) on each, and of what comes it reads a byte now and then. One that is cut is
opened again up to SECONDS later, with 0 at once and without a rest, and with negative SECONDS each closes by itself up to so many
seconds after it was opened. Prints how many were cut once that are CUT (all but 40), or after 20 s; and in
the end how many it has opened."""
import ast
import heapq
import random
import selectors
import socket
import sys
import time

port, number, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
words = ast.literal_eval(sys.argv[4]) if len(sys.argv) > 4 else b""
awaited = int(sys.argv[5]) if len(sys.argv) > 5 else number - 40
selector, due = selectors.DefaultSelector(), []  # due: when, order, a socket to close or None to open
opened = cut = 0


def later(sock):
    heapq.heappush(due, (time.monotonic() + random.random() * abs(seconds), opened + cut, sock))


def start():
    global opened
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.setblocking(False)
    sock.connect_ex(("127.0.0.1", port))
    opened += 1
    selector.register(sock, selectors.EVENT_WRITE)
    if seconds < 0:
        later(sock)


def end(sock):
    global cut
    cut += 1
    if sock.fileno() >= 0:
        selector.unregister(sock)
        sock.close()
    if seconds < 0:
        start()
    else:
        later(None)


def turn(sock, events):
    try:
        if events & selectors.EVENT_WRITE:
            selector.modify(sock, selectors.EVENT_READ)
            if words:
                sock.send(words)
            return
        if sock.recv(1):
            return
    except OSError:
        pass
    if seconds < 0:
        selector.unregister(sock)  # closed when its time is over
        sock.close()
    else:
        end(sock)


selector.register(sys.stdin, selectors.EVENT_READ)
for _ in range(number):
    start()
told, over, begun = False, False, time.monotonic()
while not over:
    for key, mask in selector.select(0.02 if seconds else 0.001):
        if key.fileobj is sys.stdin:
            over = True
        else:
            turn(key.fileobj, mask)
    while due and due[0][0] < time.monotonic():
        sock_due = heapq.heappop(due)[2]
        if sock_due:
            end(sock_due)
        else:
            start()
    if not told and (cut >= awaited or time.monotonic() > begun + 20):
        print(cut, flush=True)
        told = True
    if seconds > 0:
        time.sleep(0.01)  # readers are slow
print(opened, flush=True)
