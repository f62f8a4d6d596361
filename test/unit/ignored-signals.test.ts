/* Signals that a process was started to ignore: told by what nohup and shells leave behind. */
import { expect, it } from 'vitest';
import { ignoredSignals } from '../../src/runtime/ignored-signals.ts';

const status = (name: string, ignored: string) => `Name:\t${name}\nUmask:\t0022\nSigBlk:\t0000000000000000\nSigIgn:\t${ignored}\nSigCgt:\t0000000000010002\n`;
const HANGUP = '0000000000000001';
const INTERRUPT = '0000000000000002';
const QUIT_AND_TERMINATE = '0000000000004004';

it.each([
  ['nohup, as bash and zsh write it', { _: '/usr/bin/nohup' }, '', {}, ['SIGHUP']],
  ['nohup, on a terminal', {}, '', { '/proc/self/fd/1': '/work/nohup.out' }, ['SIGHUP']],
  ['nohup, with stdout in a file', {}, '', { '/proc/self/fd/1': '/work/log', '/proc/self/fd/2': '/work/nohup.out' }, ['SIGHUP']],
  ["a shell after trap '' INT", {}, status('bash', INTERRUPT), {}, ['SIGINT']],
  ["a shell after trap '' HUP INT", {}, status('sh', '0000000000000003'), {}, ['SIGHUP', 'SIGINT']],
  ['a script under nohup', {}, status('dash', HANGUP), {}, ['SIGHUP']],
  ['an interactive shell', { _: '/usr/bin/node' }, status('dash', QUIT_AND_TERMINATE), {}, []],
  ['time, which ignores the interrupt for itself', {}, status('time', INTERRUPT), {}, []],
  ['a system without /proc', {}, '', {}, []],
])('%s', (_, environment, parent, links: Record<string, string>, expected) => {
  const read = (path: string) => (path === '/proc/41/status' ? parent : '');
  expect(ignoredSignals({ environment, read, follow: (path) => links[path] ?? '' }, 41)).toEqual(expected);
});
