# SPDX-License-Identifier: Apache-2.0
"""cniwork: what is measured of CNI plugins: ADD and DEL of a pod's interface, alone and among many.

The plugins of a list are run by the protocol, one after the other, as libcni does; what counts is
the time of the programs, not of what stands between them.
"""
import json
import os
import time

import rivals
import stage as st
from measure import Failed

SHAPES = {
    "plain": "bridge and host-local",
    "masq": "bridge, host-local, ipMasq",
    "port": "bridge, host-local, ipMasq, a host port",
    "dual": "bridge, host-local, ipMasq, IPv4 and IPv6",
}
POD = "10.{}.0.0/16"  # a node's thousand pods do not fit a /24
POD6 = "fd00:0:0:{:x}::/64"


def own_plugins(stage):
    """A directory in which our plugin has the names by which it is called."""
    own = f"{stage.dir}/cni-bin"
    os.makedirs(own, exist_ok=True)
    for name in ("peapod", "bridge", "host-local", "loopback", "portmap"):
        if not os.path.lexists(f"{own}/{name}"):
            os.symlink(f"{stage.build}/peapod-cni", f"{own}/{name}")
    return own


def ports(number):
    """The runtimeConfig of the pod of that number, which is unique among those alive."""
    return {"portMappings": [{"hostPort": 20000 + number, "containerPort": 80, "protocol": "tcp"}]}


class Network:
    """A network of one contender: its plugins, and what one of its pods asks of them."""

    def __init__(self, stage, name, shape, subnet, directory=None):
        self.stage, self.name, self.shape = stage, name, shape
        self.directory = directory or own_plugins(stage)
        ranges = [[{"subnet": POD.format(subnet)}]]
        if shape == "dual":
            ranges.append([{"subnet": POD6.format(subnet)}])
        base = {"cniVersion": "1.0.0", "name": name}
        self.bridge = f"br-{name}"[:15]
        first = dict(base, type="bridge" if directory else "peapod", bridge=self.bridge,
                     isGateway=True, isDefaultGateway=True, ipMasq=shape != "plain",
                     ipam={"type": "host-local", "dataDir": f"{stage.run}/leases",
                           "ranges": ranges})
        self.plugins = [first]
        if shape == "port" and directory:  # ours does it in the same exec
            self.plugins.append(dict(base, type="portmap", snat=True))

    def request(self, plugin, number, result):
        """The path of a plugin's configuration, for a pod."""
        conf = dict(plugin)
        if self.shape == "port" and plugin is self.plugins[-1]:
            conf["runtimeConfig"] = ports(number)
        if result:
            conf["prevResult"] = result
        return self.stage.write(f"run/{self.name}-{plugin['type']}.conf", conf)

    def call(self, runner, operation, command, pod, result=None):
        """One command of all plugins; returns the last result."""
        order = self.plugins if command == "ADD" else list(reversed(self.plugins))
        for plugin in order:
            program = f"{self.directory}/{plugin['type']}"
            env = dict(os.environ, CNI_COMMAND=command, CNI_CONTAINERID=pod.name,
                       CNI_NETNS=pod.netns, CNI_IFNAME="eth0", CNI_PATH=self.directory)
            text = runner.run(operation, [program], env=env,
                              stdin=self.request(plugin, pod.number, result))
            if command == "ADD":
                result = json.loads(text) if text.strip() else {}
        return result


class Pod:
    """A network namespace with a name and a number."""

    def __init__(self, network, number):
        self.number = number
        self.name = f"{network.name}-{number}"
        self.netns = network.stage.netns(self.name)


def life(network, pod, label=""):
    """ADD and DEL of one pod; also how long until no process works at it."""
    def work(runner):
        result = network.call(runner, f"ADD{label}", "ADD", pod)
        with st.orphans() as left:
            begin = time.perf_counter_ns()
            network.call(runner, f"DEL{label}", "DEL", pod, result)
            if not st.wait_until(lambda: not left()):
                raise Failed(f"{pod.name}: DEL leaves processes behind")
            runner.note(f"DEL{label} and its child", time.perf_counter_ns() - begin)
    return work


def floor(stage, bridge):
    """The same by the floor program, with the bridge of another."""
    netns, lease = stage.netns("floor"), f"{stage.run}/lease"
    args = [netns, bridge, "vethfloor", "10.201.0.250", "10.201.0.1", lease]
    program = f"{stage.build}/tests/bench/floor-cni"

    def work(runner):
        runner.run("ADD", [program, "add"] + args)
        runner.run("DEL", [program, "del"] + args)
    return work


def networks(stage, shape, with_rivals, only_newest=False):
    """{contender: network} of that shape; no two share a subnet or a name."""
    first = 100 + 10 * list(SHAPES).index(shape)
    found = {"peapod": Network(stage, f"p{shape}", shape, first)}
    if with_rivals:
        for i, (name, directory) in enumerate(rivals.plugins().items()):
            found[name] = Network(stage, f"g{i}{shape}", shape, first + 1 + i, directory)
    if only_newest:
        for name in list(found)[1:-1]:
            del found[name]
    return found


def one(stage, shape, with_rivals=True):
    """{contender: work} of one pod alone."""
    found = networks(stage, shape, with_rivals)
    work = {name: life(n, Pod(n, 0)) for name, n in found.items()}
    if shape == "plain" and with_rivals:  # what masquerading adds is there before the pod
        work["floor"] = floor(stage, found["peapod"].bridge)
    return work


class Crowd:
    """As many pods of each contender as the node shall have, made as they are needed."""

    def __init__(self, stage, shape="port"):
        self.networks = networks(stage, shape, True, only_newest=True)
        self.pods = {name: [] for name in self.networks}

    def fill(self, runner, level):
        """All but one of `level` pods, which is the one that is measured; {name: reason}."""
        broken = {}
        for name, network in self.networks.items():
            pods = self.pods[name]
            try:
                while len(pods) < level - 1:
                    pod = Pod(network, len(pods) + 1)
                    pods.append(pod)
                    network.call(runner, None, "ADD", pod)
            except (Failed, OSError) as e:
                broken[name] = str(e)
        return broken

    def work(self, level):
        """{contender: work}: a pod comes and goes beside the others."""
        return {name: life(n, Pod(n, 2000 + level), f" at {level}")
                for name, n in self.networks.items()}
