-- What runs under differential privacy of clients tell of how models do: as participants report it, as before.
UPDATE runs SET config = jsonb_set(config, '{privacy,figures}', '{"kind": "reported"}'::jsonb)
WHERE config #>> '{privacy,kind}' = 'client';
-- No accuracy that was told had noise.
UPDATE rounds SET summary = summary || '{"accuracyNoise": null}'::jsonb WHERE summary IS NOT NULL;
