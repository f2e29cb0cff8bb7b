# SPDX-License-Identifier: Apache-2.0
"""A kubelet's pod-resources socket for tests: a gRPC server for one unary call (HTTP/2 with prior
knowledge, RFC 9113), and its messages. Headers that it sends are literals (RFC 7541, 6.2.2); of those that it
receives it knows the path, as nghttp2 codes it."""
import os
import socket
import struct
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
FRAME = 16384
PATH = bytes.fromhex("049363b857d679369507b6c21519cc8496c6339909")  # :path: /v1.PodResourcesLister/List


# --- messages, as in api.proto of kubelet/pkg/apis/podresources/v1 ---------------------------------

def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def devices(resource, *ids):
    """ContainerDevices, with a topology as a real one has it."""
    return field(2, field(1, resource) + b"".join(field(2, one) for one in ids) + field(3, field(1, field(1, 0))))


def claim(driver, device, cdi="intel.com/gpu=any"):
    """DynamicResource."""
    claimed = field(1, field(1, cdi)) + field(2, driver) + field(3, "node1") + field(4, device)
    return field(5, field(2, "gpu") + field(3, "media") + field(4, claimed))


def container(name, *parts):
    return field(3, field(1, name) + b"".join(parts) + field(3, b"\x00\x01\x02"))


def pod(namespace, name, *containers):
    return field(1, field(1, name) + field(2, namespace) + b"".join(containers))


# --- server --------------------------------------------------------------------------------------

def header(name, value):
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


class Kubelet:
    """It listens at the path. What it does with a connection is in `behave`, which may be changed at any
    time: bytes are a message, a number is a status of gRPC instead, "late" a failure after a message, "silent" takes the request and says nothing,
    "close" ends the connection, "garbage" is no HTTP/2, "flood" sends frames without end, "short" declares
    more than it sends, "compressed" says that it is."""

    def __init__(self, path, behave=b""):
        self.behave, self.path, self.calls = behave, str(path), 0
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Its directory may have a longer path than an address.
        here = os.open(os.path.dirname(self.path), os.O_PATH)
        self.server.bind(f"/proc/self/fd/{here}/{os.path.basename(self.path)}")
        os.close(here)
        self.server.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        os.unlink(self.path)

    def serve(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.attend, args=(connection,), daemon=True).start()

    def attend(self, connection):
        with connection:
            connection.settimeout(30)
            try:
                Call(self, connection).run()
            except (OSError, EOFError):
                pass


class Call:
    def __init__(self, kubelet, connection):
        self.kubelet, self.connection = kubelet, connection
        self.windows = {0: 65535, 1: 65535}

    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.connection.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def frame(self):
        """The next frame: kind, flags, payload. Settings, pings and windows are seen to."""
        top = self.read(9)
        payload = self.read(int.from_bytes(top[:3], "big"))
        kind, flags, stream = top[3], top[4], int.from_bytes(top[5:], "big")
        if kind == SETTINGS and not flags & ACK:
            self.connection.sendall(frame(SETTINGS, ACK, 0))
        if kind == WINDOW:
            self.windows[stream] += int.from_bytes(payload, "big")
        return kind, flags, payload

    def send_data(self, data, last=False):
        """In frames, as far as the client lets it."""
        while data:
            n = min(len(data), FRAME, *self.windows.values())
            if n <= 0:
                self.frame()
                continue
            end = END_STREAM if last and n == len(data) else 0
            self.connection.sendall(frame(DATA, end, 1, data[:n]))
            self.windows = {stream: left - n for stream, left in self.windows.items()}
            data = data[n:]

    def run(self):
        behave = self.kubelet.behave
        if behave == "garbage":
            self.connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100)
            return
        if self.read(len(PREFACE)) != PREFACE:
            return
        self.connection.sendall(frame(SETTINGS, 0, 0))
        request, known = b"", False
        while True:
            kind, flags, payload = self.frame()
            known |= kind == HEADERS and PATH in payload
            request += payload if kind == DATA else b""
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                break
        self.kubelet.calls += 1
        self.answer(behave if known and request == bytes(5) else 12)

    def answer(self, behave):
        headers = b"\x88" + header("content-type", "application/grpc")
        if behave == "close":
            return
        while behave == "silent":
            self.frame()
        if behave == "flood":
            while True:
                self.connection.sendall(frame(PING, ACK, 0, bytes(8)) * 1000)
        if isinstance(behave, int):  # of gRPC, in the only headers
            self.connection.sendall(frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                          headers + header("grpc-status", str(behave))))
        else:
            message = behave if isinstance(behave, bytes) else b"short" if behave == "short" else b""
            declared = len(message) + (behave == "short")
            self.connection.sendall(frame(HEADERS, END_HEADERS, 1, headers))
            self.send_data(struct.pack(">BI", behave == "compressed", declared) + message)
            self.connection.sendall(frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                          header("grpc-status", "13" if behave == "late" else "0")))
        try:
            while True:  # until the client ends it
                self.frame()
        except EOFError:
            pass
