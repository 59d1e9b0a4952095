# SPDX-License-Identifier: Apache-2.0
"""rivals: the programs that peapod is measured beside, those of the distribution and the newest.

`hack/deps` installs the former, `hack/deps rivals` builds the latter into GOBIN. What is not there
is not measured.
"""
import os
import re
import subprocess

GOBIN = os.environ.get("PEAPOD_GOBIN") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "peapod/bin")
DEBIAN_CNI = "/usr/lib/cni"
NEWEST_CNI = f"{GOBIN}/cni"
CHAIN = ("bridge", "host-local", "portmap")


def version(program, *args):
    """The version of a program: as `hack/deps` noted it, else as it tells itself, or None."""
    directory, name = os.path.split(program)
    if os.path.exists(f"{directory}/.{name}"):
        with open(f"{directory}/.{name}", encoding="ascii") as f:
            return f.read().strip().lstrip("v")
    try:
        done = subprocess.run([program, *args], capture_output=True, text=True, check=False,
                              timeout=20, env=dict(os.environ, CNI_COMMAND=""))
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"v?(\d+\.\d+(\.\d+)?)", done.stdout + done.stderr)
    return found[1] if found else None


def package(name):
    """The version of a Debian package, without what Debian adds to it, or None."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True,
                          text=True, check=False)
    found = re.match(r"[\d.]+\d", done.stdout)
    return found[0] if done.returncode == 0 and found else None


def runtimes():
    """{name with version: first words of its command line, without --root}"""
    candidates = [("runc", "/usr/sbin/runc", []), ("runc", f"{GOBIN}/runc", []),
                  ("crun", "/usr/bin/crun", ["--cgroup-manager=cgroupfs"]),
                  ("youki", f"{GOBIN}/youki", [])]
    found = {}
    for name, program, options in candidates:
        number = version(program, "--version") if os.access(program, os.X_OK) else None
        if number:
            found[f"{name} {number}"] = [program] + options
    return found


def plugins():
    """{name with version: directory} of sets of CNI plugins that have all of CHAIN."""
    found = {}
    for directory in (DEBIAN_CNI, NEWEST_CNI):
        if all(os.access(f"{directory}/{p}", os.X_OK) for p in CHAIN):
            number = package("containernetworking-plugins") if directory == DEBIAN_CNI \
                else version(f"{directory}/bridge")
            found[f"Go plugins {number or directory}"] = directory
    return found


def containerd():
    """The directory of the newest containerd with ctr, crictl and runc's shim, or None."""
    names = ("containerd", "ctr", "crictl", "containerd-shim-runc-v2")
    return GOBIN if all(os.access(f"{GOBIN}/{n}", os.X_OK) for n in names) else None


def told():
    """What the table says about contenders: {program: version}."""
    found = {name.split()[0] + (" (newest)" if c[0].startswith(GOBIN) else ""): name.split()[1]
             for name, c in runtimes().items()}
    found |= {n.rpartition(" ")[0] + (" (newest)" if d == NEWEST_CNI else ""):
              n.rpartition(" ")[2] for n, d in plugins().items()}
    if containerd():
        for name in ("containerd", "containerd-shim-runc-v2", "crictl"):
            found[name] = version(f"{GOBIN}/{name}", "-v" if "shim" in name else "--version")
    return found
