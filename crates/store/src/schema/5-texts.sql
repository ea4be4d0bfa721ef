-- Older apps may not open the database after this: they look for a text's snapshot in `texts`.

-- The sequence CRDT's snapshot and the review's findings, apart from what every keystroke rewrites. A
-- row of `texts` from before keeps its snapshot there until the next one is taken.
CREATE TABLE text_bases (entity BLOB PRIMARY KEY NOT NULL, snapshot BLOB NOT NULL) STRICT;
CREATE TABLE text_reviews (entity BLOB PRIMARY KEY NOT NULL, review BLOB NOT NULL) STRICT;
