/* `npm run bench` in its smallest form: the parts run to their end, say what they measured, and leave nothing behind. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url));

it('prints a line with a ratio for each thing that it compares, and removes its servers and files', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
  chmodSync(folder, 0o755); // the server of a root user runs as another one
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--tiny', '--only', 'd,e'], { env: { ...process.env, TMPDIR: folder } });
  const rows = stdout.split('\n').filter((text) => /^\| [a-h] /.test(text)).map((text) => text.split('|').map((cell) => cell.trim()));
  expect(rows.map(([, part, what]) => `${part}: ${what}`)).toEqual([
    'd: 600 new contacts saved',
    'd: 600 known contacts saved again',
    'e: 2,000 contacts to CSV (1.3 kB each)',
  ]);
  for (const row of rows) {
    const [ours, rival] = [row[3], row[4]].map((cell) => Number(/^[\d,]+/.exec(cell ?? '')?.[0].replaceAll(',', '')));
    expect(Number(row[5])).toBeCloseTo((ours ?? NaN) / (rival ?? NaN), 1);
  }
  expect(readdirSync(folder)).toEqual([]);
});

it('refuses a part that it does not have', async () => {
  await expect(promisify(execFile)(process.execPath, [MAIN, '--only', 'a,z'])).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('no part z') as string });
});
