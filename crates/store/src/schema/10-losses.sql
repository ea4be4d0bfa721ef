-- An older app may not open the database after this: it would not count.

-- What other devices made vanish lately: which device, which item, in which list it was, when by this
-- device's own count of time (`own_ms`), by which exchange, whether the item is in use still (emptied, or
-- hidden), and whether the person agreed.
CREATE TABLE losses (
    device BLOB NOT NULL, entity BLOB NOT NULL, list BLOB, own_ms INTEGER NOT NULL,
    exchange INTEGER, alive INTEGER NOT NULL, agreed INTEGER NOT NULL, PRIMARY KEY (device, entity)
) STRICT, WITHOUT ROWID;
