/* Which errors of the database driver may pass by themselves. */
import { describe, expect, it } from 'vitest';
import { ConnectionError, isTransient, sqlState } from '../../src/store/sqlstate.ts';

const coded = (code: string) => Object.assign(new Error('failed'), { code });

describe('sqlState', () => {
  it.each([
    ['an error of PostgreSQL', coded('23505'), '23505'],
    ['a socket error', coded('ECONNREFUSED'), 'ECONNREFUSED'],
    ['a name with several addresses, all refused', new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]), 'ECONNREFUSED'],
    ['an error without one', new Error('failed'), undefined],
    ['a code that is no text', Object.assign(new Error('failed'), { code: 7 }), undefined],
    ['nothing at all', undefined, undefined],
    ['null', null, undefined],
    ['text', '23505', undefined],
  ])('of %s', (_what, error, code) => {
    expect(sqlState(error)).toBe(code);
  });
});

describe('isTransient', () => {
  it.each([
    '40001', '40P01', '53000', '53100', '53200', '53300', '55006', '55P03', '57014', '57P01', '57P02', '57P03', '57P04', '57P05', '58030',
    '08000', '08003', '08006', '08P01', '0A000', '25006', '25P03', '25P04', '26000', '42P05', 'XX000',
    'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETDOWN', 'ENETUNREACH', 'EAI_AGAIN',
  ])('%s may pass', (code) => {
    expect(isTransient(coded(code))).toBe(true);
  });

  // ENOENT and ENOTFOUND may be about a list as well as about a socket.
  it.each(['22P02', '22P05', '23505', '23514', '42501', '42P01', '42601', 'P0001', 'ENOTFOUND', 'ENOENT', 'EXDEV'])(
    '%s will not',
    (code) => {
      expect(isTransient(coded(code))).toBe(false);
    },
  );

  it.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout expired',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
  ])('a lost connection may pass, which the driver reports without a code: %s', (message) => {
    expect(isTransient(new Error(message))).toBe(true);
  });

  it.each([...['28P01', '28000', '3D000', '53300', 'XX000', 'ENOENT', 'ENOTFOUND', 'CERT_HAS_EXPIRED'].map(coded), new Error('The server does not support SSL connections')])(
    'whatever keeps a connection from being made may pass: %s',
    (cause) => {
      const error = new ConnectionError(cause);
      expect([isTransient(error), sqlState(error), error.message]).toEqual([true, sqlState(cause), cause.message]);
    },
  );

  it('anything else without a code will not', () => {
    expect(isTransient(new TypeError('x is not a function'))).toBe(false);
    expect(isTransient('Connection terminated unexpectedly')).toBe(false);
  });

  it('goes by the code where there is one, whatever the message', () => {
    expect(isTransient(Object.assign(new Error('Connection terminated'), { code: '23505' }))).toBe(false);
  });
});
