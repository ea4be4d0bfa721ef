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

-- Up to which change each log was ever handed to something that leaves this device. Written before it
-- leaves: what is beyond was seen by nobody.
CREATE TABLE departed (
    space TEXT NOT NULL, actor BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (space, actor)
) STRICT, WITHOUT ROWID;
-- Of what was written before this, nobody knows.
INSERT INTO departed (space, actor, seq) SELECT space, actor, held FROM logs;
