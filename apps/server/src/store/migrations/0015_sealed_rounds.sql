-- What the sums of a sealed round said.
ALTER TABLE rounds ADD COLUMN sealed jsonb;
--> statement-breakpoint
-- What members of a sealed round say besides their words. Apart from them: envelopes and shares are as many as pairs.
CREATE TABLE sealings (
  run text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  round integer NOT NULL,
  client text NOT NULL,
  ready jsonb NOT NULL,
  shared jsonb,
  released jsonb,
  PRIMARY KEY (run, round, client)
);
--> statement-breakpoint
CREATE INDEX sealings_run_client ON sealings (run, client);
