#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""engine-config, run as its users run it, against a store the store room made.

Each row of TABLE is one run on a fresh copy of that store: arguments, what stdin holds, the exact
stdout, the exit status. Output goes to stdout alone, errors too, as oVirt's tool does. The cases below
the table need more than one run: persistence, a busy or broken store, writers at the same time.

usage: engine-config.py ENGINE_CONFIG MAKE_STORE
"""

import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

KEY = 'EnableMACAntiSpoofingFilterRules'
DESCRIPTION = '"Indicates if Network Filtering should be enabled or not."'
NUMBERS = (  # the other keys: (name, default, the most it takes)
    ('vdsHeartbeatInSeconds', 30, 3600), ('vdsTimeout', 180, 3600),
    ('vdsConnectionTimeout', 20, 3600), ('VdsRefreshRate', 3, 3600),
    ('TimeoutToResetVdsInSeconds', 60, 86400))
ALL_NUMBERS = ''.join(f'{name}: {value} version: general\n' for name, value, _ in NUMBERS)
NO_DATABASE = ('Connection to the Database failed. Please check that the hostname and port number are '
               'correct and that the Database service is up and running.\n')
NOT_AN_ACTION = ("Action verb must come first, and '{}' is not an action.\n"
                 'Please tell me what to do: list? get? set? get-all?\n')
NO_ASSIGNMENT = 'Missing key or value for set action, make sure arguments are in proper order.\n'
UNFORMED = 'Argument for set/merge action must be in format of key=value.\n'
MENU = 'Please select a version:\n1. general\n2. 3.2\n3. 3.10\n'
GENERAL = f'{KEY}: true version: general\n'
VERSIONS = GENERAL + f'{KEY}: false version: 3.2\n{KEY}: true version: 3.10\n'

# (arguments, stdin, stdout, exit status)
TABLE = [
    # the action
    ([], '', 'Error: at least 1 argument needed for configuration utility to run.\n', 1),
    (['foo'], '', "First argument must be an action, and start with '-' or '--'\n", 1),
    ([''], '', "First argument must be an action, and start with '-' or '--'\n", 1),
    (['-x'], '', NOT_AN_ACTION.format('-x'), 1),
    (['-'], '', NOT_AN_ACTION.format('-'), 1),
    (['--set=' + KEY + '=true'], '', NOT_AN_ACTION.format('--set=' + KEY + '=true'), 1),
    (['-g=' + KEY], '', NOT_AN_ACTION.format('-g=' + KEY), 1),
    (['--foo=bar'], '', NOT_AN_ACTION.format('--foo=bar'), 1),
    # list
    (['-l', '-o'], '', '', 0),
    (['--list', '--only-reloadable'], '', '', 0),
    (['-l', 'a=b'], '', 'Illegal second argument: a=b.\n', 1),
    # get
    (['-g', KEY], '', GENERAL, 0),
    (['--get', KEY], '', GENERAL, 0),
    (['--get=' + KEY], '', GENERAL, 0),
    (['-g', KEY, '--cver=general'], '', 'true\n', 0),
    (['-g', KEY, '--cver', 'general'], '', 'true\n', 0),
    (['--get=' + KEY, '--cver=general'], '', 'true\n', 0),
    (['-a'], '', GENERAL + ALL_NUMBERS, 0),
    (['--all'], '', GENERAL + ALL_NUMBERS, 0),
    (['-g'], '', 'Missing key for get action.\n', 1),
    (['-g', ''], '', 'Missing key for get action.\n', 1),
    (['--get='], '', 'Missing key for get action.\n', 1),
    (['-g', '--cver=general'], '', 'Missing key for get action.\n', 1),
    (['-g', '--cver', 'general', KEY], '', 'Missing key for get action.\n', 1),
    (['-g', 'BAD'], '', 'Error fetching BAD value: no such entry. Please verify key name and '
     'property file support.\n', 1),
    (['-g', KEY.lower()], '', f'Error fetching {KEY.lower()} value: no such entry. Please verify '
     'key name and property file support.\n', 1),
    (['-g', KEY, '--cver=9.9'], '',
     f"Error fetching {KEY} value: no such entry with version '9.9'.\n", 1),
    (['-g', 'BAD', '--cver=9.9'], '',
     "Error fetching BAD value: no such entry with version '9.9'.\n", 1),
    (['-g', 'a=b'], '', 'Illegal second argument: a=b.\n', 1),
    # set
    (['-s', KEY + '=false'], '', '', 0),
    (['--set', KEY + '=false'], '', '', 0),
    (['-s', KEY + '=false', '--cver=general'], '', '', 0),
    (['-s', KEY + '=false', '--cver', 'general'], '', '', 0),
    (['-s', 'BAD=x'], '', "Error setting BAD's value. No such entry.\n", 1),
    (['-s', '=x'], '', "Error setting =x's value. No such entry.\n", 1),
    (['-s', KEY], '', UNFORMED, 1),
    (['-s'], '', NO_ASSIGNMENT, 1),
    (['--set'], '', NO_ASSIGNMENT, 1),
    (['-s', '--cver=general', KEY + '=true'], '', NO_ASSIGNMENT, 1),
    (['-s', KEY + '=maybe'], '',
     f'Cannot set value maybe to key {KEY}. Valid values are [true, false]\n', 1),
    (['-s', KEY + '=True'], '',
     f'Cannot set value True to key {KEY}. Valid values are [true, false]\n', 1),
    (['-s', KEY + '='], '', f'Cannot set value  to key {KEY}. Valid values are [true, false]\n', 1),
    (['-s', KEY + '=true=false'], '',
     f'Cannot set value true=false to key {KEY}. Valid values are [true, false]\n', 1),
    (['-s', KEY + '=maybe', '--cver=3.9'], '',
     f'Cannot set value maybe to key {KEY}. Valid values are [true, false]\n', 1),
    (['-s', KEY + '=true', '--cver=3.9'], '',
     f"Error setting {KEY}'s value. No such entry with version 3.9.\n", 1),
    (['-s', KEY + '=true', 'stray'], '', 'Illegal argument: stray.\n', 1),
    (['-s', KEY + '=true', '--cvers=general'], '',
     'Illegal option: --cvers. See engine-config --help.\n', 1),
    (['-s', KEY + '=true', '--cver'], '', 'Missing value for option --cver.\n', 1),
    (['-s', 'VdsRefreshRate=1'], '', '', 0),
    (['-s', 'VdsRefreshRate=0'], '',
     'Cannot set value 0 to key VdsRefreshRate. Valid values are [1..3600]\n', 1),
    (['-s', 'VdsRefreshRate=3601'], '',
     'Cannot set value 3601 to key VdsRefreshRate. Valid values are [1..3600]\n', 1),
    (['-s', 'VdsRefreshRate=1..3600'], '',
     'Cannot set value 1..3600 to key VdsRefreshRate. Valid values are [1..3600]\n', 1),
    # merge, diff, reload
    (['-m', KEY + '=true'], '', f'{KEY} does not support merge of values.\n', 1),
    (['--merge', KEY], '', UNFORMED, 1),
    (['-m'], '', NO_ASSIGNMENT, 1),
    (['-m', 'BAD=x'], '', "Error merging BAD's value. No such entry.\n", 1),
    (['-d'], '', '', 0),
    (['--diff'], '', '', 0),
    (['-r'], '', 'Reload is not supported: the engine reads its options when it starts. Restart it '
     '(systemctl restart tapwall-engine).\n', 1),
    # help for a key
    (['--help=' + KEY], '', f'{KEY}: {DESCRIPTION} (Value Type: String)\n', 0),
    (['--help=BAD'], '', 'Cannot display help for key BAD. The key does not exist at the '
     'configuration file of engine-config.\n', 1),
    # logging
    (['-g', KEY, '--log-level=LOUD'], '',
     'Illegal log level: LOUD. Expected ERROR, INFO, DEBUG, ALL or OFF.\n', 1),
    (['-g', KEY, '--log-level=DEBUG', '--user', 'admin@internal'], '', GENERAL, 0),
    (['-g', KEY, '--log-file=/nonexistent/log'], '',
     'Cannot write the log file /nonexistent/log: No such file or directory.\n', 1),
    (['-g', KEY, '--properties=/nonexistent/keys'], '', 'Cannot read the properties file: Failed to '
     'open file “/nonexistent/keys”: No such file or directory.\n', 1),
]

# Usage wherever a help word stands.
HELP = [['-h'], ['-help'], ['--help'], ['--help', KEY], ['-g', KEY, '-h'], ['foo', '--help']]

# The same on a store in which the key has the rows general, 3.2 and 3.10.
VERSIONED = [
    (['-g', KEY], '', VERSIONS, 0),
    (['-a'], '', VERSIONS + ALL_NUMBERS, 0),
    (['-g', KEY, '--cver=3.2'], '', 'false\n', 0),
    (['-s', KEY + '=false', '--cver=3.10'], '', '', 0),
    (['-s', KEY + '=true', '--cver=3.9'], '',
     f"Error setting {KEY}'s value. No such entry with version 3.9.\n", 1),
    (['-s', KEY + '=true'], '2\n', MENU, 0),
    (['-s', KEY + '=true'], '3', MENU, 0),
    (['-s', KEY + '=true'], '0\n4\nx\n\n1x\n' + '1' * 500 + '\n1\n', MENU * 7, 0),
    (['-s', KEY + '=true'], '',
     MENU + 'No version was selected. Use --cver=version to name it.\n', 1),
    (['-s', KEY + '=maybe'], '1\n',
     MENU + f'Cannot set value maybe to key {KEY}. Valid values are [true, false]\n', 1),
    (['-d'], '', f'Name: {KEY}\nVersion: 3.2\nCurrent: false\nDefault: true\n\n', 0),
]

PROPERTIES = '''# keys of a test
Map.description="A list of parts."
Map.mergable=true
Map.delimiter=;
Map.alternateKey=Karte
Number.type=Integer
Number.description=A number.
Number.isReloadable=true
Flag.type=Boolean
Unstored.description=Has no row.
'''

# With the keys above; the store has Map=a=1;b=2, Number=7 and Flag=true, all of version general.
OTHER_KEYS = [
    (['-l'], '', 'Map: "A list of parts." (Value Type: String)\nNumber: A number. (Value Type: '
     'Integer)\nFlag:  (Value Type: Boolean)\nUnstored: Has no row. (Value Type: String)\n', 0),
    (['-l', '-o'], '', 'Number: A number. (Value Type: Integer)\n', 0),
    (['-a'], '', 'Map: a=1;b=2 version: general\nNumber: 7 version: general\n'
     'Flag: true version: general\n', 0),
    (['-g', 'Unstored'], '', 'Error fetching Unstored value: no such entry with default version.\n', 1),
    (['-s', 'Unstored=x'], '', "Error setting Unstored's value. No such entry.\n", 1),
    (['-g', KEY], '', f'Error fetching {KEY} value: no such entry. Please verify key name and '
     'property file support.\n', 1),
    (['-s', 'Number=8'], '', '', 0),
    (['-s', 'Number=eight'], '',
     'Cannot set value eight to key Number. Expected a whole number.\n', 1),
    (['-s', 'Number=99999999999'], '',
     'Cannot set value 99999999999 to key Number. Expected a whole number.\n', 1),
    (['-s', 'Flag=yes'], '',
     'Cannot set value yes to key Flag. Valid values are [true, false]\n', 1),
    (['-m', 'Map=b=2;a=1'], '', 'Merge operation cancelled as value is unchanged.\n', 0),
    (['-m', 'Map=c=3', '--cver=3.2'], '',
     "Error merging Map's value. No such entry with version 3.2.\n", 1),
    (['-m', 'Unstored=x'], '', 'Unstored does not support merge of values.\n', 1),
    (['-m', 'Number=8'], '', 'Number does not support merge of values.\n', 1),
]


class Failure(Exception):
    pass


class Bench:
    """A folder with a fresh store, a configuration that names it, and the program."""

    def __init__(self, program, template, folder):
        self.program, self.store = program, Path(folder, 'engine.db')
        self.folder = Path(folder)
        shutil.copy(template, self.store)
        self.config = Path(folder, 'engine.conf')
        self.config.write_text(f'[engine]\nstore={self.store}\n[later]\nunknown=1\n')

    def run(self, arguments, stdin=''):
        command = [self.program, *arguments]
        if arguments and arguments[0].startswith('-'):
            # Behind everything, but for an option whose value is missing at the end.
            at = len(command) - (len(arguments) > 1 and arguments[-1] == '--cver')
            command[at:at] = ['--config', str(self.config)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60,
                              env={'LC_ALL': 'C.UTF-8', 'PATH': '/usr/bin:/bin'})
        if done.stderr:
            raise Failure(f'{arguments} wrote to stderr: {done.stderr!r}')
        return done.stdout, done.returncode

    def expect(self, arguments, stdin, stdout, status):
        got = self.run(arguments, stdin)
        if got != (stdout, status):
            raise Failure(f'{arguments}\n#  expected {(stdout, status)!r}\n#  got      {got!r}')

    def sql(self, statement, *values):
        connection = sqlite3.connect(self.store, timeout=20)
        with connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    def add_option(self, name, value, version, default):
        self.sql('insert into vdc_options select max(option_id) + 1, ?, ?, ?, ? from vdc_options',
                 name, value, version, default)

    def value(self, name=KEY, version='general'):
        return self.sql('select option_value from vdc_options where option_name=? and version=?',
                        name, version)[0][0]


def add_versions(bench):
    bench.add_option(KEY, 'false', '3.2', 'true')
    bench.add_option(KEY, 'true', '3.10', 'true')


def add_other_keys(bench):
    for name, value in (('Map', 'a=1;b=2'), ('Number', '7'), ('Flag', 'true')):
        bench.add_option(name, value, 'general', value)
    Path(bench.folder, 'keys').write_text(PROPERTIES)


def case_table(bench, row):
    bench.expect(*row)


def case_help(bench, arguments):
    stdout, status = bench.run(arguments)
    if status != 0 or not stdout.startswith('Usage: engine-config <action> [<args>]\n'):
        raise Failure(f'{arguments}: {status} {stdout[:80]!r}')


def case_versioned(bench, row):
    add_versions(bench)
    bench.expect(*row)


def case_other_keys(bench, row):
    add_other_keys(bench)
    arguments, stdin, stdout, status = row
    bench.expect([*arguments, '--properties', str(bench.folder / 'keys')], stdin, stdout, status)


def case_list(bench):
    for action in ('-l', '--list'):
        stdout, status = bench.run([action])
        lines = stdout.splitlines()
        if status or lines[0] != f'{KEY}: {DESCRIPTION} (Value Type: String)':
            raise Failure(f'{status} {lines[0]!r}')
        for line, (name, _, _) in zip(lines[1:], NUMBERS, strict=True):
            if not re.fullmatch(name + r': "[^"]+" \(Value Type: Integer\)', line):
                raise Failure(f'listed: {line!r}')


def case_every_stored_key_is_known(bench):
    """The engine's migrations and this tool's table name the same keys, with values it accepts."""
    stored = bench.sql('select option_name, option_value from vdc_options order by option_name')
    if sorted(name for name, _ in stored) != sorted([KEY] + [name for name, _, _ in NUMBERS]):
        raise Failure(f'stored: {stored}')
    for name, value in stored:
        bench.expect(['-s', f'{name}={value}'], '', '', 0)


def case_range_is_the_engines(bench):
    for name, _, most in NUMBERS:
        bench.expect(['-s', f'{name}={most}'], '', '', 0)
        bench.expect(['-s', f'{name}={most + 1}'], '', f'Cannot set value {most + 1} to key {name}. '
                     f'Valid values are [1..{most}]\n', 1)


def case_set_persists(bench):
    bench.expect(['-s', KEY + '=false'], '', '', 0)
    bench.expect(['-g', KEY], '', f'{KEY}: false version: general\n', 0)
    bench.expect(['-d'], '',
                 f'Name: {KEY}\nVersion: general\nCurrent: false\nDefault: true\n\n', 0)
    bench.expect(['-s', KEY + '=true', '--cver=general'], '', '', 0)
    bench.expect(['-d'], '', '', 0)


def case_refused_value_changes_nothing(bench):
    before = bench.sql('select * from vdc_options')
    for value in ('maybe', 'True', ''):
        bench.run(['-s', f'{KEY}={value}'])
    bench.run(['-s', KEY + '=false', '--cver=3.9'])
    bench.run(['-s', 'BAD=false'])
    if bench.sql('select * from vdc_options') != before:
        raise Failure('a refused set changed the store')


def case_chosen_version_is_set(bench):
    add_versions(bench)
    bench.expect(['-s', KEY + '=true'], '2\n', MENU, 0)
    values = [bench.value(version=version) for version in ('general', '3.2', '3.10')]
    if values != ['true', 'true', 'true']:
        raise Failure(f'after choosing 3.2: {values}')


def case_merge(bench):
    add_other_keys(bench)
    more = ['-m', 'Map=b=2;c=3;d=4', '--properties', str(bench.folder / 'keys')]
    bench.expect(more, '', '', 0)
    if bench.value('Map') != 'a=1;b=2;c=3;d=4':
        raise Failure(f'merged to {bench.value("Map")!r}')
    bench.expect(more, '', 'Merge operation cancelled as value is unchanged.\n', 0)


def case_value_from_file(bench):
    secret = bench.folder / 'secret'
    secret.write_text('false\nsecond line\n')
    bench.expect(['-s', KEY, f'--admin-pass-file={secret}'], '', '', 0)
    if bench.value() != 'false':
        raise Failure(f'value from file: {bench.value()!r}')
    bench.expect(['-s', KEY, '--admin-pass-file', '/nonexistent/secret'], '', 'Cannot read the '
                 'password file: Failed to open file “/nonexistent/secret”: No such file or '
                 'directory.\n', 1)


def case_log_file(bench):
    log = bench.folder / 'log'
    bench.run(['-s', KEY + '=false', '--log-file', str(log)])
    bench.run(['-s', KEY + '=maybe', '--log-file', str(log)])
    bench.run(['-s', KEY + '=true', '--log-file', str(log), '--log-level', 'ERROR'])
    lines = [line.split(' ', 1)[1] for line in log.read_text().splitlines()]
    expected = [f'INFO set {KEY} version general to false',
                f'ERROR Cannot set value maybe to key {KEY}. Valid values are [true, false]']
    if lines != expected:
        raise Failure(f'log: {lines}')


def case_broken_properties(bench):
    keys = bench.folder / 'keys'
    keys.write_text('A.description=x\nnonsense\n')
    bench.expect(['-l', '-p', str(keys)], '',
                 f'Properties file {keys}, line 2: expected NAME.ATTRIBUTE=TEXT.\n', 1)
    keys.write_bytes(b'A.description=\0x\n')
    bench.expect(['-l', '-p', str(keys)], '',
                 f'Properties file {keys}: expected text of at most 1 MiB.\n', 1)
    keys.write_text(''.join(f'K{i}.type=\n' for i in range(10001)).replace('.type=', '.type=String'))
    bench.expect(['-l', '-p', str(keys)], '', f'Properties file {keys}, line 10001: too many keys '
                 '(the limit is 10000).\n', 1)


def case_missing_config(bench):
    bench.config.unlink()
    stdout, status = bench.run(['-g', KEY])
    if status != 1 or not stdout.startswith('Cannot read the configuration file'):
        raise Failure(f'{status} {stdout!r}')


def case_missing_store(bench):
    bench.store.unlink()
    for arguments in (['-l'], ['-g', KEY], ['-s', KEY + '=true'], ['-d']):
        bench.expect(arguments, '', NO_DATABASE, 1)
    if bench.store.exists():
        raise Failure('a store was made where there was none')


def case_damaged_store(bench):
    bench.store.write_bytes(b'this is no database\n' * 500)
    bench.expect(['-g', KEY], '', NO_DATABASE, 1)
    bench.store.write_bytes(b'')
    stdout, status = bench.run(['-g', KEY])
    if status != 1 or not stdout:
        raise Failure(f'empty file: {status} {stdout!r}')


def case_store_is_a_folder(bench):
    bench.store.unlink()
    bench.store.mkdir()
    bench.expect(['-g', KEY], '', NO_DATABASE, 1)


def hold_write_lock(bench, seconds):
    """Another program holds the store's write lock; it lets go after that time, or when told."""
    connection = sqlite3.connect(bench.store, timeout=20, check_same_thread=False,
                                 isolation_level=None)
    connection.execute('begin immediate')
    timer = threading.Timer(seconds, connection.rollback)
    timer.start()
    return timer


def case_locked_for_a_moment(bench):
    timer = hold_write_lock(bench, 0.5)
    bench.expect(['-s', KEY + '=false'], '', '', 0)
    timer.join()
    if bench.value() != 'false':
        raise Failure('the value set after the lock was lost')


def case_locked_for_good(bench):
    timer = hold_write_lock(bench, 50)
    bench.expect(['-g', KEY], '', GENERAL, 0)
    stdout, status = bench.run(['-s', KEY + '=false'])
    timer.cancel()
    timer.function()
    if status != 1 or not stdout.startswith('The Database is locked by another program.'):
        raise Failure(f'{status} {stdout!r}')
    if bench.value() != 'true':
        raise Failure('changed in spite of the error')


def case_beside_a_writer(bench):
    """A second connection keeps writing, as the running engine does; nothing fails, nothing is lost."""
    stop, wrote = threading.Event(), []

    def write():
        connection = sqlite3.connect(bench.store, timeout=20)
        connection.execute('pragma journal_mode=wal')
        connection.execute('create table if not exists noise (n integer)')
        while not stop.wait(0.002) and len(wrote) < 5000:
            with connection:
                connection.execute('insert into noise values (?)', (len(wrote),))
            wrote.append(1)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for value in ('false', 'true') * 5:
            bench.expect(['-s', f'{KEY}={value}'], '', '', 0)
            bench.expect(['-g', KEY, '--cver=general'], '', value + '\n', 0)
    finally:
        stop.set()
        writer.join()
    if not wrote or bench.sql('select count(*) from noise') != [(len(wrote),)]:
        raise Failure(f'the writer lost rows: {len(wrote)} written')


def case_closed_output(bench):
    with open('/dev/full', 'w') as full:
        done = subprocess.run([bench.program, '-l', '-c', str(bench.config)], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    if done.returncode != 1 or 'cannot write the output' not in done.stderr:
        raise Failure(f'{done.returncode} {done.stderr!r}')


def all_cases():
    for name, function, rows in (('table', case_table, TABLE), ('help', case_help, HELP),
                                 ('versions', case_versioned, VERSIONED),
                                 ('keys', case_other_keys, OTHER_KEYS)):
        for row in rows:
            arguments = row[0] if function is not case_help else row
            yield f'{name}: engine-config {" ".join(arguments)}'[:100], function, (row,)
    for name, function in globals().items():
        if name.startswith('case_') and function.__code__.co_argcount == 1:
            yield name[5:].replace('_', ' '), function, ()


def main(program, make_store):
    failed, cases = 0, list(all_cases())
    print(f'1..{len(cases)}')
    with tempfile.TemporaryDirectory() as top:
        template = Path(top, 'template.db')
        subprocess.run([make_store, str(template)], check=True, timeout=60)
        for number, (name, function, rows) in enumerate(cases, 1):
            with tempfile.TemporaryDirectory(dir=top) as folder:
                try:
                    function(Bench(program, template, folder), *rows)
                    print(f'ok {number} {name}', flush=True)
                except (Failure, subprocess.SubprocessError, sqlite3.Error) as problem:
                    failed += 1
                    print(f'not ok {number} {name}\n#  {problem}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
