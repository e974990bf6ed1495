-- What a client does in a round is counted in epochs, as everybody calls them.
UPDATE runs SET config = jsonb_set(config #- '{local,passes}', '{local,epochs}', config #> '{local,passes}')
WHERE config #> '{local,passes}' IS NOT NULL;
