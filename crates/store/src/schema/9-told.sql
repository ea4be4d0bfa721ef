-- Older apps may not open the database after this: they would take over what a device tells of changes
-- that never were here, and show it as if its author had been heard.

-- Changes that never were here, because a snapshot came in their place: of which log, from which number to
-- which, and which device told what they led to.
CREATE TABLE told (
    space TEXT NOT NULL, actor BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    device BLOB NOT NULL, PRIMARY KEY (space, actor, first)
) STRICT, WITHOUT ROWID;

-- The same for what stands in texts: operations of a writer, from which on and how many there are in all.
CREATE TABLE told_texts (
    entity BLOB NOT NULL, space TEXT NOT NULL, writer INTEGER NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, device BLOB NOT NULL, PRIMARY KEY (entity, space, writer, first)
) STRICT, WITHOUT ROWID;
