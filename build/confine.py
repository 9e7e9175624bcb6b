"""Becomes a program that can get no privileges: confine.py PROGRAM ARGUMENT...

It has no capability, now and after whatever it executes.
"""

import ctypes
import os
import sys

# prctl(2), capset(2).
PR_SET_NO_NEW_PRIVS = 38
PR_CAPBSET_DROP = 24
VERSION_3 = 0x20080522
LAST = 64

libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
    sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
for capability in range(LAST):
    # One that is not there, or no right to give one up.
    libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
if libc.capset(header, (ctypes.c_uint32 * 6)()):
    sys.exit("capset: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
