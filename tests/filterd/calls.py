# SPDX-License-Identifier: Apache-2.0
"""The script of calls that are made to both daemons, in order: what is defined stays defined."""

from dataclasses import dataclass
from typing import Callable, Optional

import rpc
from rpc import Reader, binding, filter_, optional, text, uint, uuid

A, B, C, D = (f'{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}' for digit in '1234')
NOBODY = '99999999-9999-4999-8999-999999999999'
SETUP = (('ip', 'tuntap', 'add', 'dtap0', 'mode', 'tap'),
         ('ip', 'link', 'set', 'dtap0', 'up'))
MAC = '52:54:00:00:00:01'


@dataclass
class Call:
    name: str
    procedure: int = 0
    payload: bytes = b''
    read: Optional[Callable] = None  # what of the result is compared
    on: str = 'main'                 # main, new, ro (read-only), closed (before OPEN)
    raw: bytes = b''                 # a message as it is


def named_filter(octets):
    name, _ = Reader(octets).filter()
    return name


def whole_filter(octets):
    return Reader(octets).filter()


def named_binding(octets):
    return Reader(octets).binding()


STOCK_ONLY = {'../x', 'bn', 'br'}  # what stock takes and tapwalld refuses


def sorted_names(octets):
    reader = Reader(octets)
    names = {name for name, _ in reader.list(reader.filter)}
    assert reader.int() == len(names) and not reader.rest()
    return sorted(names - STOCK_ONLY)


def sorted_bindings(octets):
    reader = Reader(octets)
    return sorted(reader.list(reader.binding)), reader.int(), reader.rest()


def sorted_texts(octets):
    reader = Reader(octets)
    return sorted(reader.list(reader.text))


def string(octets):
    reader = Reader(octets)
    return reader.text(), reader.rest()


def filter_xml(name, uuid_text=None, inside='', root="chain='root'"):
    identity = f'<uuid>{uuid_text}</uuid>' if uuid_text else ''
    return f"<filter name='{name}' {root}>{identity}{inside}</filter>"


def binding_xml(port='dtap0', mac=MAC, name='fa', parameters='', owner=None, more=''):
    owner = "<owner><name>vm1</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>" \
        if owner is None else owner
    port = f"<portdev name='{port}'/>" if port is not None else ''
    mac = f"<mac address='{mac}'/>" if mac is not None else ''
    ref = f"<filterref filter='{name}'>{parameters}</filterref>" if name is not None else ''
    return f'<filterbinding>{owner}{port}{more}{mac}{ref}</filterbinding>'


DROP = "<rule action='drop' direction='out' priority='500'><mac match='no' srcmacaddr='$MAC'/></rule>"


def connection_calls():
    for on in ('main', 'ro'):
        yield Call(f'type, {on}', rpc.TYPE, read=string, on=on)
    yield Call('uri', rpc.URI, read=string)
    yield Call('is secure', rpc.SECURE)
    yield Call('library version', rpc.LIB_VERSION)
    for name, number in (('version', rpc.GET_VERSION), ('capabilities', rpc.CAPABILITIES),
                         ('hostname', rpc.HOSTNAME), ('number of domains', rpc.NUM_DOMAINS),
                         ('node', rpc.NODE_INFO), ('defined domains', rpc.NUM_DEFINED_DOMAINS),
                         ('free memory', rpc.FREE_MEMORY), ('security model', rpc.SECURITY_MODEL)):
        yield Call(f'not supported: {name}', number)
    yield Call('not supported: networks', rpc.ALL_NETWORKS, uint(1) + uint(0))
    yield Call('not supported: a domain, before open', rpc.DOMAIN_LOOKUP, text('vm'), on='closed')
    yield Call('behind the last procedure', 444)
    for feature in (10, 14, 15, 1, 0, -1, 99):
        yield Call(f'feature {feature}', rpc.FEATURE, uint(feature), on='new')
        yield Call(f'feature {feature} before open', rpc.FEATURE, uint(feature), on='closed')
    yield Call('auth list before open', rpc.AUTH_LIST, on='closed')
    yield Call('auth list', rpc.AUTH_LIST)
    for name, uri, flags in (('the uri', 'nwfilter:///system', 0), ('no uri', None, 0),
                             ('an empty uri', '', 0), ('read-only', 'nwfilter:///system', 1),
                             ('no aliases', 'nwfilter:///system', 2),
                             ('unknown flags', 'nwfilter:///system', 64),
                             ('another driver', 'nodriver:///system', 0),
                             ('another path', 'nwfilter:///session', 0),
                             ('no path', 'nwfilter://', 0), ('a bad uri', 'nwfilter:[', 0)):
        yield Call(f'open: {name}', rpc.OPEN, optional(uri) + uint(flags), on='closed')
    yield Call('open twice', rpc.OPEN, optional('nwfilter:///system') + uint(0), on='new')
    yield Call('close before open', rpc.CLOSE, on='closed')
    yield Call('close', rpc.CLOSE, on='new')
    yield Call('register close callback', rpc.REGISTER_CLOSE, on='new')
    yield Call('unregister close callback', rpc.UNREGISTER_CLOSE, on='new')
    for name, procedure, payload in (('list', rpc.LIST_ALL, uint(1) + uint(0)),
                                     ('lookup', rpc.LOOKUP_NAME, text('clean-traffic')),
                                     ('type', rpc.TYPE, b''),
                                     ('define', rpc.DEFINE, text(filter_xml('early')))):
        yield Call(f'{name} before open', procedure, payload, on='closed')


def broken_calls():
    message = rpc.Client.message
    yield Call('unknown procedure', raw=message(9999, serial=7))
    yield Call('negative procedure', raw=message(-1, serial=7))
    yield Call('unknown program', raw=message(1, program=0x12345678, serial=7))
    yield Call('unknown version', raw=message(3, version=2, serial=7))
    yield Call('a reply as a call', raw=message(3, type_=1, serial=7))
    yield Call('an event as a call', raw=message(3, type_=2, serial=7))
    yield Call('type 99', raw=message(3, type_=99, serial=7))
    yield Call('status error', raw=message(3, status=1, serial=7))
    yield Call('status 99', raw=message(3, status=99, serial=7))
    yield Call('a ping', raw=message(1, program=rpc.KEEPALIVE, type_=2), on='closed')
    yield Call('arguments cut short', raw=message(rpc.LOOKUP_NAME, uint(20) + b'cle', serial=7))
    yield Call('no arguments', raw=message(rpc.LOOKUP_NAME, b'', serial=7))
    yield Call('a text of 5 MiB', raw=message(rpc.LOOKUP_NAME, uint(5 << 20) + bytes(5 << 20),
                                              serial=7))
    yield Call('length 0', raw=uint(0))
    yield Call('length 27', raw=uint(27) + bytes(23))
    yield Call('length 2 GiB', raw=uint(0x7fffffff) + bytes(100))


def lookup_calls():
    yield Call('lookup by name', rpc.LOOKUP_NAME, text('clean-traffic'), read=named_filter)
    yield Call('lookup by name: none', rpc.LOOKUP_NAME, text('nix'))
    yield Call('lookup by name: empty', rpc.LOOKUP_NAME, text(''))
    yield Call('lookup by name: not UTF-8', rpc.LOOKUP_NAME, text(b'\xff\xfe'))
    yield Call('lookup by uuid: none', rpc.LOOKUP_UUID, uuid(NOBODY))
    yield Call('list all', rpc.LIST_ALL, uint(1) + uint(0), read=sorted_names)
    yield Call('list all, number only', rpc.LIST_ALL, uint(0) + uint(0))
    yield Call('list all, flags', rpc.LIST_ALL, uint(1) + uint(1))
    yield Call('number', rpc.NUM)
    yield Call('list', rpc.LIST, uint(1000), read=sorted_texts)
    yield Call('list of 0', rpc.LIST, uint(0), read=sorted_texts)
    yield Call('list of too many', rpc.LIST, uint(1 << 20))
    yield Call('list of -1', rpc.LIST, uint(-1))
    yield Call('list all, read-only', rpc.LIST_ALL, uint(1) + uint(0), read=sorted_names, on='ro')


def define_calls():
    yield Call('define', rpc.DEFINE, text(filter_xml('fa', A, DROP)), read=whole_filter)
    yield Call('define again, the same', rpc.DEFINE, text(filter_xml('fa', A, DROP)),
               read=whole_filter)
    yield Call('lookup what is defined', rpc.LOOKUP_UUID, uuid(A), read=whole_filter)
    yield Call('dump', rpc.GET_XML, filter_('fa', A) + uint(0), read=string)
    yield Call('dump goes by uuid', rpc.GET_XML, filter_('nix', A) + uint(0), read=string)
    yield Call('dump: no such uuid', rpc.GET_XML, filter_('fa', NOBODY) + uint(0))
    yield Call('dump: flags', rpc.GET_XML, filter_('fa', A) + uint(1))
    yield Call('define: same name, no uuid', rpc.DEFINE, text(filter_xml('fa')))
    yield Call('define: same name, other uuid', rpc.DEFINE, text(filter_xml('fa', B)))
    yield Call('define: same uuid, other name', rpc.DEFINE, text(filter_xml('fb', A)))
    yield Call('define: changed', rpc.DEFINE, text(filter_xml('fa', A, DROP + DROP)),
               read=whole_filter)
    yield Call('define: no uuid', rpc.DEFINE, text(filter_xml('fn', None, DROP)),
               read=named_filter)
    yield Call('define: includes itself', rpc.DEFINE,
               text(filter_xml('fl', B, "<filterref filter='fl'/>")))
    yield Call('define: includes', rpc.DEFINE,
               text(filter_xml('fi', B, "<filterref filter='fa'/>")), read=whole_filter)
    yield Call('define: a loop', rpc.DEFINE,
               text(filter_xml('fa', A, "<filterref filter='fi'/>")))
    yield Call('define: includes what is not there', rpc.DEFINE,
               text(filter_xml('fm', C, "<filterref filter='missing'/>")), read=whole_filter)
    yield Call('define: flags 1', rpc.DEFINE_FLAGS,
               text(filter_xml('fv', D, DROP)) + uint(1), read=whole_filter)
    yield Call('define: flags 0', rpc.DEFINE_FLAGS,
               text(filter_xml('fv', D, DROP)) + uint(0), read=whole_filter)
    yield Call('define: flags 2', rpc.DEFINE_FLAGS, text(filter_xml('fv', D, DROP)) + uint(2))
    yield Call('define: read-only', rpc.DEFINE, text(filter_xml('fr', NOBODY)), on='ro')
    yield Call('define flags: read-only', rpc.DEFINE_FLAGS,
               text(filter_xml('fr', NOBODY)) + uint(0), on='ro')
    yield from bad_filters()


def bad_filters():
    rule = "<rule action='{a}' direction='{d}' priority='{p}'>{m}</rule>".format
    ok = {'a': 'drop', 'd': 'out', 'p': '500', 'm': '<mac/>'}
    for name, xml in (
            ('empty', ''), ('no xml', 'hello'), ('half', '<filter name="x"'),
            ('another root', '<domain/>'), ('no name', '<filter/>'),
            ('empty name', filter_xml('')), ('a path', filter_xml('../x')),
            ('bad uuid', filter_xml('bu', 'zz')),
            ('bad chain', filter_xml('bc', None, '', "chain='nochain'")),
            ('chain with blanks', filter_xml('bc', None, '', "chain='arp x'")),
            ('chain too long', filter_xml('bc', None, '', "chain='arp-" + 'x' * 40 + "'")),
            ('bad chain priority', filter_xml('bp', None, '', "chain='root' priority='x'")),
            ('chain priority too low', filter_xml('bp', None, '', "chain='root' priority='-1001'")),
            ('chain priority too high', filter_xml('bp', None, '', "chain='root' priority='1001'")),
            ('no action', filter_xml('ba', None, "<rule direction='out'><mac/></rule>")),
            ('bad action', filter_xml('ba', None, rule(**{**ok, 'a': 'log'}))),
            ('no direction', filter_xml('bd', None, "<rule action='drop'><mac/></rule>")),
            ('bad direction', filter_xml('bd', None, rule(**{**ok, 'd': 'up'}))),
            ('bad rule priority', filter_xml('br', None, rule(**{**ok, 'p': 'x'}))),
            ('rule priority too high', filter_xml('br', None, rule(**{**ok, 'p': '1001'}))),
            ('filterref without filter', filter_xml('bf', None, '<filterref/>')),
            ('bad mac', filter_xml('bm', None, rule(**{**ok, 'm': "<mac srcmacaddr='zz'/>"}))),
            ('bad ip', filter_xml('bi', None, rule(**{**ok, 'm': "<ip srcipaddr='1.2.3'/>"}))),
            ('bad port', filter_xml('bt', None,
                                    rule(**{**ok, 'm': "<tcp dstportstart='99999'/>"}))),
            ('bad parameter name', filter_xml(
                'bn', None, "<filterref filter='fa'><parameter name='A-B' value='1'/></filterref>")),
    ):
        yield Call(f'bad filter: {name}', rpc.DEFINE, text(xml), read=named_filter)
    yield Call('list after bad filters', rpc.LIST_ALL, uint(1) + uint(0), read=sorted_names)


def binding_calls():
    yield Call('no bindings', rpc.BINDINGS, uint(1) + uint(0), read=sorted_bindings)
    yield Call('binding lookup: none', rpc.BINDING_LOOKUP, text('dtap0'))
    yield Call('binding dump: none', rpc.BINDING_XML, binding('dtap0') + uint(0))
    yield Call('binding delete: none', rpc.BINDING_DELETE, binding('dtap0'))
    yield from bad_bindings()
    yield Call('create', rpc.BINDING_CREATE, text(binding_xml()) + uint(0), read=named_binding)
    yield Call('create again', rpc.BINDING_CREATE, text(binding_xml()) + uint(0))
    yield Call('create: no such device', rpc.BINDING_CREATE, text(binding_xml('dtap9')) + uint(0),
               read=named_binding)
    yield Call('create: flags 1', rpc.BINDING_CREATE, text(binding_xml('dtap8')) + uint(1),
               read=named_binding)
    yield Call('binding lookup', rpc.BINDING_LOOKUP, text('dtap0'), read=named_binding)
    yield Call('binding dump', rpc.BINDING_XML, binding('dtap0', 'other') + uint(0), read=string)
    yield Call('binding dump: of one that waits', rpc.BINDING_XML, binding('dtap9') + uint(0),
               read=string)
    yield Call('binding dump: flags', rpc.BINDING_XML, binding('dtap0') + uint(1))
    yield Call('bindings', rpc.BINDINGS, uint(1) + uint(0), read=sorted_bindings)
    yield Call('bindings, number only', rpc.BINDINGS, uint(0) + uint(0))
    yield Call('bindings, flags', rpc.BINDINGS, uint(1) + uint(1))
    yield Call('bindings, read-only', rpc.BINDINGS, uint(1) + uint(0), read=sorted_bindings,
               on='ro')
    yield Call('binding create: read-only', rpc.BINDING_CREATE,
               text(binding_xml('dtap7')) + uint(0), on='ro')
    yield Call('binding delete: read-only', rpc.BINDING_DELETE, binding('dtap0'), on='ro')
    yield Call('undefine: used', rpc.UNDEFINE, filter_('fa', A))
    yield Call('undefine: only included', rpc.UNDEFINE, filter_('fi', B))
    yield Call('redefine: a variable that the port lacks', rpc.DEFINE, text(filter_xml(
        'fa', A, "<rule action='drop' direction='out'><ip srcipaddr='$NOSUCH'/></rule>")))
    yield Call('dump is as before', rpc.GET_XML, filter_('fa', A) + uint(0), read=string)
    yield Call('delete', rpc.BINDING_DELETE, binding('dtap0'))
    yield Call('delete again', rpc.BINDING_DELETE, binding('dtap0'))
    yield Call('delete one that waits', rpc.BINDING_DELETE, binding('dtap9'))
    yield Call('delete the other', rpc.BINDING_DELETE, binding('dtap8'))
    yield Call('bindings at the end', rpc.BINDINGS, uint(1) + uint(0), read=sorted_bindings)


def bad_bindings():
    for name, xml in (
            ('empty', ''), ('no xml', 'hello'), ('another root', '<foo/>'),
            ('no port', binding_xml(port=None)), ('port without name', binding_xml(port=None, more='<portdev/>')),
            ('no mac', binding_xml(mac=None)), ('bad mac', binding_xml(mac='zz')),
            ('no filter', binding_xml(name=None)),
            ('filterref without filter', binding_xml(name=None, more='<filterref/>')),
            ('no owner', binding_xml(owner='')),
            ('owner without name', binding_xml(
                owner='<owner><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>')),
            ('owner without uuid', binding_xml(owner='<owner><name>vm1</name></owner>')),
            ('bad owner uuid', binding_xml(
                owner='<owner><name>vm1</name><uuid>zz</uuid></owner>')),
            ('missing filter', binding_xml(name='missing')),
            ('missing include', binding_xml(name='fm')),
            *((f'learning {word}', binding_xml(name='no-ip-spoofing', parameters=(
                f"<parameter name='CTRL_IP_LEARNING' value='{word}'/>"))) for word in ('none', 'NONE', 'bogus')),
    ):
        yield Call(f'bad binding: {name}', rpc.BINDING_CREATE, text(xml) + uint(0),
                   read=named_binding)
    yield Call('bad binding: flags', rpc.BINDING_CREATE, text(binding_xml()) + uint(2))


def undefine_calls():
    yield Call('undefine: read-only', rpc.UNDEFINE, filter_('fn', A), on='ro')
    yield Call('undefine', rpc.UNDEFINE, filter_('fa', A))
    yield Call('undefine again', rpc.UNDEFINE, filter_('fa', A))
    yield Call('undefine: nobody', rpc.UNDEFINE, filter_('clean-traffic', NOBODY))
    yield Call('undefine goes by uuid', rpc.UNDEFINE, filter_('nix', C))
    yield Call('list at the end', rpc.LIST_ALL, uint(1) + uint(0), read=sorted_names)


def calls():
    return [*connection_calls(), *broken_calls(), *lookup_calls(), *define_calls(),
            *binding_calls(), *undefine_calls()]
