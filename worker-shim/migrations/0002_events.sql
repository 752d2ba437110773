-- What happened to connections, in the order in which it arrived here; read by subscribers from where
-- they last stopped. No token is in it. Kept for thirty days.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  org_id TEXT NOT NULL,
  integration TEXT NOT NULL,
  user_id TEXT NOT NULL,
  type TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX idx_events_org ON events (org_id, seq);
CREATE INDEX idx_events_occurred_at ON events (occurred_at);

-- Events that a webhook did not take, however often it was asked.
CREATE TABLE dead_letters (
  event_id TEXT NOT NULL,
  webhook TEXT NOT NULL,
  org_id TEXT NOT NULL,
  integration TEXT NOT NULL,
  user_id TEXT NOT NULL,
  type TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  data TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  reason TEXT NOT NULL,
  failed_at INTEGER NOT NULL,
  PRIMARY KEY (event_id, webhook)
);
CREATE INDEX idx_dead_letters_org ON dead_letters (org_id, failed_at);

-- Integrations that a provider refuses, until a refresh through them works again.
CREATE TABLE integration_faults (
  org_id TEXT NOT NULL,
  integration TEXT NOT NULL,
  reason TEXT NOT NULL,
  error TEXT NOT NULL,
  reference TEXT NOT NULL,
  since INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  PRIMARY KEY (org_id, integration)
);
