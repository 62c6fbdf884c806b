-- SPDX-License-Identifier: Apache-2.0
-- What each host says about a NIC: above all the filter that is really on it.

ALTER TABLE vm_interface ADD COLUMN reported BIGINT NOT NULL DEFAULT 0;
ALTER TABLE vm_interface ADD COLUMN reported_filter TEXT;
ALTER TABLE vm_interface ADD COLUMN reported_parameters TEXT;
ALTER TABLE vm_interface ADD COLUMN reported_device TEXT;
ALTER TABLE vm_interface ADD COLUMN alias TEXT;
ALTER TABLE vm_interface ADD COLUMN reported_network TEXT;
ALTER TABLE vm_interface ADD COLUMN reported_linked BIGINT NOT NULL DEFAULT 0;
