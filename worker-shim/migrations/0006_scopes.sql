-- What a link asks for; empty: what its integration does.
ALTER TABLE connect_links ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
ALTER TABLE oauth_states ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
-- Of what the link asks for, what the account's directory was found not to have; empty: nothing.
ALTER TABLE oauth_states ADD COLUMN dropped_scopes TEXT NOT NULL DEFAULT '';
-- What becomes of an attempt is asked by its name (select_state_of_attempt).
CREATE INDEX idx_oauth_states_attempt ON oauth_states (attempt);
