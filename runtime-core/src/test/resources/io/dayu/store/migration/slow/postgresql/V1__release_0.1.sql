-- Twice as long as a statement may take in the test.
SELECT pg_sleep(2);

CREATE TABLE slow (n INT NOT NULL);
