-- Join links carry a secret. Runs of before were open to all who reached the server, and stay so: they are listed.
ALTER TABLE runs ADD COLUMN join_key text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '');
--> statement-breakpoint
ALTER TABLE runs ALTER COLUMN join_key DROP DEFAULT;
--> statement-breakpoint
UPDATE runs SET config = jsonb_set(config, '{visibility}', '"listed"');
--> statement-breakpoint
-- Seats are for clients that have answered, and the operator may keep some out.
ALTER TABLE clients ADD COLUMN proven boolean NOT NULL DEFAULT false, ADD COLUMN banned boolean NOT NULL DEFAULT false;
--> statement-breakpoint
UPDATE clients SET proven = true WHERE EXISTS (
  SELECT 1 FROM members WHERE members.run = clients.run AND members.client = clients.id
  AND (members.scores IS NOT NULL OR members.update IS NOT NULL OR members.evaluation IS NOT NULL)
);
--> statement-breakpoint
-- What participants do must not push the operator's lines out of the log.
ALTER TABLE events ADD COLUMN source text NOT NULL DEFAULT 'run';
--> statement-breakpoint
UPDATE events SET source = CASE
  WHEN client IS NOT NULL THEN 'participant'
  WHEN kind IN ('run-created', 'run-start', 'run-pause', 'run-resume', 'run-stop') THEN 'operator'
  ELSE 'run' END;
