-- The first format. There is no older app.

-- Small facts of this database: vault id, hybrid time last given out.
CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT;

-- What is held and applied of each log. `dep` is the number up to which this device's own changes in
-- the space already depend on the log; `vouched` the last number with a signature.
CREATE TABLE logs (
    space TEXT NOT NULL, actor BLOB NOT NULL,
    held INTEGER NOT NULL, held_hash BLOB NOT NULL,
    applied INTEGER NOT NULL, dep INTEGER NOT NULL,
    PRIMARY KEY (space, actor)
) STRICT, WITHOUT ROWID;

-- Applied changes, in the order in which they were applied here. The body is never rewritten.
CREATE TABLE changes (
    pos INTEGER PRIMARY KEY AUTOINCREMENT,
    space TEXT NOT NULL, actor BLOB NOT NULL, seq INTEGER NOT NULL,
    hash BLOB NOT NULL, signature BLOB, time_ms INTEGER NOT NULL,
    action TEXT NOT NULL, exchange INTEGER, body BLOB NOT NULL,
    UNIQUE (space, actor, seq)
) STRICT;
CREATE INDEX changes_by_exchange ON changes (exchange) WHERE exchange IS NOT NULL;
CREATE INDEX changes_decisions ON changes (pos) WHERE action = 'conflict.resolve';

-- Received and verified, but waiting for what they depend on, or parked because a newer app made them.
CREATE TABLE waiting (
    space TEXT NOT NULL, actor BLOB NOT NULL, seq INTEGER NOT NULL,
    hash BLOB NOT NULL, signature BLOB, exchange INTEGER, parked INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (space, actor, seq)
) STRICT;

-- Which changes touched an entity: its history.
CREATE TABLE touched (
    entity BLOB NOT NULL, pos INTEGER NOT NULL,
    PRIMARY KEY (entity, pos)
) STRICT, WITHOUT ROWID;

-- The merged state of each entity.
CREATE TABLE entities (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, space TEXT NOT NULL,
    life TEXT NOT NULL, disputed INTEGER NOT NULL, edited_ms INTEGER NOT NULL, state BLOB NOT NULL
) STRICT;
CREATE INDEX entities_disputed ON entities (no) WHERE disputed = 1;
CREATE INDEX entities_trashed ON entities (edited_ms) WHERE life = 'deleted';

-- Texts: the sequence CRDT's snapshot, the updates after it, and what people read.
CREATE TABLE texts (
    entity BLOB PRIMARY KEY NOT NULL, field TEXT NOT NULL, version BLOB NOT NULL,
    plain TEXT NOT NULL, snapshot BLOB NOT NULL, review BLOB NOT NULL
) STRICT;
CREATE TABLE text_updates (
    no INTEGER PRIMARY KEY, entity BLOB NOT NULL, writer INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE INDEX text_updates_by_entity ON text_updates (entity, no);

-- Views: what lists show. Each can be rebuilt from the changes.
CREATE TABLE tasks (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, life TEXT NOT NULL,
    title TEXT NOT NULL, status TEXT NOT NULL, plan TEXT, deadline TEXT, priority INTEGER NOT NULL,
    list BLOB, parent BLOB, sort TEXT NOT NULL, repeat TEXT,
    completed_ms INTEGER, created_ms INTEGER NOT NULL, edited_ms INTEGER NOT NULL,
    has_notes INTEGER NOT NULL
) STRICT;
CREATE INDEX tasks_by_list ON tasks (list, life, status, sort);
CREATE INDEX tasks_by_plan ON tasks (plan) WHERE plan IS NOT NULL AND life = 'alive';
CREATE INDEX tasks_by_deadline ON tasks (deadline) WHERE deadline IS NOT NULL AND life = 'alive';
CREATE INDEX tasks_by_parent ON tasks (parent) WHERE parent IS NOT NULL;
CREATE INDEX tasks_completed ON tasks (completed_ms) WHERE completed_ms IS NOT NULL;
CREATE TABLE notes (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, life TEXT NOT NULL,
    title TEXT NOT NULL, excerpt TEXT NOT NULL, list BLOB, pinned INTEGER NOT NULL,
    created_ms INTEGER NOT NULL, edited_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_by_edit ON notes (life, pinned, edited_ms);
CREATE INDEX notes_by_list ON notes (list);
CREATE TABLE lists (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, life TEXT NOT NULL, title TEXT NOT NULL,
    parent BLOB, sort TEXT NOT NULL, color TEXT, archived INTEGER NOT NULL, space TEXT NOT NULL
) STRICT;
CREATE TABLE tags (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, life TEXT NOT NULL, title TEXT NOT NULL
) STRICT;
CREATE INDEX tags_by_title ON tags (title COLLATE NOCASE);
CREATE TABLE item_tags (
    item BLOB NOT NULL, tag BLOB NOT NULL, PRIMARY KEY (item, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_tags_by_tag ON item_tags (tag);
CREATE TABLE item_links (
    item BLOB NOT NULL, target BLOB NOT NULL, PRIMARY KEY (item, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_links_by_target ON item_links (target);

-- Moves that give way because they closed a circle, by entity.
CREATE TABLE cut_moves (entity BLOB PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;

-- What a person has to decide (open), and what merged by itself and may be looked at (merged).
CREATE TABLE conflicts (
    id BLOB PRIMARY KEY NOT NULL, entity BLOB NOT NULL, kind TEXT NOT NULL, field TEXT NOT NULL,
    state TEXT NOT NULL, detail BLOB NOT NULL
) STRICT;
CREATE INDEX conflicts_by_entity ON conflicts (entity);

-- Full-text search. Filled after the change is safe, before the next search.
CREATE VIRTUAL TABLE search USING fts5 (
    title, body, content = '', contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE TABLE search_due (no INTEGER PRIMARY KEY) STRICT;

-- Exchanges that took place, for the activity list.
CREATE TABLE exchanges (
    id INTEGER PRIMARY KEY AUTOINCREMENT, direction TEXT NOT NULL, carrier TEXT NOT NULL,
    device BLOB, time_ms INTEGER NOT NULL, name TEXT NOT NULL, report TEXT NOT NULL
) STRICT;
-- What each destination is known to hold.
CREATE TABLE destinations (
    id BLOB PRIMARY KEY NOT NULL, kind TEXT NOT NULL, holds BLOB NOT NULL,
    last_seen_ms INTEGER, last_export_ms INTEGER
) STRICT;

-- Signed membership records of the vault.
CREATE TABLE membership (hash BLOB PRIMARY KEY NOT NULL, record BLOB NOT NULL) STRICT;

-- Content of attachments, by hash, in pieces.
CREATE TABLE blobs (hash BLOB PRIMARY KEY NOT NULL, size INTEGER NOT NULL, pieces INTEGER NOT NULL) STRICT;
CREATE TABLE blob_pieces (
    no INTEGER PRIMARY KEY, hash BLOB NOT NULL, piece INTEGER NOT NULL, bytes BLOB NOT NULL,
    UNIQUE (hash, piece)
) STRICT;
