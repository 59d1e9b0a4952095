# SPDX-License-Identifier: Apache-2.0
"""cniwork: what is measured of CNI plugins: ADD and DEL of a pod's interface, alone and among many.

The plugins of a list are run by the protocol, one after the other, as libcni does; what counts is
the time of the programs, not of what stands between them.
"""
import json
import os
import subprocess
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


class Floor:
    """In place of a network: the floor program, with a bridge and a map of its own."""
    MAP = ("add table ip floor; "
           "add map ip floor ports { type inet_service : ipv4_addr . inet_service; }")

    def __init__(self, stage, shape, subnet):
        self.stage, self.shape, self.name = stage, shape, f"f{shape}"
        self.bridge, self.subnet = f"br-{self.name}", subnet
        self.program = f"{stage.build}/tests/bench/floor-cni"
        # all there is for all pods; what plugins' first ADD makes
        for words in (["ip", "link", "add", self.bridge, "up", "type", "bridge", "mcast_snooping",
                       "0"], ["ip", "addr", "add", f"10.{subnet}.0.1/16", "dev", self.bridge],
                      ["nft", self.MAP]):
            subprocess.run(words, check=True)

    def call(self, runner, operation, command, pod, _=None):
        """As Network.call."""
        more = {"port": [str(20000 + pod.number)],
                "dual": [f"fd00:0:0:{self.subnet:x}::{n:x}" for n in (pod.number + 2, 1)]}
        third, fourth = divmod(pod.number + 2, 256)
        runner.run(operation, [self.program, command.lower(), pod.netns, self.bridge,
                               f"fl{self.shape}{pod.number}", f"10.{self.subnet}.{third}.{fourth}",
                               f"10.{self.subnet}.0.1", f"{self.stage.run}/lease-{pod.name}",
                               *more.get(self.shape, [])])


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
    if with_rivals:
        found["floor"] = Floor(stage, shape, first + 9)
    return found


def one(stage, shape, with_rivals=True):
    """{contender: work} of one pod alone."""
    found = networks(stage, shape, with_rivals)
    return {name: life(n, Pod(n, 0)) for name, n in found.items()}


class Crowd:
    """As many pods of each contender as the node shall have, made as they are needed."""

    def __init__(self, stage, shape, with_rivals=True):
        self.networks = networks(stage, shape, with_rivals, only_newest=True)
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
