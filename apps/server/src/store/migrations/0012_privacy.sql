-- Differential privacy is a setting of the run; runs of before promised none.
UPDATE runs SET config = config || '{"privacy": {"kind": "none"}}'::jsonb;
--> statement-breakpoint
ALTER TABLE rounds ADD COLUMN privacy jsonb;
--> statement-breakpoint
ALTER TABLE members ADD COLUMN update_length jsonb;
