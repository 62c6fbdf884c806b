-- SPDX-License-Identifier: Apache-2.0
-- Network filtering arrives, on for everybody. A row that somebody has made already keeps its value.

INSERT INTO vdc_options (option_id, option_name, option_value, version, default_value)
SELECT (SELECT MAX(option_id) + 1 FROM vdc_options),
       'EnableMACAntiSpoofingFilterRules', 'true', 'general', 'true'
WHERE NOT EXISTS (
    SELECT 1 FROM vdc_options
    WHERE option_name = 'EnableMACAntiSpoofingFilterRules' AND version = 'general');
