-- Older apps may not open the database after this: they would not count.

-- How large an item was, in bytes of title and text, before other devices made it smaller lately, and when
-- by this device's own count of time: what is emptied in steps counts like what is emptied at once.
CREATE TABLE largest_lately (
    entity BLOB PRIMARY KEY NOT NULL, bytes INTEGER NOT NULL, own_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What other devices made go from the trash for good lately: see `losses`.
CREATE TABLE purged_lately (
    device BLOB NOT NULL, entity BLOB NOT NULL, own_ms INTEGER NOT NULL, exchange INTEGER,
    agreed INTEGER NOT NULL, PRIMARY KEY (device, entity)
) STRICT, WITHOUT ROWID;

-- For what a change waits: a dependency that was not here when it was looked at last. As long as it is not,
-- nothing of the change is read again.
ALTER TABLE waiting ADD COLUMN waits_for BLOB;

-- Whether a change takes effect together with the next of its log; NULL where that was not noted.
ALTER TABLE waiting ADD COLUMN goes_on INTEGER;

-- Whether it was set aside because it leaves its log before what was pruned here: such changes may be those of
-- a device that stays, and have a room of their own.
ALTER TABLE set_aside ADD COLUMN parted INTEGER NOT NULL DEFAULT 0;
