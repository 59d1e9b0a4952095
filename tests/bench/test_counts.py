# SPDX-License-Identifier: Apache-2.0
"""test_counts: what counts.py makes of traces, and what check-budget says of it; no root."""
import importlib.machinery
import importlib.util
import os
import sys
import unittest

sys.dont_write_bytecode = True

import counts  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LOOK = ["7 sendto(3, [{nlmsg_len=32, nlmsg_type=RTM_GETLINK}, {nlmsg_len=16}], 48, 0) = 48",
        "7 recvmsg(3, {nlmsg_len=99}) = 99"]
PAUSE = ["7 clock_nanosleep(CLOCK_REALTIME, 0, {tv_nsec=50000}, NULL) = 0"]
CALLGRIND = """\
fn=(1) main
3 1000
cfn=(2) poll_for_it
calls=1 7
4 {inclusive}
fn=(2)
7 10
cfn=(3) look
calls={looks} 20
8 {cost}
cfn=(4) nanosleep
calls={pauses} 30
9 {slept}
fn=(4)
30 1
cfn=(5) clock_nanosleep
calls={pauses} 40
31 {slept}

totals: {total}
"""


def check_budget():
    """The program as a module: it has no suffix."""
    loader = importlib.machinery.SourceFileLoader("check_budget", f"{HERE}/check-budget")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_budget", loader))
    loader.exec_module(module)
    return module


class Trace(unittest.TestCase):
    """A trace of strace."""

    def test_every_kind(self):
        found, alive = counts.parse([
            '7 execve("/bin/x", ["x"], [/* 1 var */]) = 0',
            '7 execve("/no/x", ["x"], []) = -1 ENOENT (No such file or directory)',
            "7 clone3({flags=CLONE_NEWNS}, 88 <unfinished ...>",
            "8 openat(AT_FDCWD, ...) = 3",
            "7 <... clone3 resumed>) = 8",
            "7 --- SIGCHLD {si_signo=SIGCHLD} ---",
            "8 exit_group(0) = ?",
            "8 +++ exited with 0 +++",
            *LOOK])
        self.assertEqual(found, {"syscalls": 7, "execve": 1, "clone": 1, "netlink": 2,
                                 "netlink bytes": 48})
        self.assertEqual(alive, {"7"})

    def test_a_poll_counts_once_however_often_it_looks(self):
        often = [counts.parse(["7 getpid() = 7"] + (LOOK + PAUSE) * n + LOOK + ["7 getuid() = 0"])[0]
                 for n in (1, 2, 50)]
        self.assertEqual(often[0], often[1])
        self.assertEqual(often[0], often[2])


class Instructions(unittest.TestCase):
    """Files of callgrind and of steps."""

    @staticmethod
    def profile(looks):
        cost, slept = 300 * looks, 22 * (looks - 1)
        return CALLGRIND.format(looks=looks, cost=cost, pauses=looks - 1, slept=slept,
                                inclusive=10 + cost + slept, total=1010 + cost + slept)

    def test_totals(self):
        self.assertEqual(counts.instructions("4711\n"), 4711)
        self.assertEqual(counts.instructions("events: Ir\nsummary: 12\nfn=(1) main\n1 12\n"), 12)

    def test_a_poll_counts_once(self):
        self.assertEqual(counts.instructions(self.profile(2)), 1010 + 300 + 22)
        self.assertEqual(counts.instructions(self.profile(90)), 1010 + 300 + 22)


class Budget(unittest.TestCase):
    """What is too much."""

    def test_growth(self):
        grown = check_budget().grown
        self.assertIsNone(grown("run", "syscalls", 1030, 1000))
        self.assertEqual(grown("run", "syscalls", 1031, 1000), "run: syscalls: 1031, budget 1000")
        self.assertIsNone(grown("state", "syscalls", 53, 50))
        self.assertTrue(grown("state", "syscalls", 54, 50))
        self.assertTrue(grown("run", "execve", 4, 3))
        self.assertTrue(grown("run", "clone", 1, 0))

    def test_every_operation_has_a_budget(self):
        compare = check_budget().compare
        self.assertEqual(list(compare({"new": {"syscalls": 1}}, {})), ["new: not in budget.json"])
        self.assertEqual(list(compare({"run": {"syscalls": 1}}, {"run": {"syscalls": 1}})), [])

    def test_what_a_host_has_no_budget_for(self):
        class Asked:
            instructions, steps = True, True
        lacking = check_budget().lacking
        self.assertEqual(lacking({"create": {"syscalls": 1}}, Asked), "instructions")
        self.assertEqual(lacking({"create": {}, "start": {"instructions": 1}}, Asked),
                         "instructions of containers")
        self.assertIsNone(lacking({"create": {"instructions": 1}}, Asked))


if __name__ == "__main__":
    os.chdir(HERE)
    unittest.main()
