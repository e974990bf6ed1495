-- Updates that their participants have signed, and the key that each is known by.
ALTER TABLE members ADD COLUMN signature jsonb;
--> statement-breakpoint
ALTER TABLE clients ADD COLUMN signing_key jsonb;
