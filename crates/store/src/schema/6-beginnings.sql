-- Older apps may not open the database after this: they do not know a text that is nothing but its
-- beginning. Such a text has neither snapshot nor updates: `plain` is all of it, `version` tells who
-- wrote it, and `snapshot` holds a mark and a sum of `plain`.

-- Everything of a kind, for the kinds of which there are few. A query has to repeat the condition.
CREATE INDEX entities_by_kind ON entities (kind) WHERE kind NOT IN ('task', 'note');
