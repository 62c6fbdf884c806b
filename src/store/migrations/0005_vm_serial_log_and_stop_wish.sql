-- SPDX-License-Identifier: Apache-2.0
-- Where a guest's console goes, and the wish to stop a VM, kept until its host has heard it.

ALTER TABLE vm ADD COLUMN serial_log TEXT;
ALTER TABLE vm ADD COLUMN stop_requested BIGINT NOT NULL DEFAULT 0;
