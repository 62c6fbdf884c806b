-- SPDX-License-Identifier: Apache-2.0
-- The filters oVirt offers, with the cluster level each needs.

CREATE TABLE network_filter (
    filter_id TEXT PRIMARY KEY,
    filter_name TEXT NOT NULL UNIQUE,
    version_major BIGINT NOT NULL,
    version_minor BIGINT NOT NULL
);

INSERT INTO network_filter (filter_id, filter_name, version_major, version_minor) VALUES
    ('d2370ab4-fee3-11e9-a310-8c1645ce738e', 'vdsm-no-mac-spoofing', 3, 2),
    ('76f57358-e070-545a-9c78-3c33d83ff2a5', 'allow-arp', 3, 6),
    ('47eb6f15-bd0d-51f1-93de-526d979c7c86', 'allow-dhcp', 3, 6),
    ('a93e0ebc-39b3-5102-b392-3f5a12984a75', 'allow-incoming-ipv4', 3, 6),
    ('83be0df7-c1e0-586d-b6d3-2a45207954fd', 'allow-ipv4', 3, 6),
    ('7200a5ec-1d20-5a96-ac61-c7878d991c1e', 'clean-traffic', 3, 6),
    ('21306bcd-8766-5201-bfa5-b2b1203247f5', 'clean-traffic-gateway', 4, 2),
    ('d0bb011d-9167-5e75-8509-e3a7c524a31d', 'no-arp-ip-spoofing', 3, 6),
    ('8f8fa56d-b38f-5863-af1b-bbed0dc56d56', 'no-arp-mac-spoofing', 3, 6),
    ('dafd11f5-332b-53a9-9652-248473a50bf3', 'no-arp-spoofing', 3, 6),
    ('1074ae93-e369-5f0b-8c9b-65ec516b2405', 'no-ip-multicast', 3, 6),
    ('f9fb0c44-586e-5163-8405-0b70d01ec4fa', 'no-ip-spoofing', 3, 6),
    ('c907ccb6-a16a-56b7-8ee8-9e542b3d7cc5', 'no-mac-broadcast', 3, 6),
    ('efeeda92-d91b-5795-91a1-fc5eb146dc46', 'no-mac-spoofing', 3, 6),
    ('9afdd6ee-478a-53b4-9cfd-85df7f6bb3b7', 'no-other-l2-traffic', 3, 6),
    ('6a920256-1d7e-51c7-ab46-83bde9052f1c', 'no-other-rarp-traffic', 3, 6),
    ('dd7d2e82-12a6-5ee4-a09f-bbf244909173', 'qemu-announce-self', 3, 6),
    ('adbe8868-3608-5c00-9ba4-8eff7b63099f', 'qemu-announce-self-rarp', 3, 6);
