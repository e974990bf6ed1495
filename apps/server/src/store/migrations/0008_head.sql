-- The head may have a learning rate of its own and a warm start; in runs of before it moves as all other layers.
UPDATE runs SET config = jsonb_set(config, '{local}', '{"head": {"rate": 1, "warmUp": {"rounds": 0, "epochs": 5}}}'::jsonb || (config -> 'local'))
WHERE config -> 'local' IS NOT NULL;
--> statement-breakpoint
-- Layers that a part of the cohort trained may move less; in runs of before they move as all others.
UPDATE runs SET config = jsonb_set(config, '{aggregation}', '{"participation": "none"}'::jsonb || (config -> 'aggregation'))
WHERE config -> 'aggregation' IS NOT NULL;
