/* What the log writes, and what it never does. */
import { describe, expect, it } from 'vitest';
import { createLog, passwordsOf, scrubber } from '../../src/runtime/log.ts';
import type { LogOptions } from '../../src/runtime/log.ts';
import type { Log } from '../../src/runtime/runtime.ts';

function linesOf(options: Partial<LogOptions>, work: (log: Log) => void): string[] {
  const lines: string[] = [];
  work(createLog({ format: 'text', level: 'debug', write: (line) => lines.push(line), ...options }));
  return lines;
}

describe('a line of text', () => {
  it.each([
    ['info', {}, 'job launched'],
    ['info', { run: 'r1', target: 7 }, 'job launched (run=r1 target=7)'],
    ['info', { limit: { free: 3 }, done: true, code: null }, 'job launched (limit={"free":3} done=true code=null)'],
    ['warn', {}, 'warn: job launched'],
    ['error', { code: 'HTTP_503' }, 'error: job launched (code=HTTP_503)'],
  ] as const)('of level %s with %j is %j', (level, fields, line) => {
    expect(linesOf({}, (log) => log[level]('job launched', fields))).toEqual([line]);
  });

  it('of level debug has its time', () => {
    expect(linesOf({}, (log) => log.debug('job launched'))).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z debug: job launched$/)]);
  });
});

describe('a line of JSON', () => {
  it('has the level by name, the time, the sentence and the fields', () => {
    const [line = '', ...more] = linesOf({ format: 'json' }, (log) => log.warn('job launched', { run: 'r1', target: 7 }));
    expect(more).toEqual([]);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({ level: 'warn', time: expect.stringMatching(/Z$/) as string, msg: 'job launched', run: 'r1', target: 7 });
  });
});

describe('a log', () => {
  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('of level %s writes %j', (level, written) => {
    const lines = linesOf({ format: 'json', level }, (log) => {
      for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name](name);
    });
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(written);
  });

  it.each([
    'key', 'apiKey', 'api_key', 'password', 'databaseUrl', 'authorization', 'x-api-key', 'email', 'professional_email', 'personal_email',
    'phone', 'mobile_phone', 'phone_numbers', 'first_name', 'last_name', 'name',
  ])('never writes the field %s, in an object neither', (field) => {
    for (const format of ['text', 'json'] as const) {
      const [line = ''] = linesOf({ format }, (log) => log.info('sent', { [field]: 'mira-quill', request: { [field]: ['mira-quill'] }, run: 'r1' }));
      expect(line).not.toContain('mira-quill');
      expect(line.match(/\[redacted\]/g)).toHaveLength(2);
      expect(line).toContain('r1');
    }
  });
});

describe('scrubber', () => {
  it('replaces every secret wherever it is', () => {
    const scrub = scrubber(['key-0001', 'p.ss+word', undefined]);
    expect(scrub('x-api-key: key-0001, again key-0001; p.ss+word')).toBe('x-api-key: [redacted], again [redacted]; [redacted]');
    expect(scrub('pass+word')).toBe('pass+word');
  });

  it('leaves no rest of a secret that begins with another one', () => {
    expect(scrubber(['secret', 'secret-and-more'])('it is secret-and-more')).toBe('it is [redacted]');
  });

  it('takes a short one, as for trials, for itself alone and for no part of a word', () => {
    const scrub = scrubber(['test']);
    expect(scrub('key=test, "test" and contacts: latest.csv, contest.csv')).toBe('key=[redacted], "[redacted]" and contacts: latest.csv, contest.csv');
  });

  it('leaves alone what is too short to be a secret', () => {
    expect(scrubber(['', 'a', 'abc'])('a cab, abc')).toBe('a cab, abc');
  });
});

describe('passwordsOf', () => {
  it.each([
    ['postgres://user:s3cret@db.example:5432/x', ['s3cret']],
    ['postgresql://user:p%40ss%2Fword@db.example/x', ['p%40ss%2Fword', 'p@ss/word']],
    ['postgres://user:p@ss@word@db.example/x', ['p@ss@word']],
    ['postgres://user:50%off@db.example/x', ['50%off']],
    ['postgres://db.example/x?user=me&password=s3cret%21&sslmode=require', ['s3cret%21', 's3cret!']],
    ['postgres://user@db.example/x', []],
    ['postgres://user:@db.example/x', []],
    ['postgres://db.example:5432/x?application_name=a@b', []],
    [undefined, []],
  ])('of %j are %j', (databaseUrl, passwords) => {
    expect(new Set(passwordsOf(databaseUrl))).toEqual(new Set(passwords));
  });

  it('are hidden in whatever form they turn up', () => {
    const url = 'postgres://user:p%40ss%2Fword@db.example/x';
    expect(scrubber(passwordsOf(url))(`cannot reach ${url}: password "p@ss/word" refused`)).toBe(
      'cannot reach postgres://user:[redacted]@db.example/x: password "[redacted]" refused',
    );
  });
});
