-- Other connections of the same account at a provider: before a grant is ended there that they share.
CREATE INDEX idx_oauth_connections_account ON oauth_connections (provider, provider_user_id);
