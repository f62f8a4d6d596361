-- What one invocation tells the next about an API: how long jobs take there, and which requests still count against the limit.
-- Only a help: the program works without a row, and with one that makes no sense.

create table waterfall.pace (
  api_host text not null,
  -- SHA-256 of the API key, hexadecimal: the limit is counted for each key
  key_hash text not null,
  -- {"medianMs", "spread"}
  job_times jsonb,
  -- [[epoch milliseconds, how many], ...]: requests of the last window, oldest first
  taken jsonb not null,
  saved_at timestamptz not null,

  constraint pace_pkey primary key (api_host, key_hash)
);
