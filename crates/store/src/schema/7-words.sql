-- Older apps may not open the database after this: they would keep words that are older than what
-- `destinations` knows by then.

-- What each other device said last that it holds, as it signed it, to be passed on to devices that it does
-- not meet. `about` is a hash of what it holds, `made_ms` its own clock.
CREATE TABLE words (
    device BLOB PRIMARY KEY NOT NULL, made_ms INTEGER NOT NULL, about BLOB NOT NULL, signed BLOB NOT NULL
) STRICT;
