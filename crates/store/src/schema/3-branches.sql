-- Logs that have two different changes with one number, because a device's data was used twice. Each
-- branch is a log of its own here, under a name that follows from the hash of its first change:
-- `actor` is who wrote it, `parent` the name of the log that it leaves, `first` its first number,
-- `own` whether it was written here.
CREATE TABLE branches (
    space TEXT NOT NULL, name BLOB NOT NULL, actor BLOB NOT NULL, parent BLOB NOT NULL,
    first INTEGER NOT NULL, own INTEGER NOT NULL,
    PRIMARY KEY (space, name)
) STRICT, WITHOUT ROWID;

-- The bytes of a change as they came, where `body` tells them in the names of branches.
ALTER TABLE changes ADD COLUMN original BLOB;

-- What happened to this device's identity, for the activity list.
CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, kind TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

-- What a device wrote after it was removed: kept, shown as a number, never applied or passed on.
CREATE TABLE set_aside (
    space TEXT NOT NULL, actor BLOB NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (space, actor, seq, hash)
) STRICT, WITHOUT ROWID;

-- Membership records sealed under an earlier epoch's key, for devices that missed the later one.
CREATE TABLE handovers (hash BLOB PRIMARY KEY NOT NULL, sealed BLOB NOT NULL) STRICT;
