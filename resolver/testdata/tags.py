"""Prints the tags that packaging accepts on a glibc Linux, best first.

python tags.py 11 x86_64 36 > tags-cp311-x86_64-2.36.txt
"""

import sys

from packaging import tags

minor, machine, glibc = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
legacy = {17: "manylinux2014"} | ({12: "manylinux2010", 5: "manylinux1"} if machine == "x86_64" else {})
platforms = []
for g in range(glibc, 4 if machine == "x86_64" else 16, -1):
    platforms.append(f"manylinux_2_{g}_{machine}")
    if g in legacy:
        platforms.append(f"{legacy[g]}_{machine}")
platforms.append(f"linux_{machine}")
version = (3, minor)
for tag in tags.cpython_tags(version, platforms=platforms):
    print(tag)
for tag in tags.compatible_tags(version, f"cp3{minor}", platforms):
    print(tag)
