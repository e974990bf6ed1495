-- How a model did on data of an operator's.
ALTER TABLE checkpoints ADD COLUMN test jsonb;
