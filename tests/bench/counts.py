# SPDX-License-Identifier: Apache-2.0
"""counts: what noise cannot touch: system calls, programs, processes, netlink messages."""
import os
import re
import shutil
import subprocess

from measure import Failed
import stage as st

KINDS = ("syscalls", "execve", "clone", "netlink")
CLONES = {"clone", "clone3", "fork", "vfork"}
SLEEPS = {"nanosleep", "clock_nanosleep"}
BEGINS = re.compile(r"^(\d+) +(\w+)\(")
ENDS = re.compile(r"^(\d+) +\+\+\+ ")
SENT = re.compile(r"^\d+ +send(?:to|msg|mmsg)\(")


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
            mine["netlink"] += line.count("nlmsg_len=")
    for rest in since.values():
        add(counts, rest)
    return counts, alive


class Counter:
    """Runs commands below strace: `traces[operation]` is a file that is whole once all ended."""

    def __init__(self, directory):
        self.dir = directory
        self.traces = {}

    def run(self, operation, argv, env=None, stdin="/dev/null", **_):
        """As measure.Timer.run; everything that argv starts is counted as its own."""
        trace = []
        if operation:
            name = f"{self.dir}/{len(self.traces)}.trace"
            self.traces[operation] = name
            # The tracer is a grandchild: what goes on running does not hold the command up.
            trace = [shutil.which("strace"), "-D", "-f", "-v", "-s", "0", "-o", name]
        with open(stdin, "rb") as source, open(f"{self.dir}/out", "w+b") as out, \
                open(f"{self.dir}/err", "w+b") as err:
            code = subprocess.call(trace + argv, stdin=source, stdout=out, stderr=err,
                                   env=env or os.environ)
            out.seek(0)
            err.seek(0)
            if code != 0:
                raise Failed(f"{' '.join(argv)}: exit status {code}: {err.read().decode()}")
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


def instructions(argv, directory, env=None, stdin="/dev/null"):
    """User-space instructions of one process, by callgrind; None where it cannot run."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        return None
    out = f"{directory}/callgrind"
    with open(stdin, "rb") as source:
        done = subprocess.run(
            [valgrind, "--tool=callgrind", f"--callgrind-out-file={out}"] + argv, stdin=source,
            capture_output=True, env=env, check=False)
    if done.returncode != 0:
        return None
    with open(out, encoding="utf-8", errors="replace") as f:
        found = re.search(r"^(?:summary|totals): (\d+)", f.read(), re.MULTILINE)
    return int(found[1]) if found else None
