# SPDX-License-Identifier: Apache-2.0
"""work: what is measured. Each function returns {contender: function(runner)}.

A runner is a measure.Timer or a counts.Counter: run(operation, argv) does one step of the work.
"""
import json
import os
import time

import stage as st
from measure import Failed

TRUE = ["/bin/true"]
IDLE = ["/bin/sleep", "1000"]


def runtimes(stage, rivals=True):
    """{name: the first words of its command line}"""
    commands = {"peapod": [f"{stage.build}/peapod", "--root", f"{stage.dir}/peapod"]}
    if rivals:
        commands["runc"] = ["/usr/sbin/runc", "--root", f"{stage.dir}/runc"]
        commands["crun"] = ["/usr/bin/crun", "--root", f"{stage.dir}/crun",
                            "--cgroup-manager=cgroupfs"]
    return {name: c for name, c in commands.items() if os.access(c[0], os.X_OK)}


def oci_run(stage, shape, rivals=True):
    """`run` of /bin/true, whole: create, start, wait, delete."""
    work = {}
    for name, command in runtimes(stage, rivals).items():
        bundle = stage.bundle(f"run-{shape}-{name}", shape, TRUE)
        argv = command + ["run", "--bundle", bundle, f"{stage.cgroup}-{shape}"]
        work[name] = lambda runner, argv=argv: runner.run("run", argv)
    floor = f"{stage.build}/tests/bench/floor-oci"
    if rivals and st.layout().startswith("v1"):
        argv = [floor, shape, stage.rootfs, f"{stage.cgroup}-floor"]
        if shape == "cri":
            argv.append(str(stage.hold_namespaces()))
        work["floor"] = lambda runner: runner.run("run", argv)
    return work


def stopped(runner, state):
    """Has the container ended?"""
    return lambda: json.loads(runner.run(None, state))["status"] == "stopped"


def oci_life(stage, shape, rivals=True):
    """A container that idles, step by step."""
    work = {}
    for name, command in runtimes(stage, rivals).items():
        bundle = stage.bundle(f"life-{shape}-{name}", shape, IDLE)
        container = f"{stage.cgroup}-{name}-{shape}"

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
    return work


def netconf(stage, name, subnet, masquerade):
    """The configuration of a network of its own."""
    return stage.write(f"{name}.conf", {
        "cniVersion": "1.0.0", "name": name, "type": "bridge", "bridge": f"br-{name}"[:15],
        "isGateway": True, "isDefaultGateway": True, "ipMasq": masquerade,
        "ipam": {"type": "host-local", "dataDir": f"{stage.dir}/leases",
                 "ranges": [[{"subnet": f"{subnet}.0/24"}]]}})


def add_and_del(stage, name, plugin, conf):
    """One pod's interface, made and removed; also how long until no process works at it."""
    netns = stage.netns(name)
    env = dict(os.environ, CNI_CONTAINERID=name, CNI_NETNS=netns, CNI_IFNAME="eth0",
               CNI_PATH=os.path.dirname(plugin))

    def work(runner):
        runner.run("ADD", [plugin], env=dict(env, CNI_COMMAND="ADD"), stdin=conf)
        with st.orphans() as left:
            begin = time.perf_counter_ns()
            runner.run("DEL", [plugin], env=dict(env, CNI_COMMAND="DEL"), stdin=conf)
            if not st.wait_until(lambda: not left()):
                raise Failed(f"{name}: DEL leaves processes behind")
            runner.note("DEL and its child", time.perf_counter_ns() - begin)
    return work


def floor_add_and_del(stage, bridge):
    """The same by the floor program, with the bridge of another."""
    netns, lease = stage.netns("floor"), f"{stage.dir}/lease"
    args = [netns, bridge, "vethfloor", "10.201.0.250", "10.201.0.1", lease]
    floor = f"{stage.build}/tests/bench/floor-cni"

    def work(runner):
        runner.run("ADD", [floor, "add"] + args)
        runner.run("DEL", [floor, "del"] + args)
    return work


def own_plugins(stage):
    """A directory in which our plugin has the names of those it replaces."""
    own = f"{stage.dir}/cni-bin"
    os.makedirs(own, exist_ok=True)
    for name in ("bridge", "host-local"):
        if not os.path.lexists(f"{own}/{name}"):
            os.symlink(f"{stage.build}/peapod-cni", f"{own}/{name}")
    return own


def cni(stage, masquerade, rivals=True):
    """ADD and DEL, bridge and host-local."""
    own = own_plugins(stage)
    kind = "masq" if masquerade else "plain"
    subnet = 203 if masquerade else 201
    ours = f"p{kind}"
    work = {"peapod": add_and_del(stage, ours, f"{own}/bridge",
                                  netconf(stage, ours, f"10.{subnet}.0", masquerade))}
    if not rivals:
        return work
    theirs = f"d{kind}"
    if os.access("/usr/lib/cni/bridge", os.X_OK):
        work["Debian's plugins"] = add_and_del(
            stage, theirs, "/usr/lib/cni/bridge",
            netconf(stage, theirs, f"10.{subnet + 1}.0", masquerade))
    if not masquerade:  # masquerading has no cost a pod: what matches a subnet is there already
        work["floor"] = floor_add_and_del(stage, f"br-{ours}")
    return work


def pod(stage, network):
    """A pod of one container, from nothing to running, and away."""
    kind = "net" if network else "bare"
    bundle = stage.bundle(f"pod-{kind}", "default", IDLE)
    command = [f"{stage.build}/peapod", "--root", f"{stage.dir}/pods-{kind}", "pod"]
    name = f"{stage.cgroup}-{kind}"
    options = ["--name", name, "--cgroup-parent", f"/{stage.cgroup}"]
    if network:
        with open(netconf(stage, "pods", "10.205.0", False), encoding="utf-8") as f:
            plugin = json.load(f)
        version, network_name = plugin.pop("cniVersion"), plugin.pop("name")
        options += ["--cni-path", own_plugins(stage), "--cni", stage.write("pods.conflist", {
            "cniVersion": version, "name": network_name, "plugins": [plugin]})]

    def life(runner):
        runner.run("pod run -d", command + ["run", "--detach"] + options + [bundle])
        runner.run("pod rm --force", command + ["rm", "--force", name])
    return {"peapod": life}
