"""Installs the mounted .deb files, leaving no trace of when.

Arguments: the folder of the files, and optionally the name and the "uid[:gid]" of a user
who is to have a name."""

import glob
import hashlib
import os
import struct
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


MANUALS = [f"/usr/share/man/man{n}" for n in range(1, 9)]
# What ca-certificates-java makes of the certificates of the system, and its password.
KEYSTORE, PASSWORD = "/etc/ssl/certs/java/cacerts", "changeit"


def make_manuals(start):
    """Makes the folders of manuals that a slim image lacks, if a package that was just
    unpacked puts links into them when it is configured, as Java's do. Returns them."""
    for script in glob.glob("/var/lib/dpkg/info/*.postinst"):
        if os.lstat(script).st_ctime >= start - 1:
            with open(script, "rb") as f:
                if b"/usr/share/man" in f.read():
                    break
    else:
        return []
    made = [m for m in MANUALS if not os.path.lexists(m)]
    for m in made:
        os.makedirs(m)
    return made


def settle_keystore():
    """Gives the certificates of Java's keystore (JKS) one time and one order."""
    if os.path.islink(KEYSTORE) or not os.path.isfile(KEYSTORE):
        return
    with open(KEYSTORE, "rb") as f:
        data = f.read()
    try:
        magic, version, count = struct.unpack_from(">III", data)
        entries, at = [], 12
        for _ in range(count if (magic, version) == (0xFEEDFEED, 2) else 0):
            start = at
            tag, length = struct.unpack_from(">IH", data, at)
            alias = data[at + 6:at + 6 + length]
            date = at = at + 6 + length
            at += 8 + 2 + struct.unpack_from(">H", data, at + 8)[0]
            at += 4 + struct.unpack_from(">I", data, at)[0]
            if tag != 2:
                return  # a key, and no certificate
            entries.append((alias, data[start:date] + struct.pack(">Q", EPOCH * 1000) + data[date + 8:at]))
    except struct.error:
        return
    if not entries or at + 20 != len(data):
        return
    body = data[:12] + b"".join(e for _, e in sorted(entries))
    digest = hashlib.sha1(PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + body).digest()
    with open(KEYSTORE, "wb") as f:
        f.write(body + digest)


def name_user(name, user):
    """Gives a user a line in /etc/passwd, unless it has one or the name is another's."""
    uid, _, gid = user.partition(":")
    with open("/etc/passwd", "r+", encoding="utf-8") as f:
        lines = f.read()
        known = [line.split(":") for line in lines.splitlines()]
        if not any(len(k) > 2 and (k[2] == uid or k[0] == name) for k in known):
            end = "" if lines.endswith("\n") or not lines else "\n"
            f.write(f"{end}{name}:x:{uid}:{gid or uid}::/tmp:/usr/sbin/nologin\n")


def main():
    start = time.time()
    before = {t: present(t) is not None for t in TRACES}
    debs = sorted(glob.glob(sys.argv[1] + "/*.deb"))
    subprocess.run(["dpkg", "--unpack", "--force-unsafe-io", *debs], check=True)
    manuals = make_manuals(start)
    subprocess.run(["dpkg", "--configure", "-a", "--force-unsafe-io"], check=True)
    for m in manuals:
        if not os.listdir(m):
            os.rmdir(m)
    settle_keystore()
    if len(sys.argv) > 2:
        name_user(*sys.argv[2:])
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
