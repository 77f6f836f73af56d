CREATE TABLE IF NOT EXISTS exchanges (
    id INTEGER PRIMARY KEY,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    reply_status INTEGER,
    reply BLOB
);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    exchange INTEGER NOT NULL,
    incoming INTEGER NOT NULL,
    contact TEXT NOT NULL,
    sender TEXT,
    type TEXT NOT NULL,
    template TEXT,
    rendered BLOB,
    search TEXT NOT NULL,
    digest INTEGER,
    duplicate_of INTEGER,
    at_ms INTEGER NOT NULL,
    status TEXT NOT NULL,
    sent_ms INTEGER,
    delivered_ms INTEGER,
    read_ms INTEGER,
    failed_ms INTEGER,
    error_code INTEGER,
    error_message TEXT
);
CREATE INDEX IF NOT EXISTS messages_by_contact ON messages (contact, id);
CREATE INDEX IF NOT EXISTS messages_by_digest ON messages (digest) WHERE digest IS NOT NULL;

CREATE TABLE IF NOT EXISTS conversations (
    contact TEXT PRIMARY KEY,
    last INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    duplicates INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS conversations_by_last ON conversations (last);

CREATE TRIGGER IF NOT EXISTS message_added AFTER INSERT ON messages BEGIN
    INSERT INTO conversations
    VALUES (new.contact, new.id, 1, new.failed_ms IS NOT NULL, new.duplicate_of IS NOT NULL)
    ON CONFLICT (contact) DO UPDATE SET
        last = new.id,
        messages = messages + 1,
        failed = failed + (new.failed_ms IS NOT NULL),
        duplicates = duplicates + (new.duplicate_of IS NOT NULL);
END;
CREATE TRIGGER IF NOT EXISTS message_failed AFTER UPDATE OF failed_ms ON messages
WHEN new.failed_ms IS NOT NULL AND old.failed_ms IS NULL BEGIN
    UPDATE conversations SET failed = failed + 1 WHERE contact = new.contact;
END;
CREATE TRIGGER IF NOT EXISTS message_removed AFTER DELETE ON messages BEGIN
    UPDATE conversations SET
        messages = messages - 1,
        failed = failed - (old.failed_ms IS NOT NULL),
        duplicates = duplicates - (old.duplicate_of IS NOT NULL)
    WHERE contact = old.contact;
    DELETE FROM conversations WHERE contact = old.contact AND messages = 0;
END;

CREATE TABLE IF NOT EXISTS settings (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (kind, name)
);
