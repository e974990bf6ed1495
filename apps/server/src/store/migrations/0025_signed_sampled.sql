-- Updates that their participants have signed, and the key that each is known by.
ALTER TABLE members ADD COLUMN signature jsonb;
--> statement-breakpoint
ALTER TABLE clients ADD COLUMN signing_key jsonb;
--> statement-breakpoint
-- Cohorts of private runs may be drawn in secret; those of before were not.
UPDATE runs SET config = jsonb_set(config, '{privacy,sampling}', 'null'::jsonb) WHERE config -> 'privacy' ->> 'kind' = 'client';
