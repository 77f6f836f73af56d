"""The tables of the account's memory, and the steps from one version of them to the next.

callbacks     every row as it came, newest last; (message_id, digest) tells a repeat
messages      what is known of each (message_id, recipient), the best of all that was said of it
run_ids       small numbers for the run ids that messages are tagged with
suppressed    who is not to be written to, by (person, source); in force while `at_ms >= lifted_ms`
pending_stops people's wishes without a number (stop, start; meta: Meta's word that they stopped), until the
              message that they answer is known
nonces        signatures that were answered with 200, so that no signature is used for a second body
set_aside     requests that were refused, bounded
runs          the runs of this account, as their logs told when they were last read
written       whom each run wrote to, or may have, in parts: keys of `history.number_map`, 8 bytes each

Times are milliseconds since 1970. Persons are keys of `wa_bulk.history.person`.
"""

from __future__ import annotations

APPLICATION_ID = 0x77614248
"""Marks our files; `waBH` in ASCII."""

_VERSION_1 = """
CREATE TABLE callbacks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    message_id TEXT NOT NULL,
    digest INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX callbacks_once ON callbacks (message_id, digest);
CREATE INDEX callbacks_not_status ON callbacks (kind, id) WHERE kind <> 'status';

CREATE TABLE run_ids (number INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    run INTEGER,
    row INTEGER,
    state INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    code INTEGER,
    sender TEXT,
    sent_ms INTEGER,
    delivered_ms INTEGER,
    read_ms INTEGER,
    heard_ms INTEGER NOT NULL,
    UNIQUE (message_id, recipient)
);
CREATE INDEX messages_of_run ON messages (run, row) WHERE run IS NOT NULL;
CREATE INDEX messages_without_run ON messages (id) WHERE run IS NULL;

CREATE TABLE suppressed (
    person TEXT NOT NULL,
    source TEXT NOT NULL,
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    lifted_ms INTEGER NOT NULL DEFAULT -1,
    change INTEGER NOT NULL,
    PRIMARY KEY (person, source)
) WITHOUT ROWID;
CREATE INDEX suppressed_changes ON suppressed (change);

CREATE TABLE pending_stops (
    message_id TEXT NOT NULL,
    wish TEXT NOT NULL,
    words TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (message_id, wish)
) WITHOUT ROWID;

CREATE TABLE nonces (nonce TEXT PRIMARY KEY, digest INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX nonces_by_time ON nonces (at_ms);

CREATE TABLE set_aside (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    size INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX set_aside_by_cause ON set_aside (cause, id, size);
"""

_VERSION_2 = """
DROP TABLE IF EXISTS written;
DROP TABLE IF EXISTS runs;

CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    message_sha256 TEXT NOT NULL,
    recipients_sha256 TEXT NOT NULL,
    base_url TEXT NOT NULL,
    log TEXT NOT NULL,
    log_bytes INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    stopped TEXT,
    rows INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    skipped INTEGER NOT NULL
);
CREATE INDEX runs_by_name ON runs (name);

CREATE TABLE written (part INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, keys BLOB NOT NULL);
CREATE INDEX written_by_run ON written (run_id, part);
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2)
"""What leads from version n to n + 1, at position n; each is applied in one transaction."""

SCHEMA_VERSION = len(MIGRATIONS)
