# SPDX-License-Identifier: Apache-2.0
"""A real libvirtd with nothing but its nwfilter driver, in private namespaces.

A test calls enter() first, which starts the script again inside; then start(). Nothing reaches the
host: the network is empty, libvirt's directories are private, and all processes end with the script.
"""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

INSIDE = 'TAPWALL_COMPAT_INSIDE'
PRIVATE = ('/run', '/etc/libvirt', '/var/lib/libvirt', '/var/log/libvirt', '/var/cache/libvirt')
STOCK = Path('/usr/share/libvirt/nwfilter')
URI = 'nwfilter:///system'
SECONDS = 60  # for one command
CONF = 'auth_unix_rw = "none"\nauth_unix_ro = "none"\nunix_sock_group = "root"\n'


def enter():
    """Returns only inside the namespaces."""
    if os.environ.get(INSIDE):
        return
    if os.geteuid() != 0:
        print('1..0 # SKIP' if '--allow-skip' in sys.argv else 'Bail out! this test needs root')
        sys.exit(1)
    os.environ[INSIDE] = '1'
    os.execvp('unshare', ['unshare', '-n', '-m', '-p', '-f', '--kill-child', '--mount-proc',
                          sys.executable, *sys.argv])


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS,
                          env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8'})
    if check and done.returncode:
        raise RuntimeError(f'{" ".join(command)}: {done.stderr.strip()}')
    return done


def driver_directory():
    found = sorted(Path('/usr/lib').glob('*/libvirt/connection-driver/libvirt_driver_nwfilter.so'))
    if not found:
        raise RuntimeError('no libvirt_driver_nwfilter.so: is libvirt-daemon installed?')
    folder = Path(tempfile.mkdtemp(dir='/run'))
    (folder / found[0].name).symlink_to(found[0])
    return str(folder)


def listening_socket(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(16)
    return listener


def start(filters=()):
    """libvirtd; whoever connects waits until it is ready, as with a service manager's socket. filters:
    {name: text} of those that it finds beside the stock ones."""
    for path in PRIVATE:
        run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'compat', path)
    os.makedirs('/run/libvirt')
    Path('/etc/libvirt/libvirtd.conf').write_text(CONF)
    run('cp', '-a', str(STOCK), '/etc/libvirt/nwfilter')
    for name in filters:
        Path('/etc/libvirt/nwfilter', f'{name}.xml').write_text(filters[name], encoding='utf-8')
    run('ip', 'link', 'set', 'lo', 'up')
    listener = listening_socket('/run/libvirt/libvirt-sock')
    log = open('/run/libvirtd.log', 'w', encoding='utf-8')
    pid = os.fork()
    if pid == 0:
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        os.dup2(log.fileno(), 2)
        os.execve('/usr/sbin/libvirtd', ['libvirtd'], {
            'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LIBVIRT_DRIVER_DIR': driver_directory(),
            'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1', 'LISTEN_FDNAMES': 'libvirtd.socket'})
    listener.close()
    virsh('nwfilter-list')


def virsh(*arguments, check=True):
    return run('virsh', '-q', '-c', URI, *arguments, check=check)


def define(text):
    """None when libvirt takes the filter, else its message."""
    path = '/run/filter.xml'
    Path(path).write_text(text, encoding='utf-8')
    done = virsh('nwfilter-define', path, check=False)
    lines = [line for line in done.stderr.splitlines() if line]
    return lines[-1].removeprefix('error: ') if done.returncode else None


def dump(name):
    return virsh('nwfilter-dumpxml', name).stdout.rstrip('\n') + '\n'


BINDING = """<filterbinding>
  <owner><name>vm</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>
  <portdev name='{port}'/>
  <mac address='{mac}'/>
  <filterref filter='{filter}'>{parameters}</filterref>
</filterbinding>
"""


def bind(port, mac, name, parameters=()):
    """A tap with the filter on it. parameters: (name, value). None, or libvirt's message."""
    run('ip', 'tuntap', 'add', port, 'mode', 'tap')
    run('ip', 'link', 'set', port, 'up')
    return bind_existing(port, mac, name, parameters)


def bind_existing(port, mac, name, parameters=()):
    words = ''.join(f"<parameter name='{n}' value='{v}'/>" for n, v in parameters)
    Path('/run/binding.xml').write_text(
        BINDING.format(port=port, mac=mac, filter=name, parameters=words), encoding='utf-8')
    done = virsh('nwfilter-binding-create', '/run/binding.xml', check=False)
    lines = [line for line in done.stderr.splitlines() if line]
    return lines[-1].removeprefix('error: ') if done.returncode else None


def unbind(port):
    virsh('nwfilter-binding-delete', port)
    run('ip', 'link', 'del', port)
