-- What a round came to, where what there was of its participants is erased; null elsewhere: it is summed up of them.
ALTER TABLE rounds ADD COLUMN summary jsonb;
--> statement-breakpoint
ALTER TABLE runs ADD COLUMN spent jsonb;
--> statement-breakpoint
-- How long records are kept; of runs of before as ever: until somebody deletes the run.
UPDATE runs SET config = jsonb_set(jsonb_set(config, '{retention,participants}', 'null'::jsonb), '{retention,run}', 'null'::jsonb);
