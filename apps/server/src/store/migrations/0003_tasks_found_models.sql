-- Runs have a task and say what they start from; what was found of an imported model says of which kind it is.
UPDATE runs SET config = config || '{"task": {"name": "classification"}, "initial": "pretrained"}'::jsonb;
--> statement-breakpoint
UPDATE runs SET config = jsonb_set(config, '{model,found,kind}', '"transformers"')
WHERE jsonb_typeof(config -> 'model' -> 'found') = 'object';
