/* docs/failures.md names every error that the API and the network can give us, with the verdict of the code. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ApiError, TransportError, verdict, type Verdict } from '../../src/core/errors.ts';
import codes from '../fixtures/api/error-codes.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

type Line = { names: string[]; verdict: string; rest: string[] };

/** The lines of the tables whose second column is a verdict. */
const lines: Line[] = read('docs/failures.md')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, names = '', verdict = '', ...rest]) => ({ names: quoted(names), verdict: quoted(verdict)[0] ?? '', rest }))
  .filter(({ verdict }) => verdict !== '');

function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
}

/** The line that is about a code: the one with its own name, else the one with the longest family that it belongs to. */
function lineFor(code: string): Line | undefined {
  const fit = (name: string) => (name === code ? Infinity : name.endsWith('...') && code.startsWith(name.slice(0, -3)) ? name.length : 0);
  const fits = lines.map((line) => ({ line, fit: Math.max(...line.names.map(fit)) })).filter((candidate) => candidate.fit > 0);
  return fits.sort((one, other) => other.fit - one.fit)[0]?.line;
}

/** Every code that the transport can give, from its source; a `\w+` of its patterns stands for a family. */
function transportCodes(): { code: string; sent: boolean }[] {
  const source = read('src/providers/http/transport.ts');
  const before = (/BEFORE_SENDING =\s*\/\^\(([^)]*)\)\$\//.exec(source)?.[1] ?? '').split('|').map((name) => name.replace('\\w+', 'OTHER'));
  const words = /const WORDS[^{]*\{([^]*?)\n\};/.exec(source)?.[1] ?? '';
  const named = [
    ...[...source.matchAll(/fail\('([A-Z_]+)'/g)].map(([, code = '']) => code),
    ...[...words.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, code = '']) => code),
    ...[...source.matchAll(/\|\| '([A-Z]+)'/g)].map(([, code = '']) => code),
  ];
  return [...new Set([...named, ...before])].map((code) => ({ code, sent: !before.includes(code) }));
}

describe('docs/failures.md', () => {
  it.each(codes)('says of $code what the code does', ({ code, status, category }) => {
    const error = new ApiError({ status, category, code, message: 'no', enveloped: true });
    expect(lineFor(code)?.verdict).toBe(verdict(error));
  });

  it('says of each status without the API’s envelope what the code does', () => {
    const told = lines.flatMap(({ names, verdict }) => names.filter((name) => name.startsWith('HTTP_')).map((name) => [name, verdict]));
    const done = told.map(([name = '']) => {
      const status = Number(name.slice('HTTP_'.length));
      return [name, verdict(new ApiError({ status, category: 'HTTP', code: name, message: 'no', enveloped: false }))];
    });
    expect(told.length).toBeGreaterThan(10);
    expect(told).toEqual(done);
  });

  it('reads the codes of the transport from its source', () => {
    const found = transportCodes().map(({ code }) => code);
    expect(found).toEqual(expect.arrayContaining(['TIMEOUT', 'REDIRECT', 'UNREADABLE_REPLY', 'REPLY_TOO_LARGE', 'ECONNRESET', 'NETWORK', 'CERT_OTHER']));
  });

  it.each(transportCodes())('says of $code what the code does', ({ code, sent }) => {
    expect(lineFor(code)?.verdict).toBe(verdict(new TransportError({ code, sent, message: 'no' })));
  });

  // EHOSTUNREACH and ENETUNREACH happen on either side; the page says so.
  it.each(transportCodes().filter(({ code }) => !code.endsWith('UNREACH')))('says of $code whether a launch is in doubt', ({ code, sent }) => {
    expect(lineFor(code)?.rest[0]).toBe(sent ? 'yes' : 'no');
  });

  it('explains each verdict', () => {
    const verdicts: Verdict[] = ['wait', 'retry', 'fail', 'stop'];
    expect(verdicts.filter((name) => !read('docs/failures.md').includes(`\n| \`${name}\` |`))).toEqual([]);
  });
});
