-- How many samples of each label somebody has is no longer told to the server, and what it was told is forgotten.
UPDATE clients SET hello = hello - 'classCounts' WHERE hello IS NOT NULL;
--> statement-breakpoint
-- Who operates the server: accounts with a role, the sessions of their pages, tokens of programs.
CREATE TABLE accounts (
  name text PRIMARY KEY,
  role text NOT NULL,
  password text NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now()
);
--> statement-breakpoint
CREATE TABLE api_tokens (
  id text PRIMARY KEY,
  hash text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  account text REFERENCES accounts(name) ON DELETE CASCADE,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  revoked_at timestamp with time zone,
  used_at timestamp with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (hash);
--> statement-breakpoint
CREATE TABLE sessions (
  hash text PRIMARY KEY,
  account text REFERENCES accounts(name) ON DELETE CASCADE,
  token text REFERENCES api_tokens(id) ON DELETE CASCADE,
  program text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  used_at timestamp with time zone NOT NULL DEFAULT now()
);
--> statement-breakpoint
-- What operators decided and which models were committed, each entry with the hash of the one before. Not of a run, which may be deleted.
CREATE TABLE audit (
  seq bigint PRIMARY KEY,
  at timestamp with time zone NOT NULL,
  who text NOT NULL,
  kind text NOT NULL,
  run text,
  details jsonb NOT NULL,
  previous text NOT NULL,
  hash text NOT NULL
);
--> statement-breakpoint
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'entries of the audit log are neither changed nor removed';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
