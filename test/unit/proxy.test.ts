/* Which proxy an address is reached by, as curl reads the environment. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { proxiesIn, proxyFor, shownProxy } from '../../src/core/proxy.ts';

const API = 'https://api.waterfall.example/base';
const used = (environment: Record<string, string>, address = API) => {
  const proxy = proxyFor(address, environment);
  return proxy && `${shownProxy(proxy)} ${proxy.from}`;
};

describe('the proxy', () => {
  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: 'http://proxy.example:3128' }, 'http://proxy.example:3128 HTTPS_PROXY'],
    [{ HTTPS_PROXY: 'http://upper.example', https_proxy: 'http://lower.example' }, 'http://lower.example https_proxy'],
    [{ HTTPS_PROXY: 'http://upper.example', https_proxy: ' ' }, 'http://upper.example HTTPS_PROXY'],
    [{ HTTPS_PROXY: '' }, undefined],
    [{ HTTP_PROXY: 'http://proxy.example' }, undefined],
    [{ ALL_PROXY: 'proxy.example:8080', HTTP_PROXY: 'http://plain.example' }, 'http://proxy.example:8080 ALL_PROXY'],
    [{ https_proxy: 'proxy.example' }, 'http://proxy.example https_proxy'],
    [{ HTTPS_PROXY: ' https://somebody:pa%40ss@proxy.example:3129 ' }, 'https://proxy.example:3129 HTTPS_PROXY'],
    [{ HTTPS_PROXY: 'http://[::1]:3128' }, 'http://[::1]:3128 HTTPS_PROXY'],
  ])('by %j is %s', (environment, proxy) => {
    expect(used(environment)).toBe(proxy);
  });

  it.each([{ http_proxy: 'proxy.example' }, { HTTP_PROXY: 'proxy.example' }])('of an address without TLS is that of %j', (environment) => {
    expect(used(environment, 'http://api.waterfall.example')).toBe(`http://proxy.example ${Object.keys(environment)[0] ?? ''}`);
  });

  it.each(['socks5://proxy.example:1080', 'http://', 'http://pro xy', 'ftp://proxy.example'])('cannot be %s, and its password is not told', (value) => {
    const environment = { HTTPS_PROXY: value.replace('//', '//somebody:s3cret@') };
    const error = (() => {
      try {
        return proxyFor(API, environment);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain('put api.waterfall.example into NO_PROXY');
    expect(String(error)).not.toContain('s3cret');
  });

  it('is among all that are set, each with a scheme', () => {
    expect(proxiesIn({ http_proxy: 'a:b@one.example', HTTPS_PROXY: 'https://c:d@two.example', ALL_PROXY: '' })).toEqual(['http://a:b@one.example', 'https://c:d@two.example']);
  });
});

describe('NO_PROXY', () => {
  it.each([
    ['api.waterfall.example', API, true],
    ['API.Waterfall.Example', API, true],
    ['waterfall.example', API, true],
    ['.waterfall.example', API, true],
    ['*.waterfall.example', API, true],
    ['waterfall.example.', API, true],
    ['localhost, other.example waterfall.example', API, true],
    ['*', API, true],
    ['waterfall.example:443', API, true],
    ['waterfall.example:8443', API, false],
    ['fall.example', API, false],
    ['other.example,', API, false],
    ['example.waterfall', API, false],
    ['127.0.0.1', 'https://127.0.0.1:8443', true],
    ['127.0.0.1:8443', 'https://127.0.0.1:8443', true],
    ['127.0.0.1:9', 'https://127.0.0.1:8443', false],
    ['127.0.0.0/8', 'https://127.0.0.1:8443', true],
    ['10.0.0.0/8', 'https://127.0.0.1:8443', false],
    ['127.0.0.0/99', 'https://127.0.0.1:8443', false],
    ['0.0.1', 'https://127.0.0.1:8443', false],
    ['::1', 'https://[::1]:8443', true],
    ['[::1]', 'https://[::1]:8443', true],
    ['[::1]:8443', 'https://[::1]:8443', true],
    ['fc00::/7', 'https://[fd00::5]', true],
    ['fc00::/7', 'https://127.0.0.1', false],
  ])('%s has %s: %s', (list, address, isExempt) => {
    expect(used({ HTTPS_PROXY: 'http://proxy.example', NO_PROXY: list }, address) === undefined).toBe(isExempt);
  });
});
