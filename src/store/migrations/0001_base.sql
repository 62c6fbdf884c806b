-- SPDX-License-Identifier: Apache-2.0
-- Clusters, hosts, networks and VMs, before there was any network filtering.
-- Booleans are 0 and 1; statuses are the enums of store/entities.h.

CREATE TABLE vdc_options (
    option_id BIGINT PRIMARY KEY,
    option_name TEXT NOT NULL,
    option_value TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT 'general',
    default_value TEXT NOT NULL,
    UNIQUE (option_name, version)
);

INSERT INTO vdc_options (option_id, option_name, option_value, version, default_value) VALUES
    (1, 'vdsHeartbeatInSeconds', '30', 'general', '30'),
    (2, 'vdsTimeout', '180', 'general', '180'),
    (3, 'vdsConnectionTimeout', '20', 'general', '20'),
    (4, 'VdsRefreshRate', '3', 'general', '3'),
    (5, 'TimeoutToResetVdsInSeconds', '60', 'general', '60');

CREATE TABLE users (
    user_name TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL
);

CREATE TABLE data_center (
    data_center_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT
);

CREATE TABLE cluster (
    cluster_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    data_center_id TEXT NOT NULL REFERENCES data_center (data_center_id),
    level_major BIGINT NOT NULL,
    level_minor BIGINT NOT NULL
);

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

CREATE TABLE network (
    network_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    data_center_id TEXT NOT NULL REFERENCES data_center (data_center_id),
    vdsm_name TEXT NOT NULL
);

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

CREATE INDEX vm_run_on_vds ON vm (run_on_vds);
CREATE INDEX vm_cluster_id ON vm (cluster_id);

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

CREATE INDEX vm_interface_network_id ON vm_interface (network_id);

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
