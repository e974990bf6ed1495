-- Whom a run is for: all devices with data, as before.
UPDATE runs SET config = jsonb_set(config, '{cohort,eligible}', '{"backends": ["webgpu", "wasm", "cpu"], "samples": 1}'::jsonb);
