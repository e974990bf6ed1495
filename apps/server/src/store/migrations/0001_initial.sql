CREATE TABLE runs (
  id text PRIMARY KEY,
  config jsonb NOT NULL,
  assets jsonb NOT NULL,
  state text NOT NULL,
  reason text NOT NULL DEFAULT '',
  committed_round integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz
);
--> statement-breakpoint
CREATE TABLE checkpoints (
  run text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  round integer NOT NULL,
  layers jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, round)
);
--> statement-breakpoint
CREATE TABLE rounds (
  run text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  round integer NOT NULL,
  phase text NOT NULL,
  deadline timestamptz,
  base_round integer NOT NULL,
  candidate jsonb,
  began jsonb NOT NULL,
  selection jsonb,
  e1 jsonb,
  e2 jsonb,
  reason text NOT NULL DEFAULT '',
  opened_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz,
  PRIMARY KEY (run, round)
);
--> statement-breakpoint
CREATE TABLE members (
  run text NOT NULL,
  round integer NOT NULL,
  client text NOT NULL,
  samples integer NOT NULL,
  budget jsonb NOT NULL,
  scores jsonb,
  mask jsonb,
  update text,
  update_bytes bigint,
  train_loss jsonb,
  evaluation jsonb,
  "left" boolean NOT NULL DEFAULT false,
  bytes_down bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (run, round, client)
);
--> statement-breakpoint
CREATE TABLE clients (
  run text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  id text NOT NULL,
  secret_hash text NOT NULL,
  hello jsonb,
  paused boolean NOT NULL DEFAULT false,
  "left" boolean NOT NULL DEFAULT false,
  joined_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, id)
);
--> statement-breakpoint
CREATE TABLE events (
  id bigserial PRIMARY KEY,
  run text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT now(),
  level text NOT NULL,
  kind text NOT NULL,
  message text NOT NULL,
  round integer,
  client text
);
--> statement-breakpoint
CREATE INDEX events_run_id ON events (run, id);
