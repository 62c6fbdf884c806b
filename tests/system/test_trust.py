# SPDX-License-Identifier: Apache-2.0
"""Who is let in, and what bad input gets, at the running engine and agent."""

import http.client
import os
import socket
import sqlite3
import ssl
import subprocess
import unittest

import labs
import ports
from api import ApiError, BASE

ABSENT = "00000000-1111-2222-3333-444444444444"
PATIENCE = 20


class Api(unittest.TestCase):
    def setUp(self):
        self.shared = labs.shared()
        self.api = self.shared.api

    def refused(self, status, method, path, body=None):
        with self.assertRaises(ApiError) as caught:
            self.api.request(method, path, body)
        self.assertEqual(caught.exception.status, status, caught.exception)
        return caught.exception.body

    def raw(self, body, kind, path="/vms", method="POST"):
        headers = {"Authorization": self.api.authorization, "Content-Type": kind}
        return self.api.exchange(method, BASE + path, body, headers)

    def still_up(self):
        self.assertEqual(self.api.get("")["product_info"]["vendor"], "ovirt.org")

    def test_no_password(self):
        status, headers, _ = self.api.exchange("GET", BASE + "/vms")
        self.assertEqual(status, 401)
        self.assertIn("Basic", headers["WWW-Authenticate"])

    def test_wrong_passwords_are_slowed_down_for_that_peer_only(self):
        def attempt():
            connection = http.client.HTTPSConnection("127.0.0.1", self.api.port, context=self.api.tls,
                                                     source_address=("127.0.0.2", 0), timeout=PATIENCE)
            try:
                connection.request("GET", BASE, headers={"Authorization": "Basic YWRtaW5AaW50ZXJuYWw6d3Jvbmc="})
                response = connection.getresponse()
                response.read()
                return response.status, response.headers.get("Retry-After")
            finally:
                connection.close()
        answers = [attempt() for _ in range(12)]
        self.assertEqual(answers[0][0], 401)
        self.assertEqual(answers[-1][0], 429)
        self.assertGreater(int(answers[-1][1]), 0)
        self.still_up()

    def test_malformed_bodies(self):
        for body, kind in [(b"<vm><name>x</vm>", "application/xml"), (b"{\"name\": ", "application/json"),
                           (b"\xff\xfe\x00", "application/xml"), (b"[1, 2", "application/json"),
                           (b"<host/>", "application/xml"), (b"", "application/xml"),
                           (b"<!DOCTYPE vm [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><vm><name>&a;</name></vm>",
                            "application/xml"),
                           (b"{\"a\":" * 5000, "application/json"), (b"<a>" * 5000, "application/xml")]:
            with self.subTest(body=body[:40]):
                status, _, answer = self.raw(body, kind)
                self.assertEqual(status, 400, answer)
                self.assertNotIn(b"root:", answer)
        self.still_up()

    def test_a_body_over_the_limit(self):
        try:
            status, _, _ = self.raw(b"<vm><description>" + b"x" * (3 << 20), "application/xml")
            self.assertEqual(status, 413)
        except OSError:
            pass  # refused before all of it was taken: the answer can be lost with the connection
        self.still_up()

    def test_unknown_and_malformed_ids(self):
        for path in ("/vms/" + ABSENT, f"/vms/{ABSENT}/nics", "/nonsense"):
            with self.subTest(path=path):
                self.assertEqual(self.refused(404, "GET", path), "")
        self.refused(404, "POST", f"/vms/{ABSENT}/start", {})
        self.refused(400, "GET", "/vms/not-an-id")

    def test_what_is_refused(self):
        machine = self.shared.machine("first")
        site = self.shared.site
        self.refused(409, "POST", "/vms", {"name": "first", "cluster": {"id": site.cluster["id"]}})
        self.refused(400, "POST", "/vms", {"cluster": {"id": site.cluster["id"]}})
        self.refused(409, "POST", f"/vms/{machine.id}/nics", {"name": "other", "mac": {"address": machine.mac},
                                                              "plugged": "false"})
        for status, nic in [(400, {"name": "n", "mac": {"address": "01:00:5e:00:00:01"}}),
                            (400, {"name": "n", "mac": {"address": "zz"}}),
                            (400, {"name": "n", "network_filter": {"name": "no-such-filter"}})]:
            with self.subTest(nic=nic):
                self.refused(status, "POST", f"/vms/{machine.id}/nics", nic)
        with self.assertRaises(ApiError) as caught:
            self.api.add(f"vms/{machine.id}/nics", name="n", network={"id": ABSENT})
        self.assertIn("Entity not found", caught.exception.body)
        self.refused(409, "POST", f"/vms/{machine.id}/start", {})
        self.refused(409, "DELETE", f"/vms/{machine.id}")

    def test_a_client_that_stops_reading(self):
        request = (f"GET {BASE}/networkfilters HTTP/1.1\r\nHost: x\r\nAuthorization: "
                   f"{self.api.authorization}\r\n\r\n").encode()
        lazy = []
        try:
            for _ in range(8):
                plain = socket.create_connection(("127.0.0.1", self.api.port), timeout=5)
                client = self.api.tls.wrap_socket(plain, server_hostname="127.0.0.1")
                client.settimeout(0.2)
                lazy.append(client)
                try:
                    for _ in range(2000):  # until nobody takes any more
                        client.sendall(request)
                except OSError:
                    pass
            self.still_up()
        finally:
            for client in lazy:
                client.close()
        self.still_up()

    def test_a_client_that_says_half_a_request(self):
        plain = socket.create_connection(("127.0.0.1", self.api.port), timeout=5)
        with self.api.tls.wrap_socket(plain, server_hostname="127.0.0.1") as client:
            client.sendall(b"POST /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\nContent-Len")
            self.still_up()

    def test_another_authority_is_not_believed(self):
        strangers = ssl.create_default_context()
        with self.assertRaises(ssl.SSLError):
            with socket.create_connection(("127.0.0.1", self.api.port), timeout=PATIENCE) as plain:
                strangers.wrap_socket(plain, server_hostname="127.0.0.1")


class Agent(unittest.TestCase):
    CONNECT = b"CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0"

    def setUp(self):
        self.shared = labs.shared()
        self.port = ports.number(self.shared.node.listener)
        self.engine = self.shared.lab.engine

    def talk(self, context, data):
        """What the agent answers, b'' when it hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as plain:
            with context.wrap_socket(plain) if context else plain as client:
                try:
                    client.sendall(data)
                    return client.recv(4096)
                except (ssl.SSLError, ConnectionError):
                    return b""

    def context(self, certificate=None, key=None):
        context = ssl.create_default_context(cafile=self.engine.ca)
        context.check_hostname = False
        if certificate:
            context.load_cert_chain(certificate, key)
        return context

    def test_a_certificate_of_ours(self):
        answer = self.talk(self.context(self.engine.certificate, self.engine.key), self.CONNECT)
        self.assertTrue(answer.startswith(b"CONNECTED\n"), answer)

    def test_no_certificate(self):
        self.assertEqual(self.talk(self.context(), self.CONNECT), b"")

    def test_a_certificate_of_another_authority(self):
        folder = os.path.join(self.shared.lab.folder, "stranger")
        os.makedirs(folder, exist_ok=True)
        conf = os.path.join(folder, "engine.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(f"[engine]\nstore={folder}/engine.db\n[pki]\ndirectory={folder}/pki\n")
        self.engine.tool("sbin/tapwall-engine", "--config", conf, "--init")
        context = self.context(f"{folder}/pki/engine.pem", f"{folder}/pki/private/engine-key.pem")
        self.assertEqual(self.talk(context, self.CONNECT), b"")

    def test_no_tls(self):
        self.assertEqual(self.talk(None, self.CONNECT), b"")

    def test_garbage_from_a_trusted_peer(self):
        context = self.context(self.engine.certificate, self.engine.key)
        for data in (b"HELLO\n\n\0", b"\xff" * 4096, b"CONNECT\n" + b"a:b\n" * 5000 + b"\n\0",
                     b"SEND\ndestination:jms.topic.vdsm_requests\n\n{\0"):
            with self.subTest(data=data[:20]):
                self.assertFalse(self.talk(context, data).startswith(b"CONNECTED"))
        self.test_a_certificate_of_ours()

    def test_half_a_handshake_does_not_hold_others(self):
        half = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        try:
            half.sendall(b"\x16\x03\x01")
            self.test_a_certificate_of_ours()
        finally:
            half.close()


class HostState(unittest.TestCase):
    def test_a_host_that_does_not_answer(self):
        """It becomes non-responsive, its VMs unknown; both recover by themselves, and the guest never noticed."""
        shared = labs.shared()
        machine = shared.machine("first")
        pid = shared.node.qemu_pid(machine.id)
        shared.node.stop_agent()
        shared.site.wait_host(("non_responsive",))
        machine.wait("unknown")
        with self.assertRaises(ApiError):
            shared.api.act(f"vms/{machine.id}", "shutdown")
        shared.node.start_agent()
        shared.site.wait_host()
        machine.wait("up")
        self.assertEqual(shared.node.qemu_pid(machine.id), pid)

    def test_a_host_that_hangs(self):
        shared = labs.shared()
        machine = shared.machine("first")
        shared.node.agent.kill(19)  # SIGSTOP: connections stay, nothing answers
        try:
            shared.site.wait_host(("non_responsive",))
        finally:
            shared.node.agent.kill(18)
        shared.site.wait_host()
        machine.wait("up")


class Store(unittest.TestCase):
    """What the engine and engine-config say about a database that is not as it should be."""

    def setUp(self):
        self.shared = labs.shared()
        self.engine = self.shared.lab.engine
        self.folder = os.path.join(self.shared.lab.folder, self.id().rsplit(".", 1)[1])
        os.makedirs(self.folder)
        self.conf = os.path.join(self.folder, "engine.conf")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(f"[engine]\nstore={self.folder}/engine.db\n[api]\naddress=127.0.0.1\n[pki]\n"
                       f"directory={self.folder}/pki\n")

    def start(self):
        done = subprocess.run([self.engine.program("sbin/tapwall-engine"), "--config", self.conf], timeout=PATIENCE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def damage(self, offset):
        self.engine.tool("sbin/tapwall-engine", "--config", self.conf, "--init")
        path = os.path.join(self.folder, "engine.db")
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(b"\xa5" * 65536)

    def test_no_store(self):
        self.engine.tool("sbin/tapwall-engine", "--config", self.conf, "--init")
        os.unlink(os.path.join(self.folder, "engine.db"))
        status, text = self.start()
        self.assertEqual(status, 1)
        self.assertIn("--init", text)

    def test_not_a_database(self):
        self.damage(0)
        status, text = self.start()
        self.assertEqual(status, 1, text)
        self.assertIn("engine.db", text)
        status, text = self.engine.tool("bin/engine-config", "-a", "-c", self.conf, check=False)
        self.assertEqual(status, 1)
        self.assertIn("Connection to the Database failed", text)

    def test_locked(self):
        """Somebody else holds the database: a clear error in bounded time, nothing half done, and no lasting harm."""
        api, site = self.shared.api, self.shared.site
        wish = {"name": "locked-out", "cluster": {"id": site.cluster["id"]}}
        path = os.path.join(self.engine.folder, "engine.db")
        holder = sqlite3.connect(path, isolation_level=None)
        try:
            holder.execute("BEGIN EXCLUSIVE")
            with self.assertRaises(ApiError) as caught:
                api.request("POST", "/vms", wish)
            self.assertGreaterEqual(caught.exception.status, 500)
            self.assertIn("lock", caught.exception.body)
            status, text = self.engine.config("-s", "EnableMACAntiSpoofingFilterRules=true", check=False)
            self.assertEqual(status, 1)
            self.assertTrue(text.strip())
        finally:
            holder.close()
        names = [vm["name"] for vm in api.get("/vms").get("vm", [])]
        self.assertNotIn(wish["name"], names)
        added = api.request("POST", "/vms", wish)
        api.remove(f"vms/{added['id']}")

    def test_bad_configuration(self):
        for text in ("[engine]\nstoer=x\n", "[api]\nport=99999\n", "[api]\naddress=0.0.0.0\ntls=false\n", "nonsense"):
            with self.subTest(text=text):
                with open(self.conf, "w", encoding="utf-8") as file:
                    file.write(text)
                status, said = self.start()
                self.assertEqual(status, 1)
                self.assertTrue(said.strip())
                self.assertNotIn("Sanitizer", said)


class DefineFilter(unittest.TestCase):
    def define(self, path):
        node = labs.shared().node
        return node.host.try_run(f"{node.programs}/usr/bin/vdsm-tool", "define-filter", path)

    def test_again_and_again(self):
        node = labs.shared().node
        before = node.virsh("nwfilter-dumpxml", "vdsm-no-mac-spoofing")[1]
        for _ in range(2):
            status, text = self.define(node.filter_file)
            self.assertEqual(status, 0, text)
        self.assertEqual(node.virsh("nwfilter-dumpxml", "vdsm-no-mac-spoofing")[1], before)

    def test_not_a_filter(self):
        folder = labs.shared().node.folder
        path = os.path.join(folder, "bad.xml")
        for text in ("<network/>", "<filter", "", "<filter/>", "<filter name='../q'/>"):
            with self.subTest(text=text):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                status, said = self.define(path)
                self.assertNotEqual(status, 0, said)
                self.assertTrue(said.strip())
                self.assertNotIn("Sanitizer", said)
        status, said = self.define("/nonexistent.xml")
        self.assertNotEqual(status, 0)
        self.assertIn("/nonexistent.xml", said)
