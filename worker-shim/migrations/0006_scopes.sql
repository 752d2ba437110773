-- What a link asks for; empty: what its integration does.
ALTER TABLE connect_links ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
ALTER TABLE oauth_states ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
