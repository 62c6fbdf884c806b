# SPDX-License-Identifier: Apache-2.0
"""libvirt's remote protocol, spoken octet by octet, so that a test can also speak it wrongly."""

import socket
import struct

REMOTE, KEEPALIVE, VERSION = 0x20008086, 0x6b656570, 1
CALL, REPLY, EVENT = 0, 1, 2

# Procedures by their numbers.
OPEN, CLOSE, TYPE, GET_VERSION, CAPABILITIES, NUM_DOMAINS, HOSTNAME, FEATURE, AUTH_LIST = \
    1, 2, 3, 4, 7, 51, 59, 60, 66
URI, SECURE, LIB_VERSION = 110, 149, 157
NODE_INFO, NUM_DEFINED_DOMAINS, FREE_MEMORY, SECURITY_MODEL = 6, 25, 102, 122
DOMAIN_LOOKUP, ALL_NETWORKS = 23, 283
LOOKUP_NAME, LOOKUP_UUID, GET_XML, NUM, LIST, DEFINE, UNDEFINE, LIST_ALL = \
    175, 176, 177, 178, 179, 180, 181, 286
REGISTER_CLOSE, UNREGISTER_CLOSE = 360, 361
BINDING_LOOKUP, BINDING_XML, BINDING_CREATE, BINDING_DELETE, BINDINGS, DEFINE_FLAGS = \
    397, 398, 399, 400, 401, 431


def uint(number):
    return struct.pack('>I', number & 0xffffffff)


def text(value):
    octets = value if isinstance(value, bytes) else value.encode()
    return uint(len(octets)) + octets + bytes(-len(octets) % 4)


def optional(value):
    return uint(0) if value is None else uint(1) + text(value)


def uuid(value):
    return bytes.fromhex(value.replace('-', ''))


def filter_(name, uuid_text):
    return text(name) + uuid(uuid_text)


def binding(port, name=''):
    return text(port) + text(name)


class Reader:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def uint(self):
        return self.int() & 0xffffffff

    def int(self):
        (number,) = struct.unpack_from('>i', self.octets, self.at)
        self.at += 4
        return number

    def text(self):
        length = self.uint()
        value = self.octets[self.at:self.at + length]
        self.at += length + (-length % 4)
        return value.decode('utf-8', 'replace')

    def optional(self):
        return self.text() if self.uint() else None

    def uuid(self):
        value = self.octets[self.at:self.at + 16]
        self.at += 16
        return value.hex()

    def filter(self):
        return self.text(), self.uuid()

    def binding(self):
        return self.text(), self.text()

    def list(self, read):
        return [read() for _ in range(self.uint())]

    def rest(self):
        return self.octets[self.at:]


class Fault(tuple):
    """(code, domain, message, level, text1, text2, text3, number1, number2) of an error."""


def fault(octets):
    r = Reader(octets)
    code, domain, message, level, about = r.int(), r.int(), r.optional(), r.int(), r.uint()
    assert about == 0, 'an error about a domain'
    value = (code, domain, message, level, r.optional(), r.optional(), r.optional(), r.int(),
             r.int(), r.uint())
    assert not r.rest(), 'more behind an error'
    return Fault(value)


class Client:
    def __init__(self, path, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.serial = 0

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def send(self, octets):
        self.socket.sendall(octets)

    @staticmethod
    def message(procedure, payload=b'', *, program=REMOTE, version=VERSION, type_=CALL, serial=0,
                status=0):
        head = struct.pack('>IIiiIi', program, version, procedure, type_, serial, status)
        return uint(4 + len(head) + len(payload)) + head + payload

    def read(self, count):
        octets = b''
        while len(octets) < count:
            more = self.socket.recv(count - len(octets))
            if not more:
                raise EOFError('the server hung up')
            octets += more
        return octets

    def receive(self):
        """(program, procedure, type, serial, status, payload)"""
        (length,) = struct.unpack('>I', self.read(4))
        octets = self.read(length - 4)
        program, _, procedure, type_, serial, status = struct.unpack_from('>IIiiIi', octets)
        return program, procedure, type_, serial, status, octets[24:]

    def call(self, procedure, payload=b''):
        """The reply's payload, or a Fault. Pings are answered on the way."""
        self.serial += 1
        self.send(self.message(procedure, payload, serial=self.serial))
        while True:
            program, number, type_, serial, status, octets = self.receive()
            if program == KEEPALIVE:
                self.send(self.message(2, program=KEEPALIVE, type_=EVENT))
                continue
            assert (program, number, type_, serial) == (REMOTE, procedure, REPLY, self.serial)
            return fault(octets) if status else octets

    def open(self, uri='nwfilter:///system', flags=0):
        assert self.call(AUTH_LIST) == uint(1) + uint(0)
        return self.call(OPEN, optional(uri) + uint(flags))
