# SPDX-License-Identifier: Apache-2.0
"""tapwall-engine as the lab runs it: in the caller's network, on 127.0.0.1, with all its files in a folder."""

import os
import secrets
import signal
import subprocess

import ports
import sanitizer
from api import Api
from errors import LabError, wait_until
from host import die_with_parent

USER = "admin@internal"
START_SECONDS = 30
STOP_SECONDS = 30
TOOL_SECONDS = 60

CONF = """[engine]
store={folder}/engine.db
{extra}

[api]
address=127.0.0.1
port={port}

[pki]
directory={folder}/pki
"""


class Engine:
    def __init__(self, folder, programs, listener, extra=""):
        """programs: a staged installation; listener: the socket it is to serve."""
        self.folder, self.programs, self.listener = folder, programs, listener
        self.port = ports.number(listener)
        self.conf = os.path.join(folder, "engine.conf")
        self.log = os.path.join(folder, "engine.log")
        self.ca = os.path.join(folder, "pki", "ca.pem")
        self.certificate = os.path.join(folder, "pki", "engine.pem")
        self.key = os.path.join(folder, "pki", "private", "engine-key.pem")
        self.password = secrets.token_urlsafe(12)
        self.process = None
        os.makedirs(folder, exist_ok=True)
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(CONF.format(folder=folder, port=self.port, extra=extra))

    def program(self, name):
        return os.path.join(self.programs, "usr", name)

    def tool(self, *argv, check=True, text=None):
        """Runs one of the installed programs to its end: (status, stdout)."""
        done = subprocess.run([self.program(argv[0]), *argv[1:]], input=text, text=True, timeout=TOOL_SECONDS,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env=dict(os.environ, **sanitizer.OPTIONS))
        if check and done.returncode != 0:
            raise LabError(f"{argv[0]}: status {done.returncode}: {(done.stdout + done.stderr).strip()}")
        return done.returncode, done.stdout

    def init(self):
        self.tool("sbin/tapwall-engine", "--config", self.conf, "--init", "--password-file", "/dev/stdin",
                  text=self.password + "\n")

    def config(self, *arguments, check=True):
        """engine-config on this engine's store."""
        return self.tool("bin/engine-config", *arguments, "-c", self.conf, check=check)

    def start(self):
        # LISTEN_PID must be the program's own (sd_listen_fds(3)), which only the shell knows before it runs.
        command = ["bash", "-c", "LISTEN_PID=$$ exec \"$@\" 3<&\"$FD\"", "engine",
                   self.program("sbin/tapwall-engine"), "--config", self.conf]
        environment = dict(os.environ, LISTEN_FDS="1", FD=str(self.listener.fileno()), **sanitizer.OPTIONS)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, pass_fds=[self.listener.fileno()],
                                            preexec_fn=die_with_parent)

        def up():
            if self.process.poll() is not None:
                raise LabError(f"the engine ended with status {self.process.returncode}: {self.last_words()}")
            return os.path.exists(self.ca) and self.api().is_up()
        wait_until(up, START_SECONDS, "the engine's API")

    def api(self):
        return Api(self.port, self.ca, USER, self.password)

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return " | ".join(file.read().strip().splitlines()[-3:])

    def stop(self):
        """Ends it as a service manager would; the status it left."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise LabError(f"the engine did not end within {STOP_SECONDS} s: {self.last_words()}") from None
        finally:
            self.process = None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        status = self.stop()
        if status != 0:
            raise LabError(f"the engine left status {status}: {self.last_words()}")
        self.start()
