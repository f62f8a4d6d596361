-- People who are not to be kept. Only hashes of what identifies them: enough to know them when they come again, and to leave them out.

create table waterfall.forgotten (
  -- SHA-256, hexadecimal, of `id:<person id>` or `email:<address in lower case>`
  hash text primary key,
  forgotten_at timestamptz not null
);
