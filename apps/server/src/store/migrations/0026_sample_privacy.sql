-- What participants of runs under differential privacy of each sample say that they have spent.
ALTER TABLE members ADD COLUMN claimed_epsilon double precision;
