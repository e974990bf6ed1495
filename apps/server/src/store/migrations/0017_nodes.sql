-- Who drives a run: a node, until when by the database's clock, and a number that rises with each owner.
CREATE TABLE leases (
  run text PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  owner text NOT NULL,
  lease_until timestamp with time zone NOT NULL,
  fence bigint NOT NULL
);
--> statement-breakpoint
-- Servers that share this database now; one that is past its time is taken for dead.
CREATE TABLE nodes (
  id text PRIMARY KEY,
  lease_until timestamp with time zone NOT NULL
);
--> statement-breakpoint
-- Which node a client is connected to, or was last; only where nodes share the database.
CREATE TABLE presence (
  run text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  client text NOT NULL,
  node text NOT NULL,
  connected boolean NOT NULL,
  address text,
  PRIMARY KEY (run, client)
);
--> statement-breakpoint
-- The folder that all nodes of this database keep blobs in, by the id that is written in it: one row at most.
CREATE TABLE shared_folder (
  id text PRIMARY KEY
);
