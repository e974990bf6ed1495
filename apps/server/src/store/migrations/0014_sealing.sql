-- Runs of before were told of each update; they stay so.
UPDATE runs SET config = jsonb_set(config, '{aggregation}', '{"sealing": {"kind": "open"}}'::jsonb || (config -> 'aggregation'));
