-- What was pruned: the state after a set of changes that are no longer in the log. Older apps would
-- miss it and must not open the database.

-- Up to where each log is in the base, with the hash that its next change follows and the signature on
-- it. `seen` is up to where this device had applied the log itself when a snapshot brought the rest.
CREATE TABLE base_logs (
    space TEXT NOT NULL, actor BLOB NOT NULL, seq INTEGER NOT NULL,
    hash BLOB NOT NULL, signature BLOB NOT NULL, seen INTEGER NOT NULL,
    PRIMARY KEY (space, actor)
) STRICT, WITHOUT ROWID;

-- The merged state of each entity after exactly the changes in the base.
CREATE TABLE base_entities (
    no INTEGER PRIMARY KEY, space TEXT NOT NULL, id BLOB NOT NULL, state BLOB NOT NULL,
    UNIQUE (id, space)
) STRICT;

-- Its text with the whole history, after exactly the changes in the base.
CREATE TABLE base_texts (
    no INTEGER PRIMARY KEY, space TEXT NOT NULL, entity BLOB NOT NULL, snapshot BLOB NOT NULL,
    UNIQUE (entity, space)
) STRICT;

-- Exchanges some of whose changes are no longer in the log: they cannot be taken back as a whole.
CREATE TABLE cut_exchanges (exchange INTEGER PRIMARY KEY) STRICT;
