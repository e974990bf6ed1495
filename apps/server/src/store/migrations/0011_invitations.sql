-- Invitations to a run: so many participants each, until a day.
CREATE TABLE invitations (
  id text PRIMARY KEY,
  run text NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  hash text NOT NULL,
  site text NOT NULL,
  uses integer NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  revoked_at timestamp with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX invitations_hash ON invitations (hash);
--> statement-breakpoint
-- By which one a participant came; null: by the join link.
ALTER TABLE clients ADD COLUMN invitation text REFERENCES invitations(id) ON DELETE SET NULL;
