-- How far claims are believed; what runs of before have done stays as it was.
UPDATE runs SET config = jsonb_set(
  jsonb_set(config, '{aggregation}', '{"weightCap": null}'::jsonb || (config -> 'aggregation')),
  '{selection}', '{"scores": "raw"}'::jsonb || (config -> 'selection')
);
--> statement-breakpoint
UPDATE runs SET config = jsonb_set(config, '{aggregation,rule}', '{"byzantine": 0}'::jsonb || (config #> '{aggregation,rule}'))
WHERE config #>> '{aggregation,rule,name}' IN ('median', 'trimmed-mean');
--> statement-breakpoint
ALTER TABLE members ADD COLUMN claimed integer, ADD COLUMN held_out integer;
--> statement-breakpoint
UPDATE members SET held_out = coalesce(
  (evaluation ->> 'samples')::integer,
  (SELECT (c.hello ->> 'heldOut')::integer FROM clients c WHERE c.run = members.run AND c.id = members.client),
  0
);
--> statement-breakpoint
ALTER TABLE members ALTER COLUMN held_out SET NOT NULL;
