-- SPDX-License-Identifier: Apache-2.0
-- Who enforces the filter that a host reports on a NIC, in the host's words.

ALTER TABLE vm_interface ADD COLUMN reported_enforcement TEXT;
