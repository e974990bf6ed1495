-- Accounts of people who sign in by an identity provider have no password, and are known by issuer and subject.
ALTER TABLE accounts ALTER COLUMN password DROP NOT NULL;
--> statement-breakpoint
ALTER TABLE accounts ADD COLUMN issuer text;
--> statement-breakpoint
ALTER TABLE accounts ADD COLUMN subject text;
--> statement-breakpoint
CREATE UNIQUE INDEX accounts_subject ON accounts (issuer, subject);
