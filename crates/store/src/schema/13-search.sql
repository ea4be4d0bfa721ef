-- Older apps may not open the database after this: they would index words in another form.

-- The terms are made before they come here: SQLite only cuts at spaces.
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
    title, body, signs, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '2 3'
);
INSERT INTO search_due (no) SELECT no FROM entities WHERE true ON CONFLICT DO NOTHING;

-- Words that were indexed, for those who mistype one. They may be more than occur still.
CREATE TABLE spellings (
    letters INTEGER NOT NULL, word TEXT NOT NULL, PRIMARY KEY (letters, word)
) STRICT, WITHOUT ROWID;
