-- Runs of before promised their participants no least number, and drew cohorts by their public seed: tests.
UPDATE runs SET config = config || jsonb_build_object(
  'purpose', jsonb_build_object('kind', 'test', 'sampling', config -> 'seed'),
  'cohort', '{"grace": {"share": 0.5, "seconds": 5}}'::jsonb || (config -> 'cohort')
);
--> statement-breakpoint
ALTER TABLE runs ADD COLUMN sampling text;
--> statement-breakpoint
UPDATE runs SET sampling = config ->> 'seed';
--> statement-breakpoint
ALTER TABLE runs ALTER COLUMN sampling SET NOT NULL;
--> statement-breakpoint
ALTER TABLE members
  ADD COLUMN missed integer NOT NULL DEFAULT 0,
  ADD COLUMN late boolean NOT NULL DEFAULT false;
--> statement-breakpoint
CREATE TABLE draws (
  run text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  round integer NOT NULL,
  drawn_from jsonb NOT NULL,
  PRIMARY KEY (run, round)
);
