-- What administrators' browsers brought back: a directory's consent to an integration's registered app. `status` is `claimed`:
-- the browser says so, and nothing proves it. `attempt` names the request that the first claim of the directory answered.
CREATE TABLE admin_consents (
  org_id TEXT NOT NULL,
  integration TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  status TEXT NOT NULL,
  scopes TEXT NOT NULL,
  attempt TEXT NOT NULL,
  claimed_at INTEGER NOT NULL,
  last_claimed_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, integration, tenant_id)
);
CREATE INDEX idx_admin_consents_attempt ON admin_consents (org_id, attempt);
