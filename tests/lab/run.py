# SPDX-License-Identifier: Apache-2.0
"""What ./run does after installing and building; see ./run --help."""

import argparse
import os
import signal
import subprocess
import sys
import time

import engine
import ports
import traffic
from errors import LabError, wait_until
from lab import BRIDGE, Lab
from scenario import Machine, Site

REPORT_SECONDS = 60
OPTION = "EnableMACAntiSpoofingFilterRules"


class Progress:
    """One line a step, with what it took."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        self.begin = time.monotonic()
        print(f"{self.text} ... ", end="", flush=True)

    def __exit__(self, kind, *_):
        print("failed" if kind else f"done ({time.monotonic() - self.begin:.1f} s)", flush=True)


def start_lab(lab, agent_listener, stock):
    with Progress("making the engine's store and certificates, starting tapwall-engine"):
        lab.start_engine()
    programs = "libvirtd, tapwall-agent" if stock else "libvirtd, tapwalld, tapwall-agent"
    with Progress(f"making a private host: namespaces, bridge, {programs}"):
        return lab.add_node("host1", agent_listener, "libvirt" if stock else "tapwall")


def disable_filter(lab):
    with Progress(f"engine-config -s {OPTION}=false, restarting tapwall-engine"):
        lab.engine.config("-s", f"{OPTION}=false")
        lab.engine.restart()


def make_machines(lab, node):
    with Progress("through the REST API: data center, cluster (level 4.7), host, network"):
        site = Site(lab.api, "lab", ports.number(node.listener), BRIDGE)
        site.wait_host()
    with Progress("through the REST API: two virtual machines with a NIC each"):
        machines = [Machine(site, lab.image, name, node.folder) for name in ("vm1", "vm2")]
    bridge = node.bridge(BRIDGE)  # listens from here on
    with Progress(f"starting both, until their guests are up (domain type {lab.domain_type})"):
        for machine in machines:
            machine.start()
        for machine in machines:
            machine.wait("up", "powering_up")
            machine.guest.wait_ready()
    for machine in machines:
        print(f"    {machine.name}: {machine.first_frame_seconds(bridge):.2f} s from the request to start it until its "
              "first honest frame was on the bridge", flush=True)
    return machines


def measure(lab, node, machines, filtered):
    bridge = node.bridge(BRIDGE)
    with Progress("sending from the first guest: honest frames, then forged ones"):
        outcome = traffic.measure(node.host, bridge, machines[0].guest, machines[1].guest, lab.next_run(), filtered)
    if filtered and node.enforcement == "tapwall":
        with Progress("waiting for the engine to hear how many were dropped"):
            wait_until(lambda: machines[0].nic_statistics().get("data.dropped.filter", 0) >= outcome.forged,
                       REPORT_SECONDS, f"{outcome.forged} dropped frames to be reported")
    return outcome


def describe(lab, node):
    own = lab.engine
    print(f"""
REST API   https://127.0.0.1:{own.port}/ovirt-engine/api
           user {engine.USER}, password {own.password}, CA {own.ca}
           curl --cacert {own.ca} -u {engine.USER}:{own.password} https://127.0.0.1:{own.port}/ovirt-engine/api/vms
agent      127.0.0.1:{ports.number(node.listener)} (VDSM's JSON-RPC over STOMP, TLS)
           CA {own.ca}, client certificate {own.certificate}, key {own.key}
host       its libvirt: nsenter -t {node.host.init.pid} -m -n virsh -c qemu:///system list
logs       {lab.folder}""")


def report(machine, filter_name):
    """What the engine's API shows of a NIC's filter."""
    if not filter_name:
        return "no filter"
    who = {"tapwall": "tapwalld", "libvirt": "libvirt's rules"}.get(machine.nic_enforcement(), "nobody says who")
    dropped = machine.nic_statistics().get("data.dropped.filter")
    counted = f", {dropped} frames dropped" if dropped is not None else ""
    return f"filter {filter_name}, enforced by {who}{counted}"


def judge(outcome, machines):
    print()
    print(traffic.table(outcome))
    wanted = None if not outcome.filtered else "vdsm-no-mac-spoofing"
    problems = outcome.problems()
    for machine in machines:
        found = machine.nic_filter()
        print(f"the host reports on {machine.name}'s NIC {machine.mac}: {report(machine, found)}")
        if found != wanted:
            problems.append(f"the filter of {machine.name}'s NIC should be {wanted}, but it is {found}")
    print()
    for problem in problems:
        print(f"WRONG: {problem}")
    if outcome.filtered:
        text = ("every honest frame arrived and no forged one did", "the filter did not do what it should")
    else:
        text = ("without the filter the forged frames arrive, too", "the control did not show what it should")
    print(f"result: {text[bool(problems)]}")
    return not problems


def stay(lab, node):
    """Until a signal, or until the engine or the agent ends by itself."""
    print("\nrunning; Ctrl-C ends everything", flush=True)
    while True:
        time.sleep(1)
        if lab.engine.process.poll() is not None:
            raise LabError(f"the engine ended by itself: {lab.engine.last_words()}")
        if node.agent.status is not None:
            raise LabError(f"the agent ended by itself; see {node.agent_log}")


def show(lab, arguments, agent_listener):
    node = start_lab(lab, agent_listener, arguments.stock)
    if arguments.unfiltered:
        disable_filter(lab)
    machines = make_machines(lab, node)
    outcome = measure(lab, node, machines, not arguments.unfiltered)
    good = judge(outcome, machines)
    if not arguments.once:
        describe(lab, node)
        stay(lab, node)
    return good


def interrupt(number, _frame):
    raise KeyboardInterrupt(number)


def main():
    parser = argparse.ArgumentParser(prog="./run")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--stock", action="store_true")
    parser.add_argument("--unfiltered", action="store_true")
    parser.add_argument("--port", type=int)
    parser.add_argument("--agent-port", type=int)
    arguments = parser.parse_args()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, interrupt)
    shown = False
    try:
        api_listener = listener(arguments.port, 8443, "the engine")
        agent_listener = listener(arguments.agent_port, 54321, "the agent")
        with Lab("stage", api_listener, "poll_seconds=2") as lab:
            try:
                shown = show(lab, arguments, agent_listener)
            except KeyboardInterrupt:
                print("\nending everything", flush=True)
                if arguments.once:
                    raise
                return 0
            except (LabError, OSError, subprocess.SubprocessError):
                lab.keep = True
                print(f"the logs are in {lab.folder}", file=sys.stderr)
                raise
        return 0 if shown else 1
    except KeyboardInterrupt as error:
        return 128 + (error.args[0] if error.args else signal.SIGINT)
    except (LabError, OSError, subprocess.SubprocessError) as error:
        print(f"./run: {error}", file=sys.stderr)
        return 1


def listener(asked, usual, what):
    """On the port asked for, or else the usual one, or else a free one."""
    if asked is None:
        return ports.listen_preferring(usual, what)
    try:
        return ports.listen(asked)
    except OSError as error:
        raise LabError(f"{what} cannot listen on 127.0.0.1:{asked}: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
