-- Who is new may have to be let in by an operator; runs of before let everybody in who was invited.
UPDATE runs SET config = config || '{"approval": false}'::jsonb;
--> statement-breakpoint
ALTER TABLE clients ADD COLUMN awaits_approval boolean NOT NULL DEFAULT false;
