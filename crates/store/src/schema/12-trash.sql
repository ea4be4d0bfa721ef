-- Older apps may not open the database after this: they would leave the days uncounted.

-- The days on which this device ran, each counted once: what stands in the trash is counted in them, so that
-- a clock that jumps makes nothing older.
CREATE TABLE run_days (no INTEGER PRIMARY KEY, day TEXT NOT NULL UNIQUE) STRICT;

-- Since which of those days an item lies in the trash, since which it is said there that it goes, and by
-- which deletion it came there.
CREATE TABLE trash_days (
    entity BLOB PRIMARY KEY NOT NULL, since INTEGER NOT NULL, told INTEGER, deletion BLOB NOT NULL
) STRICT, WITHOUT ROWID;
