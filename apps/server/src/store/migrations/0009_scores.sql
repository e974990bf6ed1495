-- Squared norms were the only thing that these strategies had clients measure.
UPDATE runs SET config = jsonb_set(config, '{strategy,score}', '"squared-norm"')
WHERE config -> 'strategy' ->> 'name' IN ('strata', 'gradient-norm');
