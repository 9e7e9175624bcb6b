"""Connects its standard input and output to a port of the loopback: connect.py PORT.

What the server sends is put out as frames: a length of four bytes, big-endian, and as
many bytes. A frame of length 0 says that the server will send no more. The program ends
when its input does, and with 0, whatever happens: see remote.go.
"""

import os
import socket
import sys
import threading
import time

# Starting this program takes longer than waiting for a server that starts.
PATIENCE = 10

SIZE = 1 << 16


def send(server):
    try:
        while data := os.read(0, SIZE):
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def connect(port):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def put(data):
    frame = len(data).to_bytes(4, "big") + data
    while frame:
        frame = frame[os.write(1, frame):]


server = None
try:
    server = connect(int(sys.argv[1]))
    sender = threading.Thread(target=send, args=(server,))
    sender.start()
    while data := server.recv(SIZE):
        put(data)
except (OSError, RuntimeError):  # the latter for want of a thread
    pass
put(b"")
if server:
    try:
        server.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
while os.read(0, SIZE):
    pass
