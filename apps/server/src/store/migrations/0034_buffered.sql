-- Runs may be buffered: who is not done goes on into the next round. Runs of before are played in rounds.
UPDATE runs SET config = jsonb_set(config, '{cohort,timing}', '{"kind": "rounds"}'::jsonb);
--> statement-breakpoint
UPDATE rounds SET summary = summary || '{"stale": null}'::jsonb WHERE summary IS NOT NULL;
--> statement-breakpoint
ALTER TABLE members ADD COLUMN given jsonb, ADD COLUMN staleness double precision;
