# SPDX-License-Identifier: Apache-2.0
"""work: what is measured of runtimes. Each function returns {contender: function(runner)}.

A runner is a measure.Timer or a counts.Counter: run(operation, argv) does one step of the work.
"""
import contextlib
import json
import os

import cniwork
import rivals
import stage as st
from measure import Failed

TRUE = ["/bin/true"]
IDLE = ["/bin/sleep", "1000"]


def runtimes(stage, with_rivals=True):
    """{name: the first words of its command line}"""
    commands = {"peapod": [f"{stage.build}/peapod", "--root", f"{stage.run}/peapod"]}
    for name, words in rivals.runtimes().items() if with_rivals else ():
        commands[name] = words + ["--root", f"{stage.run}/{name.replace(' ', '-')}"]
    return commands


def oci_run(stage, shape, with_rivals=True):
    """`run` of /bin/true, whole: create, start, wait, delete."""
    work = {}
    for name, command in runtimes(stage, with_rivals).items():
        bundle = stage.bundle(f"run-{shape}-{name.replace(' ', '-')}", shape, TRUE)
        argv = command + ["run", "--bundle", bundle, f"{stage.cgroup}-{shape}"]
        work[name] = lambda runner, argv=argv: runner.run("run", argv)
    if with_rivals:
        floor = [f"{stage.build}/tests/bench/floor-oci", "run", shape, stage.rootfs,
                 f"{stage.cgroup}-floor", *pod_of(stage, shape)]
        work["floor"] = lambda runner: runner.run("run", floor)
    return work


def pod_of(stage, shape):
    """The floor program's last word: whose namespaces it joins."""
    return [str(stage.hold_namespaces())] if shape == "cri" else []


def stopped(runner, state):
    """Has the container ended?"""
    return lambda: json.loads(runner.run(None, state))["status"] == "stopped"


def oci_life(stage, shape, with_rivals=True):
    """A container that idles, step by step."""
    work = {}
    for name, command in runtimes(stage, with_rivals).items():
        container = f"{stage.cgroup}-{name}-{shape}".replace(" ", "-")
        bundle = stage.bundle(f"life-{container}", shape, IDLE)

        def life(runner, command=command, bundle=bundle, container=container):
            state = command + ["state", container]
            runner.run("create", command + ["create", "--bundle", bundle, container])
            runner.run("start", command + ["start", container])
            runner.run("exec", command + ["exec", container] + TRUE)
            runner.run("state", state)
            runner.run("kill", command + ["kill", container, "KILL"])
            if not st.wait_until(stopped(runner, state)):
                raise Failed(f"{container} does not end")
            runner.run("delete", command + ["delete", container])
        work[name] = life
    if with_rivals:
        work["floor"] = floor_life(stage, shape)
    return work


def floor_life(stage, shape):
    """The same by the floor program."""
    floor, cgroup = f"{stage.build}/tests/bench/floor-oci", f"{stage.cgroup}-floor-life"
    container = [cgroup, f"{stage.run}/floor-{shape}"]

    def life(runner):
        runner.run("create", [floor, "create", shape, stage.rootfs, *container,
                              *pod_of(stage, shape)])
        for verb in ("start", "exec", "state", "kill"):
            runner.run(verb, [floor, verb, *container])
        if not st.wait_until(stopped(runner, [floor, "state", *container])):
            raise Failed("the floor's container does not end")
        runner.run("delete", [floor, "delete", *container])
    return life


def pod(stage, network):
    """A pod of one container, from nothing to running, and away."""
    kind = "net" if network else "bare"
    bundle = stage.bundle(f"pod-{kind}", "default", IDLE)
    command = [f"{stage.build}/peapod", "--root", f"{stage.run}/pods-{kind}", "pod"]
    name = f"{stage.cgroup}-{kind}"
    options = ["--name", name, "--cgroup-parent", f"/{stage.cgroup}"]
    if network:
        net = cniwork.Network(stage, "pods", "plain", 90)
        plugin = {k: v for k, v in net.plugins[0].items() if k not in ("cniVersion", "name")}
        options += ["--cni-path", net.directory, "--cni", stage.write("pods.conflist", {
            "cniVersion": "1.0.0", "name": net.name, "plugins": [plugin]})]

    def life(runner):
        runner.run("pod run -d", command + ["run", "--detach"] + options + [bundle])
        runner.run("pod rm --force", command + ["rm", "--force", name])
    return {"peapod": life}


def ended(pid):
    """Is that process gone, but for its parent's having a look?"""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(") ")[2][0] in "ZX"
    except OSError:
        return True


def shim_life(stage):
    """A pod of one container under our shim, by its own protocol; all that the shim does counts."""
    bundle = stage.bundle("shim-life", "cri", IDLE)
    shim = [f"{stage.build}/containerd-shim-peapod-v2", "-namespace", stage.cgroup,
            "-address", f"{stage.dir}/none.sock"]
    env, name = dict(os.environ, TTRPC_ADDRESS=""), "id=pod"

    def life(runner):
        address = runner.run("shim pod", shim + ["-id", "pod", "start"], env=env,
                             cwd=bundle).strip()

        def call(method, *fields):
            return runner.run(None, [f"{stage.build}/tests/tool/ttrpc-call",
                                     address.removeprefix("unix://"), method, *fields])
        call("Create", name, f"bundle={bundle}")
        call("Start", name)
        pid = call("Connect", name).partition("shim_pid=")[2].split()[0]
        call("Kill", name, "signal=9")
        call("Wait", name)
        call("Delete", name)
        with contextlib.suppress(Failed):  # on a slow machine it has ended by itself
            call("Shutdown", name)
        if not st.wait_until(lambda: ended(pid), 60):  # the next one has the same address
            raise Failed("the shim does not end")
    return {"peapod": life}
