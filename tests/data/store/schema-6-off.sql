-- SPDX-License-Identifier: Apache-2.0
-- A store of schema 6 in which a user has set EnableMACAntiSpoofingFilterRules to false.
-- Made into schema-6-off.sqlite by: sqlite3 schema-6-off.sqlite < schema-6-off.sql
PRAGMA page_size=1024;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE schema_version (id BIGINT PRIMARY KEY, script TEXT NOT NULL, installed_on BIGINT NOT NULL);
INSERT INTO schema_version VALUES(1,'0001_base.sql',1700000000);
INSERT INTO schema_version VALUES(2,'0002_mac_anti_spoofing_option.sql',1700000000);
INSERT INTO schema_version VALUES(3,'0003_network_filter.sql',1700000000);
INSERT INTO schema_version VALUES(4,'0004_nic_report.sql',1700000000);
INSERT INTO schema_version VALUES(5,'0005_vm_serial_log_and_stop_wish.sql',1700000000);
INSERT INTO schema_version VALUES(6,'0006_nic_enforcement.sql',1700000000);
CREATE TABLE vdc_options (
    option_id BIGINT PRIMARY KEY,
    option_name TEXT NOT NULL,
    option_value TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT 'general',
    default_value TEXT NOT NULL,
    UNIQUE (option_name, version)
);
INSERT INTO vdc_options VALUES(1,'vdsHeartbeatInSeconds','30','general','30');
INSERT INTO vdc_options VALUES(2,'vdsTimeout','180','general','180');
INSERT INTO vdc_options VALUES(3,'vdsConnectionTimeout','20','general','20');
INSERT INTO vdc_options VALUES(4,'VdsRefreshRate','3','general','3');
INSERT INTO vdc_options VALUES(5,'TimeoutToResetVdsInSeconds','60','general','60');
INSERT INTO vdc_options VALUES(6,'EnableMACAntiSpoofingFilterRules','false','general','true');
CREATE TABLE users (
    user_name TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL
);
INSERT INTO users VALUES('admin@internal','$y$j9T$abc$def');
CREATE TABLE data_center (
    data_center_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT
);
INSERT INTO data_center VALUES('10000000-0000-4000-8000-000000000001','Default','the default data center');
CREATE TABLE cluster (
    cluster_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    data_center_id TEXT NOT NULL REFERENCES data_center (data_center_id),
    level_major BIGINT NOT NULL,
    level_minor BIGINT NOT NULL
);
INSERT INTO cluster VALUES('10000000-0000-4000-8000-000000000002','Default',NULL,'10000000-0000-4000-8000-000000000001',3,1);
CREATE TABLE vds (
    vds_id TEXT PRIMARY KEY,
    vds_name TEXT NOT NULL UNIQUE,
    host_name TEXT NOT NULL,
    port BIGINT NOT NULL,
    cluster_id TEXT NOT NULL REFERENCES cluster (cluster_id),
    status BIGINT NOT NULL,
    status_detail TEXT,
    host_os TEXT,
    libvirt_version TEXT,
    rpm_version TEXT,
    nwfilters TEXT,
    UNIQUE (host_name, port)
);
INSERT INTO vds VALUES('10000000-0000-4000-8000-000000000003','host1','192.0.2.1',54321,'10000000-0000-4000-8000-000000000002',3,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE network (
    network_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    data_center_id TEXT NOT NULL REFERENCES data_center (data_center_id),
    vdsm_name TEXT NOT NULL
);
INSERT INTO network VALUES('10000000-0000-4000-8000-000000000004','ovirtmgmt',NULL,'10000000-0000-4000-8000-000000000001','ovirtmgmt');
CREATE TABLE vm (
    vm_guid TEXT PRIMARY KEY,
    vm_name TEXT NOT NULL UNIQUE,
    description TEXT,
    cluster_id TEXT NOT NULL REFERENCES cluster (cluster_id),
    mem_size BIGINT NOT NULL,
    num_of_cpus BIGINT NOT NULL,
    kernel_url TEXT,
    initrd_url TEXT,
    kernel_params TEXT,
    disk_path TEXT,
    status BIGINT NOT NULL,
    run_on_vds TEXT REFERENCES vds (vds_id),
    exit_message TEXT,
    status_time BIGINT NOT NULL,
    start_time BIGINT NOT NULL
, serial_log TEXT, stop_requested BIGINT NOT NULL DEFAULT 0);
INSERT INTO vm VALUES('10000000-0000-4000-8000-000000000005','vm1',NULL,'10000000-0000-4000-8000-000000000002',134217728,1,NULL,NULL,NULL,NULL,3,'10000000-0000-4000-8000-000000000003',NULL,1700000000,1700000000,NULL,0);
CREATE TABLE vm_interface (
    id TEXT PRIMARY KEY,
    vm_guid TEXT NOT NULL REFERENCES vm (vm_guid) ON DELETE CASCADE,
    name TEXT NOT NULL,
    network_id TEXT REFERENCES network (network_id),
    mac_addr TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    is_plugged BIGINT NOT NULL,
    linked BIGINT NOT NULL, reported BIGINT NOT NULL DEFAULT 0, reported_filter TEXT, reported_parameters TEXT, reported_device TEXT, alias TEXT, reported_network TEXT, reported_linked BIGINT NOT NULL DEFAULT 0, reported_enforcement TEXT,
    UNIQUE (vm_guid, name)
);
INSERT INTO vm_interface VALUES('10000000-0000-4000-8000-000000000006','10000000-0000-4000-8000-000000000005','nic1','10000000-0000-4000-8000-000000000004','52:54:00:00:00:01','virtio',1,1,0,NULL,NULL,NULL,NULL,NULL,0,NULL);
CREATE TABLE audit_log (
    audit_log_id BIGINT PRIMARY KEY,
    log_type BIGINT NOT NULL,
    severity BIGINT NOT NULL,
    log_time BIGINT NOT NULL,
    message TEXT NOT NULL,
    user_name TEXT,
    cluster_id TEXT,
    vds_id TEXT,
    vm_id TEXT,
    correlation_id TEXT
);
INSERT INTO audit_log VALUES(1,153,0,1700000000,'VM vm1 was started by admin@internal (Host: host1).','admin@internal',NULL,'10000000-0000-4000-8000-000000000003','10000000-0000-4000-8000-000000000005',NULL);
CREATE TABLE network_filter (
    filter_id TEXT PRIMARY KEY,
    filter_name TEXT NOT NULL UNIQUE,
    version_major BIGINT NOT NULL,
    version_minor BIGINT NOT NULL
);
INSERT INTO network_filter VALUES('d2370ab4-fee3-11e9-a310-8c1645ce738e','vdsm-no-mac-spoofing',3,2);
INSERT INTO network_filter VALUES('76f57358-e070-545a-9c78-3c33d83ff2a5','allow-arp',3,6);
INSERT INTO network_filter VALUES('47eb6f15-bd0d-51f1-93de-526d979c7c86','allow-dhcp',3,6);
INSERT INTO network_filter VALUES('a93e0ebc-39b3-5102-b392-3f5a12984a75','allow-incoming-ipv4',3,6);
INSERT INTO network_filter VALUES('83be0df7-c1e0-586d-b6d3-2a45207954fd','allow-ipv4',3,6);
INSERT INTO network_filter VALUES('7200a5ec-1d20-5a96-ac61-c7878d991c1e','clean-traffic',3,6);
INSERT INTO network_filter VALUES('21306bcd-8766-5201-bfa5-b2b1203247f5','clean-traffic-gateway',4,2);
INSERT INTO network_filter VALUES('d0bb011d-9167-5e75-8509-e3a7c524a31d','no-arp-ip-spoofing',3,6);
INSERT INTO network_filter VALUES('8f8fa56d-b38f-5863-af1b-bbed0dc56d56','no-arp-mac-spoofing',3,6);
INSERT INTO network_filter VALUES('dafd11f5-332b-53a9-9652-248473a50bf3','no-arp-spoofing',3,6);
INSERT INTO network_filter VALUES('1074ae93-e369-5f0b-8c9b-65ec516b2405','no-ip-multicast',3,6);
INSERT INTO network_filter VALUES('f9fb0c44-586e-5163-8405-0b70d01ec4fa','no-ip-spoofing',3,6);
INSERT INTO network_filter VALUES('c907ccb6-a16a-56b7-8ee8-9e542b3d7cc5','no-mac-broadcast',3,6);
INSERT INTO network_filter VALUES('efeeda92-d91b-5795-91a1-fc5eb146dc46','no-mac-spoofing',3,6);
INSERT INTO network_filter VALUES('9afdd6ee-478a-53b4-9cfd-85df7f6bb3b7','no-other-l2-traffic',3,6);
INSERT INTO network_filter VALUES('6a920256-1d7e-51c7-ab46-83bde9052f1c','no-other-rarp-traffic',3,6);
INSERT INTO network_filter VALUES('dd7d2e82-12a6-5ee4-a09f-bbf244909173','qemu-announce-self',3,6);
INSERT INTO network_filter VALUES('adbe8868-3608-5c00-9ba4-8eff7b63099f','qemu-announce-self-rarp',3,6);
CREATE INDEX vm_run_on_vds ON vm (run_on_vds);
CREATE INDEX vm_cluster_id ON vm (cluster_id);
CREATE INDEX vm_interface_network_id ON vm_interface (network_id);
COMMIT;
