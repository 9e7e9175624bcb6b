"""Runs a server, and outlives it: supervise.py PROGRAM ARGUMENT...

Standard error gets the server's exit code, as a line; what the server prints goes to
standard output. A container that ended with its server would take with it the processes
that connect to it: see remote.go.
"""

import os
import signal
import sys

server = os.fork()
if server == 0:
    os.dup2(1, 2)
    os.execvp(sys.argv[1], sys.argv[1:])

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _: os.kill(server, number))
# As the first process of the container it also gets the ends of orphans.
while True:
    process, status = os.wait()
    if process == server:
        break
code = os.waitstatus_to_exitcode(status)
os.write(2, b"%d\n" % (code if code >= 0 else 128 - code))
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
while True:
    signal.pause()
