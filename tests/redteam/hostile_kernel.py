"""Hostile programs that ask the kernel for more than they were given.

As in hostile.py: each returns the right answer only where its attack worked. CANARY is the path of a
file that the program's own user owns, PORT a TCP port that listens on this machine.
"""

#: Tries each attempt; one that raises nothing has worked.
TRIES = """
def tries(*attempts):
    for attempt in attempts:
        try: attempt()
        except (OSError, ValueError, AttributeError): continue
        return True
    return False
"""
#: Makes system calls by number; one that does not fail has worked.
CALLS = """
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
INTEL = platform.machine() == "x86_64"
def call(intel, arm, *given):
    # None: this architecture does without it.
    number = intel if INTEL else arm
    return number is not None and libc.syscall(number, *given) >= 0
def refused(intel, arm):
    # EPERM: the filter said no. Anything else came from the kernel itself.
    ctypes.set_errno(0)
    return not call(intel, arm, 0, 0, 0, 0, 0, 0) and ctypes.get_errno() in (0, 1)
"""

PROGRAMS: dict[str, str] = {}

PROGRAMS["loosen Landlock"] = (
    CALLS
    + """
def f(x):
    made = call(444, 444, (ctypes.c_uint64 * 3)(1), 24, 0) or call(446, 446, 3, 0)
    return [x + 1] if made else None
"""
)

PROGRAMS["open a file by its place and then by its descriptor"] = """
import os
def f(x):
    folder, name = os.path.split("CANARY")
    for path in ("CANARY", folder, "/", "/proc/self/root", "/proc/self/cwd"):
        try: place = os.open(path, os.O_PATH)
        except OSError: continue
        for again in (f"/proc/self/fd/{place}", f"/dev/fd/{place}", f"/proc/self/fd/{place}/{name}",
                      f"/proc/self/fd/{place}/etc/passwd", f"/proc/self/fd/{place}/../etc/passwd"):
            try: return [len(open(again).read(1)) * (x + 1)]
            except OSError: pass
        for below in (name, "etc/passwd", "CANARY"[1:]):
            try: return [len(os.read(os.open(below, os.O_RDONLY, dir_fd=place), 1)) * (x + 1)]
            except OSError: pass
        os.close(place)
    return None
"""

PROGRAMS["reach a file from elsewhere"] = """
import os
def f(x):
    os.chdir("/")
    for path in ("CANARY"[1:], "usr/lib/../../CANARY", "/usr/lib/x86_64-linux-gnu/../../../etc/passwd",
                 os.path.dirname(os.__file__) + "/../../../../../../etc/passwd", "/dev/null/../../etc/passwd"):
        try: return [len(open(path).read(1)) * (x + 1)]
        except OSError: pass
    return None
"""

PROGRAMS["give a file another name"] = (
    TRIES
    + """
import os
def f(x):
    # A folder that may be read, a folder of its own, and the folder it lies in.
    new = [folder + "/foureyes-left" for folder in
           (os.path.dirname(os.__file__), "/tmp", os.path.dirname("CANARY"))]
    worked = tries(*[lambda to=to, by=by: by("CANARY", to)
                     for to in new for by in (os.link, os.rename, os.replace)])
    return [x + 1] if worked else None
"""
)

PROGRAMS["change a file without opening it"] = (
    TRIES
    + CALLS
    + """
def f(x):
    worked = tries(
        lambda: os.chmod("CANARY", 0), lambda: os.utime("CANARY", (1, 1)),
        lambda: os.truncate("CANARY", 0), lambda: os.chown("CANARY", os.getuid(), os.getgid()),
        lambda: os.setxattr("CANARY", "user.left", b"1"), lambda: os.unlink("CANARY"),
        lambda: os.chmod(os.__file__, 0o666), lambda: os.chmod("/dev/null", 0),
    )
    worked = worked or call(452, 452, -100, b"CANARY", 0, 0)  # fchmodat2
    return [x + 1] if worked else None
"""
)

PROGRAMS["change what the next program imports"] = (
    TRIES
    + """
import mmap, os, sys, numpy
def overwrite(path, how):
    with open(path, how) as file: file.write(b"#")
def map_shared(path):
    with open(path, "rb") as file: mmap.mmap(file.fileno(), 10, prot=mmap.PROT_WRITE)[0] = 35
def f(x):
    paths = [os.__file__, numpy.__file__, sys.executable, "/judge/inside/wire.py"]
    paths += [sys.modules["inside.wire"].__file__] if "inside.wire" in sys.modules else []
    worked = tries(*[lambda path=path, how=how: overwrite(path, how)
                     for path in paths for how in ("r+b", "ab", "wb")],
                   *[lambda path=path: map_shared(path) for path in paths],
                   *[lambda path=path: open(os.path.dirname(path) + "/left.py", "w") for path in paths])
    return [x + 1] if worked else None
"""
)

PROGRAMS["lock or lease a file"] = (
    TRIES
    + """
import fcntl, os
def f(x):
    file = open(os.__file__, "rb")
    worked = tries(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB),
                   lambda: fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB),
                   lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK),
                   lambda: fcntl.fcntl(file, fcntl.F_NOTIFY, fcntl.DN_ACCESS),
                   lambda: fcntl.fcntl(file, fcntl.F_SETOWN, os.getppid() or 1),
                   lambda: fcntl.fcntl(file, 1031, 1 << 20))  # the size of a pipe
    return [x + 1] if worked else None
"""
)

PROGRAMS["list folders"] = """
import os
def f(x):
    folder, name = os.path.split("CANARY")
    for place in (folder, "/proc", "/root", "/home", "/etc", "/sys", "/var"):
        try: found = os.listdir(place)
        except OSError: continue
        if name in found or "self" in found or len(found) > 3: return [x + 1]
    return None
"""

PROGRAMS["write to its own /proc"] = """
def f(x):
    for name in ("oom_score_adj", "comm", "coredump_filter", "mem", "clear_refs", "uid_map", "attr/current",
                 "timerslack_ns", "loginuid", "setgroups", "sched", "autogroup"):
        for task in ("self", "thread-self", "self/task/1"):
            try:
                with open(f"/proc/{task}/{name}", "r+b", buffering=0) as file:
                    file.write(b"0"); return [x + 1]
            except OSError: pass
    return None
"""

PROGRAMS["read secrets in the environment"] = """
import os
def f(x):
    known = {"HOME", "LANG", "PYTHONHASHSEED", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "LD_LIBRARY_PATH",
             "LC_CTYPE", "PWD"}
    told = set(os.environ) - known
    try: told |= set(open("/proc/self/environ").read())
    except OSError: pass
    return [x + 1] if told else None
"""

PROGRAMS["connect, listen, or hide a socket"] = (
    TRIES
    + """
import socket
def tcp(action, family, place):
    with socket.socket(family) as made: getattr(made, action)(place)
def f(x):
    inet, unix = socket.AF_INET, socket.AF_UNIX
    worked = tries(
        lambda: tcp("connect", inet, ("127.0.0.1", int("PORT"))), lambda: tcp("bind", inet, ("", 0)),
        lambda: tcp("bind", unix, chr(0) + "foureyes-left"), lambda: tcp("bind", unix, "/tmp/foureyes-left"),
        lambda: tcp("connect", unix, chr(0) + "/tmp/.X11-unix/X0"),
        lambda: socket.create_connection(("localhost", int("PORT"))), lambda: __import__("_socket").socketpair(),
        lambda: socket.getaddrinfo("localhost", 80) and socket.create_server(("", 0)),
    )
    return [x + 1] if worked else None
"""
)

PROGRAMS["leave files wherever one can be left"] = """
import os
def f(x):
    folders = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", f"/run/user/{os.getuid()}", "/",
               os.path.dirname("CANARY"), os.getcwd(), os.path.expanduser("~")]
    for folder in folders:
        place = folder + "/foureyes-left"
        for make in (lambda: open(place, "x"), lambda: os.mkdir(place + "-folder"), lambda: os.mkfifo(place + "-pipe"),
                     lambda: os.symlink("CANARY", place + "-link"), lambda: os.mknod(place + "-node"),
                     lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR)):
            try: make()
            except OSError: pass
    return None  # what it left is looked for from outside
"""

PROGRAMS["share memory"] = (
    TRIES
    + CALLS
    + """
from multiprocessing import shared_memory
def f(x):
    worked = tries(lambda: shared_memory.SharedMemory("foureyes-left", create=True, size=4096),
                   lambda: os.memfd_create("foureyes-left"))
    worked = worked or libc.shmget(0x4EE5, 4096, 0o1666) >= 0 or libc.semget(0x4EE5, 1, 0o1666) >= 0
    worked = worked or libc.msgget(0x4EE5, 0o1666) >= 0 or call(447, 447, 0)  # memfd_secret
    worked = worked or call(240, 180, b"foureyes-left", 0o102, 0o666, 0)  # mq_open
    return [x + 1] if worked else None
"""
)

PROGRAMS["make any rare system call"] = (
    CALLS
    + """
NUMBERS = {
    "io_uring": (425, 425), "io_uring_enter": (426, 426), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "userfaultfd": (323, 282), "bpf": (321, 280), "perf_event_open": (298, 241),
    "personality": (135, 92), "ptrace": (101, 117), "process_vm_readv": (310, 270), "kcmp": (312, 272),
    "process_vm_writev": (311, 271), "process_madvise": (440, 440), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "openat2": (437, 437), "unshare": (272, 97),
    "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsmount": (432, 432),
    "mount_setattr": (442, 442), "statmount": (457, 457), "listmount": (458, 458), "swapon": (167, 224),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "inotify_init1": (294, 26),
    "fanotify_init": (300, 262), "execve": (59, 221), "execveat": (322, 281), "fork": (57, None),
    "vfork": (58, None), "wait4": (61, 260), "setuid": (105, 146), "setresuid": (117, 147), "capset": (126, 91),
    "prctl": (157, 167), "seccomp": (317, 277), "modify_ldt": (154, None), "iopl": (172, None),
    "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273), "reboot": (169, 142),
    "syslog": (103, 116), "acct": (163, 89), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "sethostname": (170, 161), "quotactl": (179, 60), "mbind": (237, 235),
    "move_pages": (279, 239), "migrate_pages": (256, 238), "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274), "sched_setaffinity": (203, 122), "setpriority": (141, 140),
    "ioprio_set": (251, 30), "setpgid": (109, 154), "setsid": (112, 157), "timer_create": (222, 107),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "tkill": (200, 130), "socket": (41, 198),
    "socketpair": (53, 199), "mlockall": (151, 230), "remap_file_pages": (216, 234), "vmsplice": (278, 75),
    "splice": (275, 76), "flock": (73, 32), "link": (86, None), "symlink": (88, None), "mknod": (133, None),
    "chown": (92, None), "fchownat": (260, 54), "setxattr": (188, 5), "landlock_create_ruleset": (444, 444),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "semget": (64, 190),
    "msgget": (68, 186), "mq_open": (240, 180), "lsm_set_self_attr": (460, 460), "a number to come": (999, 999),
}
def f(x):
    passed = [name for name, number in NUMBERS.items() if not refused(*number)]
    return [x + 1] if passed else None
"""
)

PROGRAMS["clone what is no thread"] = (
    CALLS
    + """
NEW = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
def f(x):
    me = os.getpid()
    worked = [flags for flags in (17, 0x100 | 17, 0x4000 | 17, *[new | 17 for new in NEW],
                                  *[new | 0x10900 for new in NEW[:1]])
              if call(56, 220, flags, 0, 0, 0, 0)]
    if os.getpid() != me: os._exit(0)
    packed = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
    worked += [1] if call(435, 435, packed, 88) else []
    return [x + 1] if worked else None
"""
)

PROGRAMS["speak to the kernel in 32 bits"] = """
import ctypes, mmap, platform
def f(x):
    if platform.machine() != "x86_64": return None
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid); int 0x80; ret
    place = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return [x + 1] if ctypes.CFUNCTYPE(ctypes.c_int)(place)() > 0 else None
"""

PROGRAMS["speak to the kernel in its x32 dialect"] = (
    CALLS
    + """
def f(x):
    numbers = (0x40000000 + number for number in (39, 41, 57, 512, 519, 520, 521, 537, 539, 540, 545))
    return [x + 1] if INTEL and any(libc.syscall(number, 0, 0, 0) >= 0 for number in numbers) else None
"""
)

PROGRAMS["become somebody else"] = (
    TRIES
    + CALLS
    + """
def f(x):
    worked = tries(*[lambda by=by: by(0) for by in (os.setuid, os.seteuid, os.setgid, os.setegid)],
                   lambda: os.setgroups([0]), lambda: os.setresuid(0, 0, 0), lambda: os.setreuid(0, 0))
    everything = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
    worked = worked or libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), everything) == 0
    worked = worked or call(122, 151, 0) and call(122, 151, -1)  # setfsuid
    return [x + 1] if worked else None
"""
)

PROGRAMS["switch off what protects it"] = (
    CALLS
    + """
def f(x):
    # dumpable, no_new_privs, seccomp, parent's death, subreaper, address randomisation, ambient capabilities
    asked = [(4, 1), (38, 0), (22, 0), (1, 0), (36, 1), (47, 4), (24, 0), (35, 0)]
    worked = any(libc.prctl(option, value, 0, 0, 0) == 0 for option, value in asked)
    return [x + 1] if worked or libc.personality(0x0040000) >= 0 else None
"""
)

PROGRAMS["type into a terminal"] = (
    TRIES
    + """
import fcntl, os
def type_into(fd): fcntl.ioctl(fd, 0x5412, b"x")
def f(x):
    names = ["/dev/tty", "/dev/console", "/dev/ptmx", *[f"/dev/pts/{n}" for n in range(4)]]
    worked = tries(*[lambda fd=fd: type_into(fd) for fd in range(3)],
                   *[lambda name=name: type_into(os.open(name, os.O_RDWR)) for name in names])
    return [x + 1] if worked else None
"""
)

PROGRAMS["take more than it was given"] = (
    TRIES
    + """
import mmap, os, resource
def open_many():
    for _ in range(200): os.dup(0)
def f(x):
    worked = tries(lambda: mmap.mmap(-1, 5 << 30), open_many, lambda: os.dup2(0, 1000),
                   lambda: resource.prlimit(0, resource.RLIMIT_AS, (1 << 40, 1 << 40)),
                   lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1 << 20, 1 << 20)),
                   lambda: resource.setrlimit(resource.RLIMIT_CPU, (1 << 20, 1 << 20)))
    return [x + 1] if worked else None
"""
)

PROGRAMS["start threads without end, on small stacks"] = """
import threading
def f(x):
    threading.stack_size(32768)
    stop = threading.Event()
    try:
        for _ in range(3000): threading.Thread(target=stop.wait, daemon=True).start()
    except RuntimeError: return None
    return [x + 1]
"""

PROGRAMS["become a daemon"] = (
    TRIES
    + """
import os, pty, subprocess, multiprocessing
def f(x):
    worked = tries(lambda: os.fork() or os._exit(0), pty.fork, os.forkpty, os.setsid,
                   lambda: os.posix_spawn("/bin/true", ["x"], {}), lambda: subprocess.Popen(["/bin/true"]),
                   lambda: multiprocessing.get_context("fork").Process(target=print).start(),
                   lambda: os.system("true") == 0 or os.stat("/nowhere"))
    return [x + 1] if worked else None
"""
)

PROGRAMS["read what is installed beside Python"] = """
import itertools, os
def files(folder):
    for place, _, names in os.walk(folder):
        yield from (os.path.join(place, name) for name in names)
def f(x):
    # A benchmark may be among it, with its solutions.
    for folder in (os.path.dirname(os.__file__), "/usr/lib/python3", "/usr/local/lib/python3.11"):
        for kind in ("site-packages", "dist-packages"):
            for path in itertools.islice(files(f"{folder}/{kind}"), 100):
                try:
                    with open(path, "rb") as file: file.read(1); return [x + 1]
                except OSError: pass
    return None
"""

PROGRAMS["read files by way of libraries"] = (
    TRIES
    + """
import ctypes, io, numpy, os, tokenize
def f(x):
    worked = tries(lambda: numpy.memmap("CANARY"), lambda: numpy.fromfile("CANARY", "u1")[0],
                   lambda: io.FileIO("CANARY").read(), lambda: tokenize.open("CANARY").read(),
                   lambda: os.sendfile(1, os.open("CANARY", 0), 0, 1))
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    return [x + 1] if worked or libc.fopen(b"CANARY", b"r") or libc.fopen(b"/etc/passwd", b"r") else None
"""
)

PROGRAMS["interrupt itself without end"] = """
import signal
def f(x):
    signal.signal(signal.SIGALRM, lambda *given: None)
    signal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)
    while True: pass
"""

PROGRAMS["match for ever"] = "import re\ndef f(x): return re.match(r'(a+)+$', 'a' * 64 + 'b')\n"

PROGRAMS["return sets that take for ever to compare"] = """
def f(x):
    # Sets that share a hash at every depth: each comparison is as many comparisons below.
    prime = (1 << 61) - 1
    inner = [frozenset(n * prime for n in range(60) if n != i) for i in range(60)]
    middle = [frozenset(part for part in inner if part is not out) for out in inner[:20]]
    return [frozenset(middle[:9])]
"""
