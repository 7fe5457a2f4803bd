-- What jobs that repeat and mails that wait for another attempt need to know.

-- What the next time was worked out from: another schedule is planned anew.
ALTER TABLE schedule ADD COLUMN spec TEXT;
-- Failures in a row, for the wait before the next attempt.
ALTER TABLE schedule ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;

-- Nobody tries before this time of the machine: a sender is at it, or an attempt failed.
ALTER TABLE mail ADD COLUMN next_attempt BIGINT;
