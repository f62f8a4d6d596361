/*
 * A command given inside the test's own process, from its words to its exit code: a hundred of them in the time that ten
 * processes take. One after the other, since words, environment, folder and streams belong to the process: those of tests that
 * run at the same time wait for each other.
 */
import { givenCommand } from '../../src/cli/command.ts';
import type { Ended } from './command.ts';

/** Where a command is given. The environment has nothing but `env`. */
export type Surroundings = { folder: string; env?: Record<string, string> };

/** The command that was given last. */
let latest: Promise<unknown> = Promise.resolve();

/** Gives a command when those before it have ended; returns what it said, and its exit code. */
export function give(args: readonly string[], surroundings: Surroundings): Promise<Ended> {
  const given = latest.then(() => giveNow(args, surroundings));
  latest = given.catch(() => undefined); // told to the caller
  return given;
}

async function giveNow(args: readonly string[], { folder, env = {} }: Surroundings): Promise<Ended> {
  const before = { argv: process.argv, env: { ...process.env }, folder: process.cwd() };
  const said = { stdout: '', stderr: '' };
  // What Node has against the process of the tests is none of the command's matter, which logs warnings where somebody listens for them.
  const warned = process.listeners('warning');
  process.removeAllListeners('warning');
  const restore = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const write = stream.write.bind(stream);
    const listeners = stream.listeners('error');
    stream.write = ((text: string | Uint8Array, ...rest: unknown[]) => {
      said[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      for (const callback of rest) if (typeof callback === 'function') (callback as () => void)();
      return true;
    });
    return () => {
      stream.write = write;
      for (const listener of stream.listeners('error')) if (!listeners.includes(listener)) stream.removeListener('error', listener as () => void);
    };
  });
  try {
    process.argv = [process.execPath, 'waterfall-contacts', ...args];
    replaceEnvironment(env);
    process.chdir(folder);
    const exit = await givenCommand().perform();
    return { exit, ...said };
  } finally {
    process.argv = before.argv;
    replaceEnvironment(before.env);
    process.chdir(before.folder);
    for (const end of restore) end();
    for (const listener of warned) process.on('warning', listener);
  }
}

function replaceEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, env);
}
