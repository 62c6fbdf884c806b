# SPDX-License-Identifier: Apache-2.0
"""A small client of the agent: VDSM's JSON-RPC over STOMP, TLS with a client certificate."""

import itertools
import json
import socket
import ssl
import time

from errors import LabError

ANSWER_SECONDS = 60
REQUESTS = "jms.topic.vdsm_requests"
EVENTS = "jms.queue.events"


class VdsmError(LabError):
    """The agent's own error."""

    def __init__(self, method, error):
        self.code, self.message = error["code"], error["message"]
        super().__init__(f"{method}: code {self.code}: {self.message}")


def dial(port, ca, certificate, key):
    """A TLS connection on which nothing has been said."""
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False  # as VDSM's clients: being signed by the authority is what counts
    context.load_cert_chain(certificate, key)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS))


class Vdsm:
    def __init__(self, port, ca, certificate, key, reply_to="lab.replies"):
        self.socket = dial(port, ca, certificate, key)
        self.numbers = itertools.count(1)
        self.reply_to, self.buffer = reply_to, b""
        self.answers, self.events = {}, []
        self.send("CONNECT", {"accept-version": "1.2", "heart-beat": "0,0"})
        command, _, body = self.receive(time.monotonic() + ANSWER_SECONDS)
        if command != "CONNECTED":
            raise LabError(f"the agent answered CONNECT with {command}: {body}")
        for number, destination in enumerate([reply_to, EVENTS]):
            self.send("SUBSCRIBE", {"destination": destination, "id": f"s{number}", "ack": "auto"})

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- STOMP ----

    def send(self, command, headers, body=b""):
        head = "".join(f"{name}:{value}\n" for name, value in headers.items())
        self.socket.sendall(f"{command}\n{head}\n".encode() + body + b"\0")

    def receive(self, end):
        """(command, headers, body) of the next frame; LabError at the time end."""
        while True:
            self.buffer = self.buffer.lstrip(b"\r\n")
            head, found, rest = self.buffer.partition(b"\n\n")
            if found:
                command, *lines = head.decode().split("\n")
                headers = dict(line.split(":", 1) for line in reversed(lines))
                length = int(headers.get("content-length", rest.find(b"\0")))
                if 0 <= length < len(rest):
                    self.buffer = rest[length + 1:]
                    return command, headers, rest[:length].decode()
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                part = self.socket.recv(65536)
            except TimeoutError:
                raise LabError("the agent does not answer") from None
            if not part:
                raise LabError("the agent has hung up")
            self.buffer += part

    # ---- JSON-RPC ----

    def _take(self, end):
        command, _, body = self.receive(end)
        if command != "MESSAGE":
            raise LabError(f"the agent sent {command}: {body}")
        message = json.loads(body)
        if "id" in message:
            self.answers[message["id"]] = message
        else:
            self.events.append(message)

    def ask(self, method, **params):
        """Sends a request; its id."""
        number = str(next(self.numbers))
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": number}).encode()
        self.send("SEND", {"destination": REQUESTS, "reply-to": self.reply_to, "content-type": "application/json",
                           "content-length": len(body)}, body)
        return number

    def answer(self, number, method="the request"):
        end = time.monotonic() + ANSWER_SECONDS
        while number not in self.answers:
            self._take(end)
        message = self.answers.pop(number)
        if "error" in message:
            raise VdsmError(method, message["error"])
        return message["result"]

    def call(self, method, **params):
        return self.answer(self.ask(method, **params), method)

    def wait_event(self, vm_id, wanted, seconds=ANSWER_SECONDS):
        """The parameters of the first status event of a VM for which wanted(parameters) holds."""
        end = time.monotonic() + seconds
        seen = 0
        while True:
            for event in self.events[seen:]:
                params = event["params"].get(vm_id)
                if event["method"] == f"|virt|VM_status|{vm_id}" and params and wanted(params):
                    return params
            seen = len(self.events)
            self._take(end)
