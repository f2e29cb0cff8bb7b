# SPDX-License-Identifier: Apache-2.0
"""All of the fleet's exporters in one process on loopback: serve.py NUMBER. Prints its port, then serves the node N
of nodes.py at /N until standard input ends. A node that is silent gets its connection closed."""
import asyncio
import resource
import sys
import time

import nodes


class Exporter(asyncio.Protocol):
    """Just enough of HTTP for a Prometheus on the same machine: requests without a body, one after the other."""

    def __init__(self, fleet):
        self.fleet, self.transport, self.asked = fleet, None, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.asked += data
        if b"\r\n\r\n" not in self.asked:
            return
        path, self.asked = self.asked.split(b" ", 2)[1], b""
        page = self.fleet[int(path[1:])].page(time.time())
        if page is None:
            self.transport.close()
            return
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %d\r\n\r\n" %
                             len(page) + page)


async def main():
    # A connection for each of Prometheus' targets.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    fleet = {node.number: node for node in nodes.fleet(int(sys.argv[1]))}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Exporter(fleet), "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
