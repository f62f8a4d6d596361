/*
 * A sandbox for one test, on a clock that the test moves by hand, and the calls that tests make of it over real HTTP.
 * It closes when the test ends.
 */
import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import type { Log, Runtime } from '../../src/runtime/runtime.ts';
import { mulberry32 } from '../../src/sandbox/chance.ts';
import type { Faults } from '../../src/sandbox/faults.ts';
import { startSandbox, type SandboxOptions } from '../../src/sandbox/server.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

/** A reply as the tests look at it. `body` is parsed when it is JSON, else its text. */
export type Answered = { status: number; headers: Headers; body: unknown; text: string };

/** The moment at which every trial starts. */
export const START = Date.UTC(2026, 2, 2, 9, 14, 5, 412);

/** Starts a sandbox with no rate limit and jobs that take 1,000 ms sharp, unless told otherwise. */
export async function trial(options: Partial<SandboxOptions> & { startAt?: number } = {}) {
  const clock = createVirtualClock(options.startAt ?? START);
  const logged: unknown[] = [];
  const note = (...line: unknown[]) => void logged.push(line);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const runtime: Runtime = { clock, random: mulberry32((options.startAt ?? START) % 1_000_003), log };
  const sandbox = await startSandbox({
    rateLimit: { limit: 0, windowMs: 60_000 },
    jobTime: { medianMs: 1000, spread: 0 },
    runtime,
    ...options,
  });
  onTestFinished(() => sandbox.close());

  const advance = (ms: number) => clock.advance(ms);
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answered> => {
    const text = body === undefined || typeof body === 'string' ? (body ?? null) : JSON.stringify(body);
    // The guard turns a reply that never comes into a failure instead of a hanging test.
    const signal = AbortSignal.timeout(5000);
    const reply = await fetch(sandbox.url + path, { method, body: text, headers: { 'x-api-key': 'trial', ...headers }, signal });
    const received = await reply.text();
    const json = reply.headers.get('content-type')?.includes('json') === true;
    return { status: reply.status, headers: reply.headers, body: json ? JSON.parse(received) : received, text: received };
  };
  const launch = (question: object = {}) => call('POST', '/v1/prospector', { ...QUESTION, ...question });
  const find = (jobId: string) => call('GET', `/v1/prospector?job_id=${jobId}`);
  const jobOf = async (question: object = {}) => ((await launch(question)).body as { job_id: string }).job_id;
  /** Launches, waits until the job is done, and returns its output. */
  const ask = async (question: object = {}) => {
    const jobId = await jobOf(question);
    await advance(1000);
    return ((await find(jobId)).body as { output: Output }).output;
  };
  const withFaults = (faults: Partial<Faults>) => sandbox.setFaults(faults);
  return { sandbox, clock, advance, logged, call, launch, find, jobOf, ask, withFaults };
}

/** A question that finds people. */
export const QUESTION = { domain: 'northpier-robotics.example', title_filter: 'VP OR (head AND marketing)' };

/** As much of an output as the tests look at. */
export type Output = {
  company: Record<string, unknown>;
  persons: (Record<string, unknown> & { id: string; title: string; country: string; location: string; phone_numbers: string[] })[];
  usage: Record<string, number>;
};

/** One of the documented replies. */
export function example(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../fixtures/api/${name}.json`, import.meta.url), 'utf8')) as Record<string, unknown>;
}
