/* The log: pino, as JSON or as plain lines, with redaction. Where the lines go is the caller's business (stderr). */
import { pino } from 'pino';
import { readDatabaseUrl } from '../core/database-url.ts';
import type { Log } from './runtime.ts';

/** Fields that must never be written, wherever they turn up. */
const REDACTED = ['key', 'apiKey', 'api_key', 'password', 'databaseUrl', 'authorization', 'x-api-key', 'email', 'professional_email', 'personal_email', 'phone', 'mobile_phone', 'phone_numbers', 'first_name', 'last_name', 'name'];

/** How the log is made. */
export type LogOptions = {
  format: 'text' | 'json';
  level: 'debug' | 'info' | 'warn' | 'error';
  /** Takes one line, without its end. */
  write: (line: string) => void;
};

/** Makes a log. */
export function createLog({ format, level, write }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '[redacted]' },
    },
    { write: (line: string) => write(format === 'json' ? line.trimEnd() : textLine(line)) },
  );
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}

/** Lets what Node warns of be a line of the log as all others: Node itself would write text. Where it is told to be silent (`--no-warnings`), nobody is told. */
export function logWarnings(log: Log): void {
  if (process.listenerCount('warning') === 0) return;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => log.warn('Node warns', { warning: name, text: message }));
}

function textLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const details = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const prefix = level === 'info' ? '' : level === 'debug' ? `${String(time)} debug: ` : `${String(level)}: `;
  return `${prefix}${String(msg)}${details.length === 0 ? '' : ` (${details.join(' ')})`}`;
}

/** Real keys and passwords have more characters. */
const SHORT = 8;

/** Replaces secrets in text that is about to be shown: the last guard, whatever went wrong before it. */
export function scrubber(secrets: readonly (string | undefined)[]): (text: string) => string {
  const present = secrets.filter((secret): secret is string => secret !== undefined && secret.length >= 4);
  // The longest first: one may begin with another.
  present.sort((a, b) => b.length - a.length);
  const patterns = present.map((secret) => {
    const exactly = secret.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    // A short one, as for trials, may be a part of any word, and of file names: contest.csv
    return new RegExp(secret.length < SHORT ? `(?<![\\p{L}\\p{N}])${exactly}(?![\\p{L}\\p{N}])` : exactly, 'gu');
  });
  return (text) => patterns.reduce((clean, pattern) => clean.replace(pattern, '[redacted]'), text);
}

/** The passwords in a connection string (before its last `@`, or in its query), as written and decoded; also where it should have been encoded. */
export function passwordsOf(databaseUrl = ''): string[] {
  const [, inAddress] = /^[a-z]+:\/\/[^:@/?#]*:([^/?#]*)@/i.exec(databaseUrl) ?? [];
  const [, unencoded] = isReadable(databaseUrl) ? [] : (/^[a-z]+:\/\/[^:@/?#]*:(.*)@/is.exec(databaseUrl) ?? []);
  const [, inQuery] = /[?&]password=([^&#]*)/.exec(databaseUrl) ?? [];
  return [...new Set([inAddress, unencoded, inQuery])].flatMap((written) => {
    if (written === undefined || written === '') return [];
    try {
      return [written, decodeURIComponent(written)];
    } catch {
      return [written];
    }
  });
}

function isReadable(databaseUrl: string): boolean {
  try {
    readDatabaseUrl(databaseUrl);
    return true;
  } catch {
    return false;
  }
}
