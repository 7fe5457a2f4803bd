-- Feeds that tell changes alone.

-- 1: a missing row means nothing, and no feed is compared with this one.
ALTER TABLE feed ADD COLUMN delta BIGINT NOT NULL DEFAULT 0;
