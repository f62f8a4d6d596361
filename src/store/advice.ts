/* What to do about an error of the database: in words for people, by its code. The same at the start and in the middle of a run. */
import { sqlState } from './sqlstate.ts';

/** What is wrong, where we can say it better than the server, and what to do about it. */
export type Advice = { why?: string; fix: string };

/** What pg says (pg 8: lib/connection.js, lib/crypto/sasl.js); it gives no code. */
const NO_TLS = 'The server does not support SSL connections';
const NO_PASSWORD = /client password must be a (?:non-empty )?string/;
/** Poolers say it under codes of many kinds (PgBouncer: 08P01; Supavisor: XX000). */
const FULL = /max_client_conn|query_wait_timeout|max ?clients|no more connections|too many (?:clients|connections)/i;
const NO_TENANT = /tenant or user not found/i;

const LOGIN: Advice = { why: 'wrong user or password', fix: 'correct DATABASE_URL' };
/** Whoever can only read. */
export const PRIMARY: Advice = {
  why: 'it only reads',
  fix: 'give DATABASE_URL the address of the primary (of several hosts: target_session_attrs=read-write)',
};
const CROWDED: Advice = { why: 'it has no connection left for us', fix: 'end some of the others, or allow it more (max_connections, the limit of the user, the pool size of a pooler)' };
const UNTRUSTED: Advice = {
  why: 'nobody we trust has signed its certificate',
  fix: 'name the certificate of its authority in DATABASE_URL (sslrootcert=<file>), or do without with sslmode=no-verify',
};
const CHANGED: Advice = { fix: 'undo what was changed in the schema "waterfall", or use another DATABASE_URL' };
const GONE: Advice = { why: 'it does not exist', fix: 'create it, or correct the name in DATABASE_URL' };
const NO_HOST: Advice = { why: 'no such host', fix: 'correct the host in DATABASE_URL' };

const BY_CODE: Readonly<Record<string, Advice>> = {
  '0A000': PRIMARY,
  '25006': PRIMARY,
  '28P01': LOGIN,
  '3D000': GONE,
  '3F000': CHANGED,
  '42501': { fix: 'let its owner grant "select, insert, update, delete" on the tables of the schema "waterfall", or use another DATABASE_URL' },
  '42703': CHANGED,
  '42883': CHANGED,
  '42P01': CHANGED,
  '53100': { fix: 'make room on its disk' },
  '53200': { fix: 'give it more memory' },
  '53300': CROWDED,
  '57014': { fix: 'find out who cancels statements there: an administrator, or a time limit' },
  '57P03': { why: 'it is starting or stopping', fix: 'wait until it is up' },
  '57P04': GONE,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  ECONNREFUSED: { why: 'connection refused', fix: 'start the server, or correct host and port in DATABASE_URL; without DATABASE_URL the embedded database is used' },
  EAI_AGAIN: NO_HOST,
  ENOENT: { why: 'there is no socket of a server', fix: 'start the server, or correct the folder of its socket (host) and the port in DATABASE_URL' },
  ENOTFOUND: NO_HOST,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
};

/** What can be said about an error; undefined where nobody knows better than its own words. */
export function adviceOn(error: unknown): Advice | undefined {
  const message = error instanceof Error ? error.message : '';
  if (NO_PASSWORD.test(message)) return { why: 'it asks for a password, and DATABASE_URL has none', fix: 'write postgres://user:password@host:5432/database' };
  if (message === NO_TLS) return { why: 'it does not speak TLS', fix: 'turn on TLS at the server, or write sslmode=disable in DATABASE_URL' };
  if (NO_TENANT.test(message)) return { why: 'its pooler does not know the user', fix: 'write the user in DATABASE_URL as the pooler wants it (Supabase: postgres.<project>)' };
  if (FULL.test(message)) return CROWDED;
  const code = sqlState(error) ?? '';
  if (code === '0A000' && !message.includes('recovery')) return undefined;
  return code.startsWith('28') ? notLetIn(message) : BY_CODE[code];
}

/** Its own words are the only clue to what the server has against us; whether TLS would help, they do not say. */
function notLetIn(message: string): Advice {
  if (!message.includes('pg_hba.conf')) return LOGIN;
  const how = message.includes('no encryption') ? ' without TLS' : '';
  return { why: `its pg_hba.conf lets nobody in so from here${how}`, fix: 'write sslmode=require in DATABASE_URL if it wants TLS, else have an entry added there' };
}
