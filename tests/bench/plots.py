# SPDX-License-Identifier: Apache-2.0
"""plots: SVG by gnuplot: how latencies are distributed, and how costs grow with the pods."""
import shutil
import subprocess

COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999")
SIZE = (760, 420)


def draw(script, path):
    """Run gnuplot; False where there is none."""
    gnuplot = shutil.which("gnuplot")
    if not gnuplot:
        return False
    width, height = SIZE
    head = (f"set terminal svg size {width},{height} dynamic font 'sans-serif,13' "
            f"background rgb 'white'\nset output '{path}'\nset grid lc rgb '#dddddd'\n"
            "set border 3\nset tics nomirror\n")
    done = subprocess.run([gnuplot], input=head + script, text=True, check=False)
    return done.returncode == 0  # it has said why not


def block(name, points):
    """Data for gnuplot, inline."""
    return f"${name} << END\n" + "".join(f"{x} {y}\n" for x, y in points) + "END\n"


def quoted(text):
    return "'" + text.replace("'", "") + "'"


def curves(series, path, title, xlabel, ylabel, extra="", style="linespoints pt 7 ps 0.5"):
    """{name: [(x, y)]} as lines, peapod the thickest."""
    script, plots = "", []
    for i, (name, points) in enumerate(series.items()):
        script += block(f"d{i}", points)
        width = 3 if name.startswith("peapod") else 1.6
        plots.append(f"$d{i} with {style} lw {width} lc rgb '{COLOURS[i % len(COLOURS)]}' "
                     f"title {quoted(name)}")
    script += (f"set title {quoted(title)}\nset xlabel {quoted(xlabel)}\n"
               f"set ylabel {quoted(ylabel)}\n{extra}\nplot " + ", ".join(plots) + "\n")
    return draw(script, path)


def distribution(samples, operation, path, title):
    """The share of samples that took at most so long, for each contender. Times in ns."""
    series = {}
    for name, rounds in samples.items():
        values = sorted(r[operation] / 1e6 for r in rounds if operation in r)
        if values:
            series[name] = [(v, 100 * (i + 1) / len(values)) for i, v in enumerate(values)]
    if not series:
        return False
    return curves(series, path, title, "milliseconds (logarithmic)", "% of samples",
                  "set logscale x\nset yrange [0:100]\nset key bottom right", "steps")


def scaling(series, path, title, ylabel):
    """{name: [(pods, cost)]}: both axes logarithmic."""
    return curves(series, path, title, "pods on the node (logarithmic)", ylabel + " (logarithmic)",
                  "set logscale xy\nset key top left")
