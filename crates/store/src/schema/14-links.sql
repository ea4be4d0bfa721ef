-- Older apps may not open the database after this: they would not find the targets of links.

-- The names of items that stand in links, with the item where it is here. `looked`: whether it was looked for
-- among everything that was here when the name came.
CREATE TABLE link_names (
    name BLOB PRIMARY KEY NOT NULL, entity BLOB, looked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
