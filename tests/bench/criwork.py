# SPDX-License-Identifier: Apache-2.0
"""criwork: what is measured of pods of Kubernetes: crictl, a private containerd each, our shim and
plugin beside runc's shim and the Go plugins.

crictl is a Go program and costs its own time a call, the same for all contenders.
"""
import contextlib
import json
import os
import re
import subprocess
import time

import rivals
import stage as st
from measure import Failed

IMAGE = "peapod.local/busybox:test"
LIFE = ("runp", "create", "start", "exec -s", "stop", "stopp", "rmp")


class Daemon:
    """A containerd with one runtime and one set of CNI plugins."""

    def __init__(self, stage, name, runtime, number, **settings):
        self.stage, self.name, self.runtime = stage, name, runtime
        self.dir = f"{stage.dir}/d{number}"
        self.path = f"{rivals.containerd()}:{os.environ['PATH']}"
        self.env = dict(os.environ, PATH=self.path, B=stage.build,
                        CONTAINERD=f"{rivals.containerd()}/containerd",
                        CTR=f"{rivals.containerd()}/ctr", SUBNET=f"10.{60 + number}.0.0/16",
                        **settings)
        self.crictl = [f"{rivals.containerd()}/crictl", "--timeout", "120s",
                       "--runtime-endpoint", f"unix://{self.dir}/c.sock",
                       "--image-endpoint", f"unix://{self.dir}/c.sock"]
        self.ports = 25000 + 5000 * number  # all are on the same host
        self.serial = 0

    def start(self):
        done = subprocess.run([f"{st.TOP}/hack/containerd", "start", self.dir], env=self.env,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"{self.name}: containerd does not start: {done.stderr}")

    def stop(self):
        subprocess.run([f"{st.TOP}/hack/containerd", "stop", self.dir], env=self.env, check=False,
                       capture_output=True)
        for pid in self.shims():  # of a pod that could not be taken away
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)

    def call(self, runner, operation, *args):
        return runner.run(operation, self.crictl + list(args), env=self.env).strip()

    def shims(self):
        """The pids of the shims of this containerd."""
        found, address = [], f"{self.dir}/c.sock".encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
                if b"containerd-shim-" in words[0] and address in words:
                    found.append(int(pid))
        return found

    def pod_config(self, network=True):
        self.serial += 1
        name = f"pod{self.serial}"
        options = {"pid": 1} if network else {"pid": 1, "network": 2}
        return self.stage.write(f"run/{self.runtime}-{self.dir[-1]}-{name}.json", {
            "metadata": {"name": name, "namespace": self.stage.cgroup, "uid": f"{self.dir}-{name}",
                         "attempt": 0},
            "log_directory": f"{self.stage.run}/logs{self.dir[-1]}-{name}",
            "linux": {"cgroup_parent": f"/{self.stage.cgroup}",
                      "security_context": {"namespace_options": options}},
            **({"hostname": name, "port_mappings": [
                {"container_port": 80, "host_port": self.ports + self.serial % 5000, "protocol": 0}]}
               if network else {})})

    def container_config(self, name, command):
        return self.stage.write(f"run/{self.dir[-1]}-{name}.json", {
            "metadata": {"name": name, "attempt": 0}, "image": {"image": IMAGE},
            "command": command, "log_path": f"{name}.log",
            "linux": {"security_context": {"namespace_options": {"pid": 1}}}})

    def run_pod(self, runner, operation, network=True):
        config = self.pod_config(network)
        pod = self.call(runner, operation, "runp", "--runtime", self.runtime, config)
        return pod, config

    def new_container(self, runner, pod, config, command, create=None, start=None):
        own = self.container_config("app", command)
        container = self.call(runner, create, "create", pod, own, config)
        self.call(runner, start, "start", container)
        return container

    def remove(self, runner, *pods):
        if pods:
            self.call(runner, None, "stopp", *pods)
            self.call(runner, None, "rmp", *pods)

    def exited(self, runner, container):
        status = json.loads(self.call(runner, None, "inspect", "-o", "json", container))
        return status["status"]["state"] == "CONTAINER_EXITED"


@contextlib.contextmanager
def daemons(stage, with_rivals=True):
    """{contender: Daemon}, running; {} where there is no containerd or no rival."""
    if not rivals.containerd():
        yield {}
        return
    shim = f"runc-shim {rivals.version(f'{rivals.containerd()}/containerd-shim-runc-v2', '-v')}"
    found = {
        "peapod": Daemon(stage, "peapod", "peapod", 1, ONE_EXEC="1", SANDBOXER="shim"),
        "peapod, pause": Daemon(stage, "peapod, pause", "peapod", 2, ONE_EXEC="1"),
    }
    plugins = list(rivals.plugins().values())
    if plugins and with_rivals:
        found[shim] = Daemon(stage, shim, "runc", 3, PLUGINS=plugins[-1])
    try:
        for daemon in found.values():
            daemon.start()
        yield found
    finally:
        for daemon in found.values():
            daemon.stop()


def pod_life(daemon):
    """A pod with a network and a host port, one container, one exec, and away with all."""
    def work(runner):
        begin = sum(runner.times.values())
        pod, config = daemon.run_pod(runner, "runp")
        try:
            container = daemon.new_container(runner, pod, config, ["sleep", "1000"], "create",
                                             "start")
            daemon.call(runner, "exec -s", "exec", "-s", container, "true")
            daemon.call(runner, "stop", "stop", "--timeout", "0", container)
            daemon.call(runner, "stopp", "stopp", pod)
            daemon.call(runner, "rmp", "rmp", pod)
        except Failed:
            with contextlib.suppress(Failed):
                daemon.remove(runner, pod)
            raise
        runner.note("the whole pod", sum(runner.times.values()) - begin)
        runner.note("runp to rmp, without crictl's create, start, exec and stop",
                    sum(runner.times[op] for op in ("runp", "stopp", "rmp")))
    return work


def burst(daemon, count=30):
    """`count` pods asked for at once, and given up at once."""
    def at_once(commands):
        log = open(f"{daemon.stage.dir}/burst", "w+", encoding="utf-8")
        with log:
            begin = time.perf_counter_ns()
            children = [subprocess.Popen(c, env=daemon.env, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=log, text=True)
                        for c in commands]
            out = [c.communicate()[0].strip() for c in children]
            took = time.perf_counter_ns() - begin
            if any(c.returncode for c in children):
                log.seek(0)
                raise Failed(f"{daemon.name}: {log.read()}")
        return out, took

    def work(runner):
        configs = [daemon.pod_config() for _ in range(count)]
        pods, took = at_once([daemon.crictl + ["runp", "--runtime", daemon.runtime, c]
                              for c in configs])
        runner.note(f"{count} x runp at once", took)
        _, took = at_once([daemon.crictl + ["stopp", p] for p in pods])
        runner.note(f"{count} x stopp at once", took)
        daemon.call(runner, None, "rmp", *pods)
    return work


def cpu_ns(pids):
    """What processes have run on CPUs, all threads, in nanoseconds."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), \
                    open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0])
    return total


OUTPUTS = {
    "100 MB": (100, "MB", ["dd", "if=/dev/zero", "bs=100000", "count=1000"]),
    "10,000 lines": (10000, "lines", ["seq", "1", "10000"]),
}


def output(daemon, command):
    """CPU time of the shim while a container writes: notes it instead of wall time."""
    def work(runner):
        before = set(daemon.shims())
        pod, config = daemon.run_pod(runner, None, network=False)
        try:
            shims = set(daemon.shims()) - before
            own = daemon.container_config("app", command)
            container = daemon.call(runner, None, "create", pod, own, config)
            begin = cpu_ns(shims)
            daemon.call(runner, None, "start", container)
            if not st.wait_until(lambda: daemon.exited(runner, container), 60):
                raise Failed(f"{daemon.name}: the container does not end")
            runner.note("CPU of the shim", cpu_ns(shims) - begin)
        finally:
            daemon.remove(runner, pod)
    return work


def rollup(pid):
    """{Private_Dirty, Pss, Rss: KiB} of a process."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        found = dict(re.findall(r"^(\w+): +(\d+) kB$", f.read(), re.MULTILINE))
    return {k: int(found[k]) for k in ("Private_Dirty", "Pss", "Rss")}


def descendants(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        children = [int(p) for p in f.read().split()]
    return children + [d for c in children for d in descendants(c)]


def footprint(pids):
    """The memory, threads and number of processes."""
    total = dict.fromkeys(("Private_Dirty", "Pss", "Rss", "threads", "processes"), 0)
    for pid in pids:
        with contextlib.suppress(OSError):
            for key, value in rollup(pid).items():
                total[key] += value
            total["threads"] += len(os.listdir(f"/proc/{pid}/task"))
            total["processes"] += 1
    return total


def memory(daemon):
    """What the runtime keeps for its pods: shims and pause, without the containers' programs."""
    pids = []
    for shim in daemon.shims():
        with contextlib.suppress(OSError):
            pids += [shim] + [d for d in descendants(shim) if is_pause(d)]
    return footprint(pids)


def floor_memory(stage, levels):
    """{pods: the memory of as many processes that only wait as a shim does}"""
    children, found = [], {}
    try:
        for level in levels:
            while len(children) < level:
                children.append(subprocess.Popen(
                    [f"{stage.build}/tests/bench/floor-shim", f"{stage.run}/floor{len(children)}"],
                    stdout=subprocess.PIPE))
                children[-1].stdout.read(1)  # it waits now
            found[level] = footprint(c.pid for c in children)
    finally:
        for child in children:
            child.kill()
            child.wait()
            child.stdout.close()
    return found


def is_pause(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="ascii") as f:
        return f.read().strip() == "pause"
    return False


def fill(daemon, runner, pods, level, width=4):
    """Pods until there are `level`, some at a time."""
    while len(pods) < level:
        configs = [daemon.pod_config(network=False) for _ in range(min(width, level - len(pods)))]
        children = [subprocess.Popen(daemon.crictl + ["runp", "--runtime", daemon.runtime, c],
                                     env=daemon.env, stdout=subprocess.PIPE, text=True,
                                     stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
                    for c in configs]
        for child in children:
            out, err = child.communicate()
            if child.returncode:
                raise Failed(f"{daemon.name}: {err}")
            pods.append(out.strip())
    time.sleep(0.5)  # the last ones become what they will be
    return memory(daemon)


def full_pod(daemon, runner):
    """The memory of one pod with two containers."""
    pod, config = daemon.run_pod(runner, None, network=False)
    try:
        for name in ("one", "two"):
            own = daemon.container_config(name, ["sleep", "1000"])
            daemon.call(runner, None, "start",
                        daemon.call(runner, None, "create", pod, own, config))
        return memory(daemon)
    finally:
        daemon.remove(runner, pod)
