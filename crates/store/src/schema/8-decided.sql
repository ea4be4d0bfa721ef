-- Older apps may open the database after this; what they apply is missing from the list.

-- Writes that ended a disagreement, with all versions that they replaced: what a person, or an edit in
-- passing, put aside. Not a view: it outlives the changes that it tells of.
CREATE TABLE decided (
    no INTEGER PRIMARY KEY, space TEXT NOT NULL, actor BLOB NOT NULL, seq INTEGER NOT NULL,
    entity BLOB NOT NULL, field TEXT NOT NULL, time_ms INTEGER NOT NULL, action TEXT NOT NULL,
    value BLOB NOT NULL, replaced BLOB NOT NULL,
    UNIQUE (space, actor, seq, entity, field)
) STRICT;
CREATE INDEX decided_by_time ON decided (time_ms);
CREATE INDEX decided_by_entity ON decided (entity);
