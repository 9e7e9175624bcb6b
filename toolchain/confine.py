"""What every step gives up before it begins; put in front of its script.

A step starts as BuildKit starts it: as root, with fourteen capabilities. Its own
script needs those of a file's owner. What it runs of others runs as nobody, with
none, and within limits."""

import ctypes
import os
import platform
import resource
import select
import signal
import struct
import subprocess
import sys

NOBODY = 65534
# CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP and SETFCAP,
# see capabilities(7): to own files, and to start programs that have none of these.
OWNERS = 0b111111011 | 1 << 31
# The last words of a program that are kept for its error, in bytes.
MAX_WORDS = 1 << 20

_libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *args):
    if function(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _prctl(option, *args):
    _call(_libc.prctl, option, *(ctypes.c_ulong(a) for a in (args + (0, 0, 0, 0))[:4]))


def give_up(kept, user=None):
    """Drops all capabilities that are not in the bits of kept, for good, and
    becomes the user, if there is one and this is root."""
    _prctl(38, 1)  # PR_SET_NO_NEW_PRIVS
    if os.geteuid() == 0:
        for number in range(64):
            if not kept >> number & 1:
                try:
                    _prctl(24, number)  # PR_CAPBSET_DROP
                except OSError:
                    break  # there are no more
        if user is not None:
            try:
                os.setgroups([])
            except PermissionError:
                pass  # a rootless builder's, where nobody may
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
    data = ctypes.create_string_buffer(24)
    _call(_libc.capget, header, data)
    _, permitted, _, _, high, _ = struct.unpack("=6I", data.raw)
    low, high = permitted & kept, high & kept >> 32
    _call(_libc.capset, header, struct.pack("=6I", low, low, 0, high, high, 0))


def _filter():
    """A seccomp filter (seccomp(2)) by which a program has threads, and starts no
    other program. execveat stays, for the one exec that starts it."""
    arch, clone, clone3, denied = {
        "x86_64": (0xC000003E, 56, 435, (57, 58, 59)),  # fork, vfork, execve
        "aarch64": (0xC00000B7, 220, 435, (221,)),  # execve
    }[platform.machine()]
    load, equal, at_least, has, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, unknown, kill = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
    program = [
        (load, 0, 0, 4), (equal, 1, 0, arch), (give, 0, 0, kill),
        # The numbers of x32, which mean the same calls.
        (load, 0, 0, 0), (at_least, 0, 1, 0x40000000), (give, 0, 0, refuse),
    ]
    for number in denied:
        program += [(equal, 0, 1, number), (give, 0, 0, refuse)]
    program += [
        # Its flags are in memory, where a filter sees nothing: C libraries then
        # take clone.
        (equal, 0, 1, clone3), (give, 0, 0, unknown),
        (equal, 0, 3, clone), (load, 0, 0, 16), (has, 1, 0, 0x10000), (give, 0, 0, refuse),  # CLONE_THREAD
        (give, 0, 0, allow),
    ]
    return len(program), b"".join(struct.pack("=HBBI", *i) for i in program)


def _limits():
    """The limits of the step, as toolchain.Limits writes them: processes, bytes of
    one process or -1, and seconds."""
    return [int(n) for n in os.environ["DEPLOYFILE_LIMITS"].split()]


def confined(user=None):
    """What a process is before it becomes a program of others: without a
    capability, and within the step's limits."""
    processes, data, _ = _limits()
    give_up(0, user)
    for kind, value in ((resource.RLIMIT_NPROC, processes), (resource.RLIMIT_DATA, data), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        if value >= 0 and (hard == resource.RLIM_INFINITY or value < hard):
            resource.setrlimit(kind, (value, value))


def _alone(program):
    """Becomes a program that can start no other."""
    count, code = _filter()
    code = ctypes.create_string_buffer(code, len(code))
    rules = struct.pack("@HP", count, ctypes.addressof(code))
    file = os.open(program[0], os.O_RDONLY | os.O_CLOEXEC)
    rules = ctypes.create_string_buffer(rules, len(rules))
    _prctl(22, 2, ctypes.addressof(rules))  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    os.execve(file, program, os.environ)


def _user():
    """The user of programs of others: nobody, unless the image's Python is in a
    folder that nobody may enter. Then it is root, without a capability."""
    path = os.path.realpath(sys.executable)
    while path != "/":
        if not os.stat(path).st_mode & 0o001:
            return 0
        path = os.path.dirname(path)
    return NOBODY


def run(args, alone=False, hidden=(), **kw):
    """Runs a program without rights, showing what it says, and returns its exit code
    and its last words, both without what is hidden. Alone, it starts no other
    program."""
    if alone:
        args = [sys.executable, "-I", "-B", __file__, ALONE, *args]
    process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True, preexec_fn=lambda: confined(USER), **kw)
    hidden = [h.encode() for h in hidden]
    words, rest, pipe = b"", b"", process.stdout.fileno()
    # What may be the beginning of something hidden waits for the end of it.
    held = max(map(len, hidden), default=1) - 1
    try:
        while True:
            ready, _, _ = select.select([pipe], [], [], 0.5)
            data = os.read(pipe, 1 << 16) if ready else b""
            # What it left running may hold the pipe.
            ended = not data and (ready or process.poll() is not None)
            rest += data
            for h in hidden:
                rest = rest.replace(h, b"****")
            shown = rest if ended else rest[:max(0, len(rest) - held)]
            rest = rest[len(shown):]
            os.write(2, shown)
            words = (words + shown)[-MAX_WORDS:]
            if ended:
                return process.wait(), words.decode(errors="replace")
    finally:
        process.stdout.close()
        process.kill()
        if os.getpid() == 1:  # what is seen from here is the step
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                pass


def _late(*_):
    _, _, seconds = _limits()
    message = f"not done after {seconds} s, the limit of a step; a longer one: --step-timeout, or the build argument DEPLOYFILE_STEP_TIMEOUT"
    try:
        fail(message)
    except NameError:
        print(message, file=sys.stderr)
    finally:
        os._exit(1)  # threads that wait for somebody are not waited for


def give(path):
    """Makes a folder that programs may write to, and returns it."""
    os.makedirs(path, exist_ok=True)
    os.chown(path, USER, USER)
    return path


USER = _user()
ALONE = "--alone"
if sys.argv[1:2] == [ALONE]:
    _alone(sys.argv[2:])
give_up(OWNERS)
if "DEPLOYFILE_LIMITS" in os.environ:
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(_limits()[2])
    if _limits()[1] >= 0:
        resource.setrlimit(resource.RLIMIT_DATA, (_limits()[1], resource.getrlimit(resource.RLIMIT_DATA)[1]))
