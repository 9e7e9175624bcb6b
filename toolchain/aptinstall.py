"""Installs the mounted .deb files, leaving no trace of when."""

import glob
import os
import subprocess
import sys
import time

EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])
# Written anew by every run of dpkg and ldconfig, and needed by nothing.
TRACES = ["/var/log/dpkg.log", "/var/log/apt", "/var/log/alternatives.log", "/var/cache/ldconfig/aux-cache",
          "/var/lib/dpkg/status-old", "/var/lib/dpkg/available-old", "/var/cache/debconf/config.dat-old",
          "/var/cache/debconf/templates.dat-old", "/var/lib/dpkg/lock", "/var/lib/dpkg/lock-frontend",
          "/var/lib/dpkg/triggers/Lock"]


def present(path):
    return os.lstat(path) if os.path.lexists(path) else None


def main():
    start = time.time()
    before = {t: present(t) is not None for t in TRACES}
    debs = sorted(glob.glob(sys.argv[1] + "/*.deb"))
    subprocess.run(["dpkg", "--unpack", "--force-unsafe-io", *debs], check=True)
    subprocess.run(["dpkg", "--configure", "-a", "--force-unsafe-io"], check=True)
    for t in TRACES:
        if os.path.islink(t):
            continue  # a package's script made it, and it may lead anywhere
        if os.path.isfile(t) and not before[t]:
            os.remove(t)
        elif os.path.isfile(t) and os.lstat(t).st_mtime >= start - 1:
            open(t, "w").close()
    for folder, dirs, files in os.walk("/"):
        if folder == "/":
            dirs[:] = [d for d in dirs if d not in ("proc", "sys", "dev", "run", "tmp")]
        for name in files + dirs:
            path = os.path.join(folder, name)
            try:
                if os.lstat(path).st_mtime >= start - 1:
                    os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
            except OSError:
                pass


main()
