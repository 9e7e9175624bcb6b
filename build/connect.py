"""Connects its standard input and output to a port of the loopback: connect.py PORT."""

import os
import socket
import sys
import threading

SIZE = 1 << 16


def send(server):
    while data := os.read(0, SIZE):
        server.sendall(data)
    server.shutdown(socket.SHUT_WR)


server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
threading.Thread(target=send, args=(server,), daemon=True).start()
while data := server.recv(SIZE):
    while data:
        data = data[os.write(1, data):]
