# SPDX-License-Identifier: Apache-2.0
"""measure: interleaved samples, robust statistics, and the rule by which a figure is too noisy."""
import math
import os
import signal
import statistics
import time

# A ratio is told only if the 95 % interval of the median of its pairs is at most this wide,
# relative to the median; a report is refused if fewer than half of its ratios can be told.
MAX_WIDTH = 0.30
MIN_ROUNDS = 8
WARM_UP = 2
LIMIT = 120  # seconds that a command may take; a rival that hangs is not measured


class Failed(Exception):
    """A command that was to be measured did not do its work."""


def wait_for(pid, argv):
    """The status of a process when it has ended; one that does not end is killed."""
    def too_late(*_):
        raise TimeoutError
    old = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(LIMIT)
    try:
        return os.waitpid(pid, 0)[1]
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise Failed(f"{' '.join(argv)}: does not end within {LIMIT} s") from None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


class Timer:
    """Runs commands and keeps how long each took: `times[operation]` in nanoseconds."""

    def __init__(self, log):
        self.log = log
        self.times = {}

    def run(self, operation, argv, env=None, stdin="/dev/null", **_):
        """Run argv to its end; an operation of None is not measured. Returns its stdout."""
        out = self.log + ".out"
        create = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, out, create, 0o600),
                   (os.POSIX_SPAWN_OPEN, 2, self.log, create, 0o600)]
        begin = time.perf_counter_ns()
        pid = os.posix_spawn(argv[0], argv, env or os.environ, file_actions=actions)
        status = wait_for(pid, argv)
        took = time.perf_counter_ns() - begin
        code = os.waitstatus_to_exitcode(status)
        with open(out, encoding="utf-8", errors="replace") as f:
            text = f.read()
        if code != 0:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                raise Failed(f"{' '.join(argv)}: exit status {code}: {f.read().strip()} {text}")
        if operation:  # one that takes several programs takes the time of all
            self.times[operation] = self.times.get(operation, 0) + took
        return text

    def note(self, operation, nanoseconds):
        """What took `nanoseconds`, measured by the caller."""
        self.times[operation] = nanoseconds


def interleave(contenders, rounds, seconds, log, warm_up=WARM_UP):
    """Sample contenders in turn (A B C, B C A, ...) until `rounds` are done or time is up.

    contenders: {name: function(timer)}. Returns {name: [{operation: ns}, ...]}, the same number of
    samples each, and {name: reason} for those that could not be measured.
    """
    names, samples, broken = list(contenders), {name: [] for name in contenders}, {}
    deadline = time.monotonic() + seconds
    for i in range(-warm_up, rounds):
        if i >= MIN_ROUNDS and time.monotonic() > deadline:
            break
        for name in names[i % len(names):] + names[:i % len(names)]:
            if name in broken:
                continue
            timer = Timer(log)
            try:
                contenders[name](timer)
            except (Failed, OSError) as e:
                broken[name] = str(e)
                continue
            if i >= 0:
                samples[name].append(timer.times)
    return {n: s for n, s in samples.items() if n not in broken}, broken


def mad(values):
    """Median absolute deviation from the median."""
    middle = statistics.median(values)
    return statistics.median(abs(v - middle) for v in values)


def interval(values):
    """The 95 % interval of the median, by order statistics: nothing is assumed about the shape."""
    ordered, n = sorted(values), len(values)
    skip = max(0, math.floor((n - 1.96 * math.sqrt(n)) / 2))
    return ordered[skip], ordered[n - 1 - skip]


def summary(values):
    """The figures of one operation of one contender, in milliseconds."""
    ordered = sorted(values)
    return {"n": len(values), "median_ms": statistics.median(values) / 1e6,
            "min_ms": ordered[0] / 1e6, "mad_ms": mad(values) / 1e6,
            "p90_ms": ordered[math.ceil(0.9 * len(ordered)) - 1] / 1e6}


def ratio(ours, theirs):
    """The ratio ours/theirs of samples that were taken side by side."""
    pairs = [a / b for a, b in zip(ours, theirs)]
    low, high = interval(pairs)
    middle = statistics.median(pairs)
    return {"median": middle, "low": low, "high": high, "mad": mad(pairs), "n": len(pairs),
            "clear": len(pairs) >= MIN_ROUNDS and (high - low) / middle <= MAX_WIDTH}


def compare(samples, ours="peapod"):
    """{operation: {contenders: {name: summary}, ratios: {rival: ratio}}}"""
    result = {}
    operations = [op for s in samples.values() for op in s[0]]
    for op in dict.fromkeys(operations):
        series = {n: [x[op] for x in s] for n, s in samples.items() if op in s[0]}
        result[op] = {"contenders": {n: summary(v) for n, v in series.items()},
                      "ratios": {n: ratio(series[ours], v) for n, v in series.items()
                                 if ours in series and n != ours}}
    return result


def table(title, operations, broken):
    """A Markdown table; a ratio that is not clear is said to be so, and not told."""
    lines = [f"### {title}", "", "| operation | contender | median ms | min | p90 | MAD | n | "
             "peapod / contender (95 % interval) |", "|---|---|---|---|---|---|---|---|"]
    for op, entry in operations.items():
        for name, s in entry["contenders"].items():
            r = entry["ratios"].get(name)
            if not r:
                text = ""
            elif r["clear"]:
                text = f"**{r['median']:.2f}** ({r['low']:.2f}-{r['high']:.2f})"
            else:
                text = "too noisy to tell"
            lines.append(f"| {op} | {name} | {s['median_ms']:.2f} | {s['min_ms']:.2f} | "
                         f"{s['p90_ms']:.2f} | {s['mad_ms']:.2f} | {s['n']} | {text} |")
    lines += [""] + [f"{name}: not measured: {' '.join(why.split())}" for name, why in broken.items()]
    return "\n".join(lines) + "\n"


def figures(title, columns, rows, remarks=()):
    """A Markdown table of what is counted and not timed. rows: lists, as long as columns."""
    def text(value):
        return f"{value:.1f}" if isinstance(value, float) else str(value)

    lines = [f"### {title}", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(map(text, row)) + " |" for row in rows]
    return "\n".join(lines + [""] + list(remarks)) + "\n"


def clear_share(results):
    """Which part of all ratios can be told; 1 if there is none."""
    ratios = [r for ops in results for e in ops.values() for r in e["ratios"].values()]
    return sum(r["clear"] for r in ratios) / len(ratios) if ratios else 1.0
