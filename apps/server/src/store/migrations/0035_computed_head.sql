-- A head may be computed from sums; the warm starts of before train it.
UPDATE runs SET config = jsonb_set(config, '{local,head,warmUp,kind}', '"trained"'::jsonb)
WHERE config #> '{local,head,warmUp}' IS NOT NULL AND config #> '{local,head,warmUp,kind}' IS NULL;
