-- By what an organization's integration proves itself as itself, in place of the client secret. `kind` is `certificate`: `name` is
-- the certificate's thumbprint, `sealed_key` its private key, sealed so that it can sign and never be read.
CREATE TABLE integration_credentials (
  org_id TEXT NOT NULL,
  integration TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  sealed_key TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, integration)
);
