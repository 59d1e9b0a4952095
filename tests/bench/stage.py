# SPDX-License-Identifier: Apache-2.0
"""stage: where the work is done: namespaces, bundles and cgroups that vanish with the run."""
import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET = 0x20000, 0x4000000, 0x8000000, 0x40000000
PR_SET_CHILD_SUBREAPER = 36
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 4096, 16384, 1 << 18, 2
CGROUPS = "/sys/fs/cgroup"
OWN_RUN = ("/run/peapod", "/run/containerd")  # of shims: their own, for as long as the stage is
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    """A libc function which returns -1 and sets errno when it fails."""
    args = [a.encode() if isinstance(a, str) else a for a in args]
    if getattr(libc, function)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}{args}: {os.strerror(number)}")


def layout():
    """Name the host's cgroup layout: what a container costs depends on it."""
    with open("/proc/self/cgroup", encoding="ascii") as f:
        v1 = sum(not line.startswith("0::") for line in f)
    if os.path.exists(f"{CGROUPS}/cgroup.controllers"):
        return "v2"
    return f"v1x{v1}" + ("+v2" if os.path.exists(f"{CGROUPS}/unified/cgroup.procs") else "")


class Stage:
    """A temporary directory, our own mount and network namespace, and a cgroup name."""

    def __init__(self, build):
        if os.geteuid() != 0:
            sys.exit("must be root: it makes namespaces, cgroups and interfaces")
        self.build = os.path.abspath(build)
        self.dir = tempfile.mkdtemp(prefix="peapod-bench.", dir="/tmp")
        os.chmod(self.dir, 0o755)  # containers of other users enter it
        self.cgroup = f"peapod-bench-{os.getpid()}"
        self.rootfs = f"{self.dir}/rootfs"
        self.run = f"{self.dir}/run"
        self.holder = 0

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # tidy up, too
        call("unshare", CLONE_NEWNS)
        call("mount", "none", "/", None, MS_REC | MS_PRIVATE, None)
        self.new_network()
        # What runtimes keep is in memory by default (/run), for all of them alike.
        os.mkdir(self.run)
        self.made = [d for d in OWN_RUN if not os.path.isdir(d)]
        for path in (self.run, *OWN_RUN):
            os.makedirs(path, exist_ok=True)
            call("mount", "tmpfs", path, "tmpfs", 0, "mode=755")
        subprocess.run([f"{TOP}/hack/rootfs", self.rootfs], check=True)
        for name in ("etc/hosts", "etc/hostname", "etc/resolv.conf"):
            with open(f"{self.rootfs}/{name}", "w", encoding="ascii"):
                pass
        return self

    def __exit__(self, *_):
        if self.holder:
            os.kill(self.holder, signal.SIGKILL)
            os.waitpid(self.holder, 0)
        wait_until(self.remove_cgroups)
        self.unmount("")
        for path in OWN_RUN:
            call("umount2", path, MNT_DETACH)
        for path in self.made:
            with contextlib.suppress(OSError):
                os.rmdir(path)
        shutil.rmtree(self.dir)

    @staticmethod
    def hide_unified():
        """Make a hybrid host one of pure cgroup v1, for all that this process starts."""
        if os.path.exists(f"{CGROUPS}/unified/cgroup.procs"):
            call("umount2", f"{CGROUPS}/unified", MNT_DETACH)

    def hold_namespaces(self):
        """The pid of a process that has an ipc, uts and network namespace, as a pod's pause has."""
        if self.holder:
            return self.holder
        ready, told = os.pipe()
        self.holder = os.fork()
        if self.holder == 0:
            call("unshare", CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)
            os.write(told, b"x")
            while True:
                signal.pause()
        os.read(ready, 1)
        os.close(ready)
        os.close(told)
        return self.holder

    def remove_cgroups(self):
        """What was interrupted may have left containers. Returns whether none is left."""
        left = False
        for path, _, _ in os.walk(CGROUPS, topdown=False):
            if f"/{self.cgroup}" not in path:
                continue
            with contextlib.suppress(OSError):
                with open(f"{path}/cgroup.procs", encoding="ascii") as f:
                    for pid in f.read().split():
                        os.kill(int(pid), signal.SIGKILL)
            try:
                os.rmdir(path)
            except OSError:
                left = True
        return not left

    def unmount(self, prefix):
        """What is mounted below the stage's directory, of names that begin so."""
        with open("/proc/self/mountinfo", encoding="utf-8") as f:
            mounts = [line.split()[4] for line in f]
        for path in reversed(mounts):
            if path.startswith(f"{self.dir}/{prefix}"):
                call("umount2", path, MNT_DETACH)

    def new_network(self):
        """A network namespace of our own; with the last one its pods, rules and bridges vanish."""
        self.unmount("netns-")
        call("unshare", CLONE_NEWNET)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    def netns(self, name):
        """A new network namespace; returns the path of a file that is it."""
        path = f"{self.dir}/netns-{name}"
        with open(path, "w", encoding="ascii"):
            pass
        with open("/proc/self/ns/net", "rb") as own:
            call("unshare", CLONE_NEWNET)
            try:
                call("mount", "/proc/self/ns/net", path, None, MS_BIND, None)
            finally:
                call("setns", own.fileno(), CLONE_NEWNET)
        return path

    def write(self, name, document):
        """A JSON file below the stage's directory; returns its path."""
        path = f"{self.dir}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            json.dump(document, f)
        return path

    def bundle(self, name, shape, args):
        """A bundle of the default or the CRI shape that runs args; returns its directory."""
        bundle = f"{self.dir}/{name}"
        os.makedirs(bundle)
        if shape == "cri":
            with open(f"{TOP}/tests/golden/oci/cri-app.json", encoding="utf-8") as f:
                config = json.load(f)
            self.make_runnable(config)
        else:
            subprocess.run([f"{self.build}/peapod", "spec", "-b", bundle], check=True)
            with open(f"{bundle}/config.json", encoding="utf-8") as f:
                config = json.load(f)
        # What every release of every runtime takes.
        config["ociVersion"] = "1.0.2"
        config["root"]["path"] = self.rootfs
        config["process"].update(args=args, terminal=False, cwd="/")
        config["linux"]["cgroupsPath"] = f"/{self.cgroup}/{name}"
        self.write(f"{name}/config.json", config)
        return bundle

    def make_runnable(self, config):
        """Put things of this host in place of a node's: bind sources and the pod's namespaces."""
        for mount in config["mounts"]:
            if mount["type"] != "bind":
                continue
            source = f"{self.dir}/source{mount['destination']}"
            if mount["destination"].startswith("/etc/") or "termination" in source:
                os.makedirs(os.path.dirname(source), exist_ok=True)
                with open(source, "w", encoding="ascii"):
                    pass
            else:
                os.makedirs(source, exist_ok=True)
            mount["source"] = source
        for ns in config["linux"]["namespaces"]:
            if "path" in ns:
                ns["path"] = f"/proc/{self.hold_namespaces()}/ns/" + ns["path"].rpartition("/")[2]


def wait_until(condition, seconds=10, pause=0.001):
    """Poll; True if it came to be so in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


@contextlib.contextmanager
def orphans():
    """While this is open, what a command leaves running becomes ours: a function that reaps those
    that have ended, and returns the pids of the others."""
    def children():
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as f:
            return set(f.read().split())

    before = children()

    def left():
        for pid in children() - before:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(int(pid), os.WNOHANG)
        return children() - before

    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield left
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
