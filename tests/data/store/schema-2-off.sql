-- SPDX-License-Identifier: Apache-2.0
-- A store of schema 2 in which a user has set EnableMACAntiSpoofingFilterRules to false.
-- Made into schema-2-off.sqlite by: sqlite3 schema-2-off.sqlite < schema-2-off.sql
PRAGMA page_size=1024;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE schema_version (id BIGINT PRIMARY KEY, script TEXT NOT NULL, installed_on BIGINT NOT NULL);
INSERT INTO schema_version VALUES(1,'0001_base.sql',1700000000);
INSERT INTO schema_version VALUES(2,'0002_mac_anti_spoofing_option.sql',1700000000);
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
);
INSERT INTO vm VALUES('10000000-0000-4000-8000-000000000005','vm1',NULL,'10000000-0000-4000-8000-000000000002',134217728,1,NULL,NULL,NULL,NULL,3,'10000000-0000-4000-8000-000000000003',NULL,1700000000,1700000000);
CREATE TABLE vm_interface (
    id TEXT PRIMARY KEY,
    vm_guid TEXT NOT NULL REFERENCES vm (vm_guid) ON DELETE CASCADE,
    name TEXT NOT NULL,
    network_id TEXT REFERENCES network (network_id),
    mac_addr TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    is_plugged BIGINT NOT NULL,
    linked BIGINT NOT NULL,
    UNIQUE (vm_guid, name)
);
INSERT INTO vm_interface VALUES('10000000-0000-4000-8000-000000000006','10000000-0000-4000-8000-000000000005','nic1','10000000-0000-4000-8000-000000000004','52:54:00:00:00:01','virtio',1,1);
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
CREATE INDEX vm_run_on_vds ON vm (run_on_vds);
CREATE INDEX vm_cluster_id ON vm (cluster_id);
CREATE INDEX vm_interface_network_id ON vm_interface (network_id);
COMMIT;
