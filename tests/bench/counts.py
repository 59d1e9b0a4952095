# SPDX-License-Identifier: Apache-2.0
"""counts: what noise cannot touch: system calls, programs, processes, netlink messages."""
import glob
import os
import re
import shutil
import signal
import subprocess

from measure import Failed
import stage as st

KINDS = ("syscalls", "execve", "clone", "netlink", "netlink bytes")
KEPT = ("TTRPC_ADDRESS", "GLIBC_TUNABLES")  # the rest of the environment would count, too
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLONES = {"clone", "clone3", "fork", "vfork"}
SLEEPS = {"nanosleep", "clock_nanosleep"}
BEGINS = re.compile(r"^(\d+) +(\w+)\(")
ENDS = re.compile(r"^(\d+) +\+\+\+ ")
LENGTH = re.compile(r"nlmsg_len=(\d+)")
SENT = re.compile(r"^\d+ +send(?:to|msg|mmsg)\(")
TOTAL = re.compile(r"^(?:(?:summary|totals): )?(\d+)$", re.MULTILINE)
NAME = re.compile(r"^c?fn=(\(\d+\))(?: (.+))?")
PAUSE = "nanosleep"
# What is to be traced waits three seconds for strace -D, and is ended before it has done anything;
# a busy machine may take longer.
ATTACHED = 10


def add(into, more):
    """Add counts to counts."""
    for kind, n in more.items():
        into[kind] += n


def parse(lines):
    """Count a trace of `strace -f -v`; returns the counts and the processes that have not ended.

    How often a poll looks depends on the machine's load: what a process does between two sleeps
    counts once, however many there are.
    """
    counts, alive, slept, since = dict.fromkeys(KINDS, 0), set(), set(), {}
    for line in lines:
        ended = ENDS.match(line)
        if ended:
            alive.discard(ended[1])
            continue
        call = BEGINS.match(line)  # neither the second half of a call nor a signal
        if not call:
            continue
        pid, name = call.groups()
        alive.add(pid)
        mine = since.setdefault(pid, dict.fromkeys(KINDS, 0))
        if name in SLEEPS:
            if pid not in slept:
                add(counts, mine)
            slept.add(pid)
            del since[pid]
            continue
        mine["syscalls"] += 1
        mine["execve"] += name in ("execve", "execveat") and " = -1 " not in line
        mine["clone"] += name in CLONES
        if SENT.match(line):
            lengths = LENGTH.findall(line)
            mine["netlink"] += len(lengths)
            mine["netlink bytes"] += sum(map(int, lengths))
    for rest in since.values():
        add(counts, rest)
    return counts, alive


def callees(lines):
    """{function: {callee: [calls, instructions]}} of a file of callgrind."""
    names, found, function, callee, calls = {}, {}, "", "", 0
    for line in lines:
        name = NAME.match(line)
        if name:
            names[name[1]] = name[2] or names[name[1]]  # told in full the first time
            if line.startswith("c"):
                callee = names[name[1]]
            else:
                function = names[name[1]]
        elif line.startswith("calls="):
            calls = int(line[6:].split()[0])
        elif calls:  # the line after it
            entry = found.setdefault(function, {}).setdefault(callee, [0, 0])
            entry[0] += calls
            entry[1] += int(line.split()[1])
            calls = 0
    return found


def instructions(text):
    """What `steps` or callgrind counted; of what a poll calls between its pauses, one look."""
    more = 0
    for called in callees(text.splitlines()).values():
        if PAUSE in called:
            more += sum(cost - cost // calls for calls, cost in called.values())
    return int(TOTAL.search(text)[1]) - more


class Counter:
    """Runs commands below strace: `traces[operation]` is a file that is whole once all ended."""

    def __init__(self, directory):
        self.dir = directory
        self.traces = {}

    def run(self, operation, argv, env=None, stdin="/dev/null", cwd=None):
        """As measure.Timer.run; everything that argv starts is counted as its own."""
        trace = []
        if operation:
            name = f"{self.dir}/{len(self.traces)}.trace"
            self.traces[operation] = name
            # The tracer is a grandchild: what goes on running does not hold the command up.
            trace = [shutil.which("strace"), "-D", "-f", "-v", "-s", "0", "-o", name]
        env = {k: v for k, v in (env or os.environ).items() if k in KEPT or k.startswith("CNI_")}
        with open(stdin, "rb") as source, open(f"{self.dir}/out", "w+b") as out, \
                open(f"{self.dir}/err", "w+b") as err:
            code = -signal.SIGALRM
            for _ in range(ATTACHED):
                if code == -signal.SIGALRM:
                    code = subprocess.call(trace + argv, stdin=source, stdout=out, stderr=err,
                                           env=env | {"PATH": PATH}, cwd=cwd)
            out.seek(0)
            err.seek(0)
            if code != 0:
                raise Failed(f"{' '.join(argv)}: exit status {code}: "
                             f"{err.read().decode()} {out.read().decode()}")
            return out.read().decode()

    def note(self, operation, nanoseconds):
        """Times are nothing to us."""

    def counts(self):
        """{operation: {kind: count}}; waits until all that was traced has ended."""
        return {op: self.count(op, path) for op, path in self.traces.items()}

    @staticmethod
    def count(operation, path):
        """The counts of one trace."""
        result = {}

        def whole():
            with open(path, encoding="utf-8", errors="replace") as f:
                result["counts"], alive = parse(f)
            return not alive

        if not st.wait_until(whole):
            raise Failed(f"{operation}: what it started goes on")
        return result["counts"]


class Instructions(Counter):
    """Runs commands so that user-space instructions are counted.

    By callgrind, which is fast and pretends the same CPU everywhere; `steps`, if it is given, does
    it for what callgrind cannot run: it knows no system call that makes a container, nor pidfds.
    """
    # Below `steps` the C library takes its plainest functions, whatever this CPU could do faster.
    PLAIN = "glibc.cpu.hwcaps=" + ",".join(f"-{c}" for c in (
        "AVX", "AVX2", "AVX512F", "AVX512VL", "AVX512BW", "BMI2", "ERMS", "FSRM", "SSE4_1",
        "SSE4_2", "SSSE3", "AVX_Fast_Unaligned_Load", "Fast_Unaligned_Copy"))
    STEPPED = {"run", "create", "exec", "kill", "shim pod"}
    LEFT_OUT = {"pod run -d", "pod rm --force"}  # callgrind cannot; their parts have budgets

    def __init__(self, directory, steps=None):
        super().__init__(directory)
        self.steps = steps

    def run(self, operation, argv, env=None, stdin="/dev/null", cwd=None):
        env, words = env or os.environ, []
        path = f"{self.dir}/{len(self.traces)}.instructions"
        if operation in self.STEPPED and self.steps:
            env = dict(env, GLIBC_TUNABLES=self.PLAIN)
            words = [self.steps, path]
        elif operation and operation not in self.STEPPED | self.LEFT_OUT:
            words = [shutil.which("valgrind"), "--tool=callgrind", "-q",
                     f"--callgrind-out-file={path}.%p"]
        if words:
            for old in self.parts(path):
                os.unlink(old)
            self.traces[operation] = path
        return super().run(None, words + argv, env=env, stdin=stdin, cwd=cwd)

    @staticmethod
    def parts(path):
        """The files of one command: callgrind's are one a process."""
        return glob.glob(path) + glob.glob(f"{path}.[0-9]*")

    @classmethod
    def count(cls, operation, path):
        if not st.wait_until(lambda: cls.parts(path), 120, 0.01):
            raise Failed(f"{operation}: what it started goes on")
        total = 0
        for name in cls.parts(path):
            with open(name, encoding="utf-8", errors="replace") as f:
                total += instructions(f.read())
        return {"instructions": total}
