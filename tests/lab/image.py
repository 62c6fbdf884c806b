# SPDX-License-Identifier: Apache-2.0
"""The test guest's kernel and initramfs: Debian's cloud kernel, busybox, and the tool of tests/guest."""

import os
import subprocess

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = os.path.join(REPOSITORY, "tests", "guest")
COMPILE = ["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror",
           "-Wstrict-prototypes", "-Wmissing-prototypes", "-static", "-s"]

# In the order of loading. A kernel may have some of them built in: those are left out.
MODULES = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci",
           "failover", "net_failover", "virtio_net", "button", "evdev"]

INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
for module in {modules}; do
    /bin/busybox insmod /modules/$module.ko || echo "tw: cannot load $module" > /dev/ttyS0
done
exec /tool
"""


class Archive:
    """A cpio archive in the "newc" form the kernel unpacks (Documentation/driver-api/early-userspace)."""

    def __init__(self):
        self.parts = []
        self.inode = 0
        self.size = 0

    def _append(self, data):
        padding = -len(data) % 4
        self.parts.append(data + b"\0" * padding)
        self.size += len(data) + padding

    def add(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        encoded = name.encode() + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0]
        self._append(b"070701" + b"".join(b"%08X" % field for field in fields) + encoded)
        self._append(data)

    def directory(self, name):
        self.add(name, 0o040755)

    def file(self, name, data, mode=0o100755):
        self.add(name, mode, data)

    def link(self, name, target):
        self.add(name, 0o120777, target.encode())

    def finish(self):
        self.add("TRAILER!!!", 0)
        return b"".join(self.parts)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def find_modules(tree, names):
    """The files of modules of these names below tree, by name."""
    found = {}
    for folder, _, files in os.walk(tree):
        for file in files:
            name = file.removesuffix(".ko").replace("-", "_")
            if file.endswith(".ko") and name in names:
                found[name] = os.path.join(folder, file)
    return found


def _newest(paths):
    return max(os.stat(path).st_mtime for path in paths)


def _compile_tool(output):
    sources = sorted(os.path.join(SOURCES, name) for name in os.listdir(SOURCES))
    if not os.path.exists(output) or os.stat(output).st_mtime < _newest(sources):
        code = [path for path in sources if path.endswith(".c")]
        subprocess.run(COMPILE + ["-o", output + ".new"] + code, check=True)
        os.rename(output + ".new", output)


def _pack(tool, modules):
    archive = Archive()
    for folder in ["bin", "dev", "proc", "sys", "modules"]:
        archive.directory(folder)
    archive.add("dev/console", 0o020600, device=(5, 1))
    present = [name for name in MODULES if name in modules]
    archive.file("init", INIT.format(modules=" ".join(present)).encode())
    archive.file("bin/busybox", read("/bin/busybox"))
    archive.file("tool", read(tool))
    for name in present:
        archive.file(f"modules/{name}.ko", read(modules[name]), 0o100644)
    return archive.finish()


def build(folder):
    """Builds what is missing or old in folder, which holds "vmlinuz" and the tree "modules" already.
    Returns the paths of kernel and initramfs."""
    kernel = os.path.join(folder, "vmlinuz")
    initramfs = os.path.join(folder, "initramfs")
    tool = os.path.join(folder, "tool")
    _compile_tool(tool)
    inputs = [tool, kernel, "/bin/busybox", os.path.abspath(__file__)]
    if not os.path.exists(initramfs) or os.stat(initramfs).st_mtime < _newest(inputs):
        with open(initramfs + ".new", "wb") as file:
            file.write(_pack(tool, find_modules(os.path.join(folder, "modules"), MODULES)))
        os.rename(initramfs + ".new", initramfs)
    return kernel, initramfs
