# SPDX-License-Identifier: Apache-2.0
"""Answers of tapwalld that differ from stock libvirt's, and why; docs/libvirt-rpc.md tells them."""

QUOTE = 'the line is named, not quoted'
EXPECTED = 'it also says what was expected'
REFUSED = 'stock drops what it cannot read'

DIFFERENT = (
    ('not supported: networks', 'the procedure is told by its number, not by a name'),
    ('bad filter: empty', QUOTE),
    ('bad filter: no xml', QUOTE),
    ('bad filter: half', QUOTE),
    ('bad binding: empty', 'stock quotes a line that is not there as (null)'),
    ('bad filter: a path', 'a name that leaves the folder is refused'),
    ('bad filter: bad action', EXPECTED),
    ('bad filter: bad direction', EXPECTED),
    ('bad filter: bad mac', EXPECTED),
    ('bad filter: bad port', EXPECTED),
    ('bad filter: bad rule priority', REFUSED),
    ('bad filter: rule priority too high', REFUSED),
    ('bad filter: bad parameter name', REFUSED),
    ('bad filter: filterref without filter', 'stock speaks of a rule without action'),
)
