-- How an attempt to connect ended, for whoever made its link and for the browser that used it. NULL: it has not.
-- `outcome` is connected, pending (it waits for its confirmation) or the word of a failure.
ALTER TABLE connect_links ADD COLUMN cookie_hash TEXT;
ALTER TABLE connect_links ADD COLUMN outcome TEXT;
ALTER TABLE connect_links ADD COLUMN cause TEXT;
ALTER TABLE connect_links ADD COLUMN ended_at INTEGER;
