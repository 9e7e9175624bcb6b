"""Connects its standard input and output to a port of the loopback: connect.py PORT."""

import os
import socket
import sys
import threading
import time

# Starting this program takes longer than waiting for a server that starts.
PATIENCE = 10

SIZE = 1 << 16


def send(server):
    while data := os.read(0, SIZE):
        server.sendall(data)
    server.shutdown(socket.SHUT_WR)


def connect(port):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


server = connect(int(sys.argv[1]))
threading.Thread(target=send, args=(server,), daemon=True).start()
while data := server.recv(SIZE):
    while data:
        data = data[os.write(1, data):]
