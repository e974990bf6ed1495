-- Runs may end early and say which models they keep; runs of before play all their rounds and keep the newest three.
UPDATE runs SET config = config || '{"stopping": {"patience": null, "target": null}, "retention": {"last": 3, "best": 0, "every": null}}'::jsonb;
--> statement-breakpoint
ALTER TABLE rounds ADD COLUMN held_out jsonb;
