-- The backup and the index of connections. The truth is in each connection's Durable Object; `record`
-- holds what is needed to rebuild it. Tokens are sealed here as everywhere.
CREATE TABLE oauth_connections (
  org_id TEXT NOT NULL,
  integration TEXT NOT NULL,
  user_id TEXT NOT NULL,
  provider TEXT NOT NULL,
  provider_user_id TEXT NOT NULL,
  tenant_id TEXT,
  access_token TEXT NOT NULL,
  refresh_token TEXT,
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  account_name TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (org_id, integration, user_id)
);
CREATE INDEX idx_oauth_connections_expires_at ON oauth_connections (expires_at);
CREATE INDEX idx_oauth_connections_user ON oauth_connections (org_id, user_id);

-- One row for each connect link. Kept for a day after its end, so that a used link and an unknown one
-- can be told apart.
CREATE TABLE connect_links (
  link_hash TEXT PRIMARY KEY,
  attempt TEXT NOT NULL UNIQUE,
  org_id TEXT NOT NULL,
  integration TEXT NOT NULL,
  user_id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  return_to TEXT NOT NULL,
  confirm TEXT NOT NULL,
  allow_other_account INTEGER NOT NULL,
  claims TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER
);
CREATE INDEX idx_connect_links_expires_at ON connect_links (expires_at);

-- One row for each sign-in under way; consumed by one DELETE … RETURNING.
CREATE TABLE oauth_states (
  state_hash TEXT PRIMARY KEY,
  cookie_hash TEXT NOT NULL,
  mode TEXT NOT NULL,
  attempt TEXT NOT NULL,
  org_id TEXT NOT NULL,
  integration TEXT NOT NULL,
  user_id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  code_challenge TEXT NOT NULL,
  sealed_verifier TEXT NOT NULL,
  return_to TEXT NOT NULL,
  confirm TEXT NOT NULL,
  allow_other_account INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE INDEX idx_oauth_states_expires_at ON oauth_states (expires_at);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  key_hash TEXT NOT NULL UNIQUE,
  org_id TEXT NOT NULL,
  name TEXT NOT NULL,
  permissions TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
);
CREATE INDEX idx_api_keys_org ON api_keys (org_id);
