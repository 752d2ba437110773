-- Other connections of the same account at a provider that ends all of an account's grants at once. NULL for all others,
-- which the index leaves out, so that their writes cost no row of it.
DROP INDEX idx_oauth_connections_account;
ALTER TABLE oauth_connections ADD COLUMN account_key TEXT;
CREATE INDEX idx_oauth_connections_account_key ON oauth_connections (account_key) WHERE account_key IS NOT NULL;
