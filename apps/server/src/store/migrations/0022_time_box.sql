-- Rounds may be time-boxed: who is slow sends a part of its steps; in runs of before it is left out.
UPDATE runs SET config = jsonb_set(config, '{local}', '{"timeBox": null}'::jsonb || (config -> 'local'))
WHERE config -> 'local' IS NOT NULL;
--> statement-breakpoint
ALTER TABLE members ADD COLUMN steps_asked integer, ADD COLUMN steps_done integer;
