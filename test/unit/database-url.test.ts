/* DATABASE_URL: the forms that libpq takes; what could be read in two ways is refused, and nothing of it told. */
import { describe, expect, it } from 'vitest';
import { readDatabaseUrl } from '../../src/core/database-url.ts';
import { UsageError } from '../../src/core/errors.ts';
import { passwordsOf, scrubber } from '../../src/runtime/log.ts';

describe('a connection string', () => {
  it.each<[url: string, place: string, parts?: object]>([
    ['postgres://maya:pa%40ss@db.example:5433/contacts?sslmode=require', 'db.example:5433/contacts', { hosts: [{ host: 'db.example', port: 5433 }], user: 'maya', password: 'pa@ss', database: 'contacts', sslMode: 'require' }],
    ['postgresql://db.example', 'db.example/', { hosts: [{ host: 'db.example', port: undefined }], user: undefined, password: undefined, database: undefined, sslMode: undefined }],
    ['postgres://', 'localhost/', { hosts: [{ host: undefined, port: undefined }] }],
    ['postgres://maya@/contacts', 'localhost/contacts', { user: 'maya' }],
    ['postgres://maya@db.example', 'db.example/maya'],
    ['postgres://maya:secret@/contacts?host=/cloudsql/project:europe-west1:db', '/cloudsql/project:europe-west1:db/contacts', { hosts: [{ host: '/cloudsql/project:europe-west1:db', port: undefined }], password: 'secret' }],
    ['postgres://%2Fvar%2Frun%2Fpostgresql/contacts', '/var/run/postgresql/contacts', { hosts: [{ host: '/var/run/postgresql', port: undefined }] }],
    ['postgres:///contacts?host=/tmp&port=5433&user=maya&password=a@b', '/tmp:5433/contacts', { hosts: [{ host: '/tmp', port: 5433 }], user: 'maya', password: 'a@b' }],
    ['postgres://maya@[::1]:5433/contacts', '::1:5433/contacts', { hosts: [{ host: '::1', port: 5433 }] }],
    ['postgres://one.example,two.example:5433/contacts?target_session_attrs=read-write', 'one.example,two.example:5433/contacts', { hosts: [{ host: 'one.example', port: undefined }, { host: 'two.example', port: 5433 }], wanted: 'read-write' }],
    ['postgres:///contacts?host=one.example,two.example&port=5432,5433', 'one.example:5432,two.example:5433/contacts'],
    ['postgres:///contacts?host=one.example,two.example&port=5433', 'one.example:5433,two.example:5433/contacts'],
    ['postgres://db.example/?dbname=contacts', 'db.example/contacts'],
    // Only one way to read them.
    ['postgres://maya:a:b@db.example/contacts', 'db.example/contacts', { user: 'maya', password: 'a:b' }],
    ['postgres://maya:a@b@db.example/contacts', 'db.example/contacts', { user: 'maya', password: 'a@b' }],
    ['postgres://maya:a[b]@db.example/contacts', 'db.example/contacts', { user: 'maya', password: 'a[b]' }],
    ['postgres://maya:a+b@db.example/contacts?options=-c%20work_mem%3D8MB', 'db.example/contacts', { password: 'a+b', settings: { options: '-c work_mem=8MB' } }],
    ['postgres://db.example/contacts?sslrootcert=system', 'db.example/contacts', { sslMode: 'verify-full' }],
    ['postgres://db.example/contacts?ssl=false', 'db.example/contacts', { sslMode: 'disable' }],
    ['postgres://db.example/contacts?ssl=0', 'db.example/contacts', { sslMode: 'disable' }],
    ['postgres://db.example/contacts?ssl=true', 'db.example/contacts', { sslMode: 'verify-full' }],
    ['postgres://db.example/contacts?ssl=no-verify', 'db.example/contacts', { sslMode: 'no-verify' }],
    ['postgres://db.example/contacts?sslmode=prefer&pgbouncer=true', 'db.example/contacts', { sslMode: 'prefer' }],
  ])('%s', (url, place, parts = {}) => {
    expect(readDatabaseUrl(url)).toMatchObject({ place, ...parts });
  });

  it.each([
    ['/', 'Zebra@Gir/affe9'], ['/ first', 'Zebra/Gir@affe9'], ['/ alone', 'Zebra/Giraffe9'], ['#', 'Zebra#Giraffe9'], ['# and @', 'Ze@bra#Gir@affe9'], ['?', 'Zebra?Giraffe9'], ['? and @', 'Zebra@Gir?affe9'],
    ['? and =', 'Zebra@Gir?affe=9'], ['%', 'Zebra%Giraffe9'], ['% at its end', 'ZebraGiraffe9%'], ['% that is no UTF-8', 'Zebra%FFGiraffe9'], ['a space', 'Zebra Giraffe9'], ['a tab', 'Zebra\tGiraffe9'],
    ['a line end', 'Zebra\nGiraffe9'], ['[ and /', 'Zebra[Gir/affe9'], [': and /', 'Zebra:Gir/affe9'], ['everything', 'Zebra@:/?#[]% Giraffe9'],
  ])('with %s in its password is refused, and nothing of it is told', (_what, password) => {
    const url = `postgres://maya:${password}@db.example/contacts`;
    const failure: unknown = (() => {
      try {
        return readDatabaseUrl(url);
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as UsageError).message).toMatch(/must be encoded.*%40 stands for @/);
    expect((failure as UsageError).message).not.toMatch(/zebra|gir|affe/i);
    expect(scrubber(passwordsOf(url))(`it was ${password}!`)).toBe('it was [redacted]!');
  });

  it.each([
    ['postgres://maya@db.example:port/contacts', 'DATABASE_URL is not a connection string'],
    ['postgres://maya@db.example:99999/contacts', 'DATABASE_URL is not a connection string'],
    ['postgres://maya@db!/contacts', 'DATABASE_URL is not a connection string'],
    ['postgres://maya@::1/contacts', 'DATABASE_URL is not a connection string'],
    ['postgres://db.example/contacts?sslmode=on', 'sslmode in DATABASE_URL is unknown: write one of disable, allow, prefer, no-verify, require, verify-ca, verify-full'],
    ['postgres://db.example/contacts?target_session_attrs=writable', 'target_session_attrs in DATABASE_URL is unknown: write one of any, read-write, read-only, primary, standby, prefer-standby'],
  ])('%s is refused', (url, words) => {
    expect(() => readDatabaseUrl(url)).toThrow(words);
  });
});
