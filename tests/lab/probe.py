# SPDX-License-Identifier: Apache-2.0
"""Whether guests can run with KVM: only a boot tells, for a machine can have /dev/kvm and hang in it."""

import os
import subprocess

from errors import LabError, wait_until
from guest import Console
from host import die_with_parent
from scenario import CMDLINE

PROBE_SECONDS = 4


def _boots(image, log):
    kernel, initramfs = image
    command = ["qemu-system-x86_64", "-machine", "pc,accel=kvm", "-m", "128", "-kernel", kernel, "-initrd", initramfs,
               "-append", CMDLINE, "-display", "none", "-monitor", "none", "-nic", "none", "-nodefaults",
               "-no-reboot", "-serial", f"file:{log}"]
    probe = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
    console = Console(log)
    try:
        wait_until(lambda: console.find("ready") or probe.poll() is not None, PROBE_SECONDS, "the probe")
        return console.find("ready") is not None
    except LabError:
        return False
    finally:
        probe.kill()
        probe.wait()


def domain_type(image, cache):
    """libvirt's domain type for guests here: "kvm" or "qemu". cache: a folder in which the answer is kept
    for as long as the machine runs."""
    if not os.path.exists("/dev/kvm"):
        return "qemu"
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    path = os.path.join(cache, "domain-type")
    try:
        with open(path, encoding="ascii") as file:
            known, answer = file.read().split()
            if known == boot:
                return answer
    except (FileNotFoundError, ValueError):
        pass
    answer = "kvm" if _boots(image, os.path.join(cache, "kvm-probe.log")) else "qemu"
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{boot} {answer}\n")
    return answer
