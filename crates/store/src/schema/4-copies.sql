-- Items in several spaces, and what may leave. An older app may open the database after this, but does
-- not see the copies.

-- What an entity is in the spaces other than the one in which it is shown (that one stands in
-- `entities` and `texts`), with its text.
CREATE TABLE copies (
    no INTEGER PRIMARY KEY, entity BLOB NOT NULL, space TEXT NOT NULL, kind TEXT NOT NULL,
    life TEXT NOT NULL, state BLOB NOT NULL,
    field TEXT, version BLOB, plain TEXT, snapshot BLOB,
    UNIQUE (entity, space)
) STRICT;

-- Up to which change the person lets a log of the space 'ask' leave. What came from elsewhere was
-- approved there.
CREATE TABLE approvals (actor BLOB PRIMARY KEY NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
