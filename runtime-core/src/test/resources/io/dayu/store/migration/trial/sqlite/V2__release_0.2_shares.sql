CREATE TABLE side (n INT);
ALTER TABLE trial ADD COLUMN share INT CHECK (share IS NOT NULL OR n <> 0);

UPDATE trial SET share = 100 / n;
