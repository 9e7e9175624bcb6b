"""The shared libraries that a wheel links to (ELF, elf(5))."""

import struct
import zlib

# The largest program or module that is looked into, in bytes.
MAX_ELF = 1 << 30
MAX_LIBRARIES = 1000
MAX_ENTRIES = 1 << 16
# The longest name of a library, in bytes: no file has a longer one.
MAX_NAME = 255
# The parts of the C library, without which there is no base.
LIBC = re.compile(r"(ld-linux[a-z0-9-]*|libc|libm|libmvec|libdl|libpthread|librt|libutil|libresolv|libanl)\.so\.[0-9]+")
LIBRARY = re.compile(r"[A-Za-z0-9._+-]{1,255}")


def needed(data):
    """The names that the dynamic section of an ELF file of 64 bits asks for; none of
    anything else."""
    if data[:6] != b"\x7fELF\x02\x01":
        return []
    try:
        (start,), (size, count) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<HH", data, 54)
        headers = [struct.unpack_from("<IIQQQQ", data, start + n * size) for n in range(count)]
        names, address = [], None
        for kind, _, offset, _, _, length in headers:
            if kind != 2:  # PT_DYNAMIC
                continue
            for at in range(offset, offset + min(length, MAX_ENTRIES * 16), 16):
                tag, value = struct.unpack_from("<qQ", data, at)
                if tag == 0:
                    break
                if tag == 1:  # DT_NEEDED
                    names.append(value)
                elif tag == 5:  # DT_STRTAB, an address
                    address = value
            break
        if address is None:
            return []
        strings = next(o + address - a for k, _, o, a, _, n in headers if k == 1 and a <= address < a + n)
        found = []
        for n in names[:MAX_LIBRARIES]:
            # No further: a file without an end of names would be searched for each.
            end = data.index(b"\0", strings + n, strings + n + MAX_NAME + 1)
            found.append(data[strings + n:end].decode("ascii"))
        return found
    except (struct.error, ValueError, StopIteration):
        return []  # no file that Linux loads


def libraries(wheel):
    """The libraries that the files of a wheel link to, and that it does not contain."""
    wanted, have = set(), set()
    try:
        with zipfile.ZipFile(wheel) as z:
            for member in z.infolist():
                name = member.filename.rpartition("/")[2]
                if not re.search(r"\.so(\.|$)", name) and "/scripts/" not in member.filename or member.file_size > MAX_ELF:
                    continue
                have.add(name)
                wanted.update(needed(z.read(member)))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error) as e:
        fail(f"the build made a wheel that cannot be read: {e}")
    return sorted(n for n in wanted - have if LIBRARY.fullmatch(n) and not LIBC.fullmatch(n))[:MAX_LIBRARIES]


