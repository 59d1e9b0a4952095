# SPDX-License-Identifier: Apache-2.0
"""test_measure: the statistics of measure.py, on samples of which everything is known; no root."""
import itertools
import os
import random
import statistics
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import measure  # noqa: E402


class Interval(unittest.TestCase):
    """The 95 % interval of a median."""

    def test_order_statistics(self):
        self.assertEqual(measure.interval(list(range(60, 0, -1))), (23, 38))
        self.assertEqual(measure.interval(list(range(1, 9))), (2, 7))
        self.assertEqual(measure.interval([3]), (3, 3))

    def test_it_covers_the_median_in_95_of_100_runs(self):
        source = random.Random(7)
        for draw, middle in ((lambda: source.expovariate(1), 0.6931),
                             (lambda: source.gauss(5, 2), 5)):
            inside = 0
            for _ in range(2000):
                low, high = measure.interval([draw() for _ in range(40)])
                inside += low <= middle <= high
            self.assertTrue(0.93 < inside / 2000 < 0.99, inside)

    def test_one_wild_sample_does_not_move_it(self):
        calm = [10 + i / 100 for i in range(30)]
        self.assertLess(measure.interval(calm[:-1] + [1e9])[1], 11)


class Summary(unittest.TestCase):
    """What is told of one operation of one contender."""

    def test_figures(self):
        s = measure.summary([n * 1_000_000 for n in (5, 1, 2, 3, 4, 6, 7, 8, 9, 100)])
        self.assertEqual((s["n"], s["median_ms"], s["min_ms"], s["p90_ms"], s["mad_ms"]),
                         (10, 5.5, 1, 9, 2.5))


class Ratio(unittest.TestCase):
    """Of pairs, and told only if it is clear."""

    def test_noise_that_both_suffer_cancels_out(self):
        load = [1, 9, 2, 30, 4, 1, 80, 3, 5, 2, 7, 1]
        found = measure.ratio([10 * n for n in load], [40 * n for n in load])
        self.assertEqual((found["median"], found["low"], found["high"]), (0.25, 0.25, 0.25))
        self.assertTrue(found["clear"])

    def test_refused_when_the_interval_is_wide(self):
        source = random.Random(3)
        ours = [source.uniform(1, 20) for _ in range(20)]
        theirs = [source.uniform(1, 20) for _ in range(20)]
        self.assertFalse(measure.ratio(ours, theirs)["clear"])

    def test_the_border(self):
        def of(width):  # of 16 pairs the interval is from the 5th to the 12th
            return measure.ratio([1 - width / 2] * 5 + [1] * 6 + [1 + width / 2] * 5, [1] * 16)
        self.assertEqual((of(0.29)["low"], of(0.29)["high"]), (1 - 0.29 / 2, 1 + 0.29 / 2))
        self.assertTrue(of(0.29)["clear"])
        self.assertFalse(of(0.31)["clear"])

    def test_refused_when_there_are_few_pairs(self):
        few, enough = measure.MIN_ROUNDS - 1, measure.MIN_ROUNDS
        self.assertFalse(measure.ratio([1] * few, [2] * few)["clear"])
        self.assertTrue(measure.ratio([1] * enough, [2] * enough)["clear"])

    def test_share_of_a_report(self):
        clear, not_clear = {"clear": True}, {"clear": False}
        self.assertEqual(measure.clear_share(
            [{"run": {"ratios": {"a": clear, "b": not_clear}}}, {"kill": {"ratios": {"a": clear}}},
             {"alone": {"ratios": {}}}]), 2 / 3)
        self.assertEqual(measure.clear_share([]), 1.0)


class Table(unittest.TestCase):
    """What is not clear is not told, nor is what was not measured."""

    def test_lines(self):
        samples = {"peapod": [{"run": 1_000_000 + n} for n in range(10)],
                   "steady": [{"run": 2_000_000 + n} for n in range(10)],
                   "wild": [{"run": 10 ** (6 + n % 3)} for n in range(10)]}
        text = measure.table("T", measure.compare(samples), {"gone": "no such\n program"})
        self.assertIn("| run | steady | 2.00 | 2.00 | 2.00 | 0.00 | 10 | **0.50** (0.50-0.50) |", text)
        wild = next(line for line in text.splitlines() if "| wild |" in line)
        self.assertTrue(wild.endswith("| too noisy to tell |"), wild)
        self.assertIn("gone: not measured: no such program", text)


class Interleave(unittest.TestCase):
    """Who is measured when."""

    def setUp(self):
        self.order = []

    def contender(self, name, fails_at=None):
        turns = itertools.count()

        def work(timer):
            self.order.append(name)
            if next(turns) == fails_at:
                raise measure.Failed(f"{name} is tired")
            timer.note("op", len(self.order))
        return work

    def run_them(self, names, rounds, seconds=1000, **fails):
        return measure.interleave({n: self.contender(n, fails.get(n)) for n in names}, rounds,
                                  seconds, "/dev/null", warm_up=1)

    def test_they_take_turns_and_begin_in_turn(self):
        samples, broken = self.run_them("ABC", 3)
        self.assertEqual("".join(self.order), "CAB" "ABC" "BCA" "CAB")
        self.assertEqual({n: len(s) for n, s in samples.items()}, {"A": 3, "B": 3, "C": 3})
        self.assertEqual(broken, {})

    def test_warm_up_is_not_kept(self):
        samples, _ = self.run_them("A", 2)
        self.assertEqual(samples, {"A": [{"op": 2}, {"op": 3}]})

    def test_who_fails_is_left_out_and_the_others_go_on(self):
        samples, broken = self.run_them("AB", 4, B=2)
        self.assertEqual((list(samples), len(samples["A"])), (["A"], 4))
        self.assertEqual(broken, {"B": "B is tired"})
        self.assertEqual(self.order.count("B"), 3)

    def test_time_is_up_but_not_before_there_are_enough(self):
        samples, _ = self.run_them("AB", 50, seconds=0)
        self.assertEqual(len(samples["A"]), measure.MIN_ROUNDS)


class Timer(unittest.TestCase):
    """The clock around a command."""

    def test_it_tells_what_failed(self):
        with tempfile.TemporaryDirectory() as work:
            timer = measure.Timer(f"{work}/log")
            self.assertEqual(timer.run("op", ["/bin/echo", "word"]), "word\n")
            self.assertGreater(timer.times["op"], 0)
            with self.assertRaisesRegex(measure.Failed, "exit status 3: because"):
                timer.run("op", ["/bin/sh", "-c", "echo because >&2; exit 3"])

    def test_what_hangs_is_given_up(self):
        with tempfile.TemporaryDirectory() as work:
            limit, measure.LIMIT = measure.LIMIT, 1
            try:
                with self.assertRaisesRegex(measure.Failed, "does not end"):
                    measure.Timer(f"{work}/log").run("op", ["/bin/sleep", "1000"])
            finally:
                measure.LIMIT = limit


class Mad(unittest.TestCase):
    def test_half_of_all_deviate_less(self):
        values = [1, 1, 2, 2, 4, 6, 9]
        self.assertEqual(measure.mad(values), 1)
        self.assertEqual(statistics.median(values), 2)


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
