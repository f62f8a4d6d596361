/* How a sheet becomes text, on a stream and in a file. */
import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardFormula } from '../../src/outputs/formula-guard.ts';
import type { Sheets, SheetStyle } from '../../src/outputs/sheet.ts';
import { replace, tryWriting, writeSheetFile, writeSheetTo } from '../../src/outputs/write.ts';
import { asOrdinaryUser } from '../support/ordinary-user.ts';
import { sheetOf } from '../support/sheets.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();
const plain: SheetStyle = { format: 'csv', delimiter: ',', bom: false, formulaGuard: true };

const small = () => sheetOf(['name', 'city'], ['Acme', 'Porto']);

/** Pages of which the second cannot be had. */
const failing = (): Sheets => [
  {
    name: 'contacts',
    columns: [{ name: 'name' }],
    pages: (async function* () {
      await Promise.resolve();
      yield [['Acme']];
      throw new Error('the database has gone');
    })(),
  },
];

async function textOf(sheets: Sheets, style = plain): Promise<string> {
  const stream = new PassThrough();
  const read = buffer(stream);
  await writeSheetTo(stream, sheets, style);
  stream.end();
  return (await read).toString();
}

describe('the text of a sheet', () => {
  it('is the header and the rows, each line ended by a line feed', async () => {
    expect(await textOf(small())).toBe('name,city\nAcme,Porto\n');
  });

  it('is a header when there are no rows', async () => {
    expect(await textOf(sheetOf(['name', 'city']))).toBe('name,city\n');
  });

  it('has quotation marks where they are needed, and only there', async () => {
    const rows = [['a,b', 'say "yes"'], ['two\nlines', 'a\rb'], ['a;b', ' spaced ']];
    expect(await textOf(sheetOf(['x', 'y'], ...rows))).toBe('x,y\n"a,b","say ""yes"""\n"two\nlines","a\rb"\na;b," spaced "\n');
  });

  it.each([
    [{ ...plain, delimiter: ';', bom: true }, '\ufeffname;city\nAcme;Porto\n'],
    [{ ...plain, format: 'tsv', delimiter: '\t' }, 'name\tcity\nAcme\tPorto\n'],
  ] as const)('has the delimiter and the byte order mark of its style: %j', async (style, expected) => {
    expect(await textOf(small(), style)).toBe(expected);
  });

  it('has no formula, in the header neither', async () => {
    expect(await textOf(sheetOf(['=name', 'city'], ['@x', '+351 555']))).toBe("'=name,city\n'@x,+351 555\n");
  });

  it('does not begin with ID, which Excel takes for another format', async () => {
    expect(await textOf(sheetOf(['ID', 'city'], ['ID1', 'Porto']))).toBe('"ID",city\nID1,Porto\n');
    expect(await textOf(sheetOf(['ID number', 'Id']), { ...plain, format: 'tsv', delimiter: '\t' })).toBe('"ID number"\tId\n');
  });

  it.each(['csv', 'jsonl'] as const)('as %s is put together in pieces, however long a page is', async (format) => {
    const long = 'x'.repeat(600_000);
    const pieces: number[] = [];
    const counting = new Writable({
      write(chunk: Buffer, _encoding, done) {
        pieces.push(chunk.length);
        done();
      },
    });
    await writeSheetTo(counting, sheetOf(['note'], ...Array.from({ length: 5 }, () => [long])), { ...plain, format });
    expect(pieces.filter((bytes) => bytes > long.length && bytes < 2 * long.length)).toHaveLength(5);
  });

  it('has cells as they are where the guard is not wanted', async () => {
    expect(await textOf(sheetOf(['=name', 'city'], ['@x', '-cmd']), { ...plain, formulaGuard: false })).toBe('=name,city\n@x,-cmd\n');
  });

  it.each([
    [null, ''],
    [undefined, ''],
    [0, '0'],
    [false, 'false'],
    [['+351 555 0100', '+351 555 0101'], '+351 555 0100; +351 555 0101'],
    [['Porto', null, 7], 'Porto; ; 7'],
    [[], ''],
    [{ en: 'CEO' }, '"{""en"":""CEO""}"'],
    [[{ title: 'CEO' }, { title: null }], '"[{""title"":""CEO""},{""title"":null}]"'],
  ])('shows %j as %s', async (value, shown) => {
    expect(await textOf(sheetOf(['x', 'y'], [value, 'z']))).toBe(`x,y\n${shown},z\n`);
  });

  it('is the same whatever pages the rows come in, empty ones too', async () => {
    const pages = (async function* () {
      await Promise.resolve();
      yield* [[['Acme'], ['Borealis']], [], [['Cumulus']]];
    })();
    expect(await textOf([{ name: 'contacts', columns: [{ name: 'name' }], pages }])).toBe('name\nAcme\nBorealis\nCumulus\n');
  });

  it('has no blank line for an empty cell that is alone in its row', async () => {
    expect(await textOf(sheetOf(['city'], [''], ['Porto']))).toBe('city\n""\nPorto\n');
  });

  it('is read back by any reader of RFC 4180 as the cells that were written', async () => {
    const piece = fc.constantFrom('"', ',', ';', '\t', '\n', '\r', '\r\n', ' ', 'a', 'é', '営', '😀', "'", '=', '+', '-', '1', '\ufeff');
    const cell = fc.oneof(fc.string({ unit: piece, maxLength: 6 }), fc.string({ unit: 'binary' }).map((any) => any.toWellFormed()));
    const table = fc.array(fc.tuple(cell, cell), { maxLength: 6 });
    const style = fc.record({ format: fc.constant('csv' as const), delimiter: fc.constantFrom(',', ';', '\t'), bom: fc.boolean(), formulaGuard: fc.constant(true) });
    await fc.assert(
      fc.asyncProperty(table, style, async (rows, chosen) => {
        const written = await textOf(sheetOf(['x', 'y'], ...rows), chosen);
        const read = parse(written, { delimiter: chosen.delimiter, bom: chosen.bom });
        expect(read).toEqual([['x', 'y'], ...rows.map((row) => row.map(guardFormula))]);
        // What many readers take for the end of a line is inside quotation marks.
        expect(written.replace(/"(?:[^"]|"")*"/g, '')).not.toContain('\r');
      }),
      { numRuns: 150 },
    );
  });
});

describe('a sheet on a stream', () => {
  it('leaves the stream open', async () => {
    const stream = new PassThrough();
    stream.resume();
    await writeSheetTo(stream, small(), plain);
    expect(stream.writable).toBe(true);
  });

  it.each(['csv', 'jsonl', 'xlsx'] as const)('waits for a slow reader, instead of reading all rows into memory, until it is stopped: %s', async (format) => {
    let read = 0;
    const pages = async function* () {
      for (;;) {
        await Promise.resolve();
        read += 1;
        // Not to be compressed: a workbook's compressor would swallow thousands of equal ones before its first chunk.
        yield [[randomBytes(750).toString('base64')]];
      }
    };
    const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
    const stop = new AbortController();
    const writing = writeSheetTo(stuck, [{ name: 'contacts', columns: [{ name: 'x' }], pages: pages() }], { ...plain, format }, stop.signal);
    // Until it has read nothing more for a while; what never waits would read on.
    for (let [turn, before] = [0, -1]; turn < 1_000 && read < 5_000; turn = read === before ? turn + 1 : 0) {
      before = read;
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop.abort();
    await expect(writing).rejects.toThrow();
    expect(read).toBeLessThan(5_000);
  });

  it('fails when the reader goes away, and when the rows cannot be had', async () => {
    const gone = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })) });
    await expect(writeSheetTo(gone, small(), plain)).rejects.toMatchObject({ code: 'EPIPE' });
    await expect(textOf(failing())).rejects.toThrow('the database has gone');
  });
});

describe('a sheet in a file', () => {
  it('replaces the old file, and leaves nothing else behind', async () => {
    const path = inFolder('replaced.csv');
    await writeFile(path, 'old');
    await writeSheetFile(path, small(), plain, 'run-1');
    expect(await readFile(path, 'utf8')).toBe('name,city\nAcme,Porto\n');
    expect((await readdir(inFolder())).filter((name) => name.includes('replaced'))).toEqual(['replaced.csv']);
  });

  it('is not there before it is whole', async () => {
    const path = inFolder('whole.csv');
    const seen: boolean[] = [];
    const pages = (async function* () {
      for (const name of ['Acme', 'Borealis']) {
        seen.push(await stat(path).then(() => true, () => false));
        yield [[name]];
      }
    })();
    await writeSheetFile(path, [{ name: 'contacts', columns: [{ name: 'name' }], pages }], plain, 'run-1');
    expect(seen).toEqual([false, false]);
  });

  it('is left as it was when the rows fail, without a temporary file', async () => {
    const path = inFolder('kept.csv');
    await writeFile(path, 'old');
    await expect(writeSheetFile(path, failing(), plain, 'run-1')).rejects.toThrow('the database has gone');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect((await readdir(inFolder())).filter((name) => name.includes('kept'))).toEqual(['kept.csv']);
  });

  it('is written over what a killed try of the same run has left', async () => {
    await writeFile(inFolder('.again.csv.run-1.tmp'), 'x'.repeat(10_000));
    await writeSheetFile(inFolder('again.csv'), small(), plain, 'run-1');
    expect(await readFile(inFolder('again.csv'), 'utf8')).toBe('name,city\nAcme,Porto\n');
    expect((await readdir(inFolder())).filter((name) => name.includes('again'))).toEqual(['again.csv']);
  });

  it('behind a symbolic link is replaced where it lies, and the link stays', async () => {
    await writeFile(inFolder('real.csv'), 'old');
    await symlink(inFolder('real.csv'), inFolder('link.csv'));
    await writeSheetFile(inFolder('link.csv'), small(), plain, 'run-1');
    expect((await lstat(inFolder('link.csv'))).isSymbolicLink()).toBe(true);
    expect(await readFile(inFolder('real.csv'), 'utf8')).toBe('name,city\nAcme,Porto\n');
  });

  it('behind a symbolic link to what does not exist yet is made there, and the link stays', async () => {
    await mkdir(inFolder('elsewhere'));
    await symlink(join('elsewhere', 'first.csv'), inFolder('chain.csv'));
    await symlink('second.csv', inFolder('elsewhere/first.csv'));
    await writeSheetFile(inFolder('chain.csv'), small(), plain, 'run-1');
    expect((await lstat(inFolder('chain.csv'))).isSymbolicLink()).toBe(true);
    expect((await lstat(inFolder('elsewhere/first.csv'))).isSymbolicLink()).toBe(true);
    expect(await readFile(inFolder('elsewhere/second.csv'), 'utf8')).toBe('name,city\nAcme,Porto\n');
  });

  it('has the permissions that the umask leaves', async () => {
    const before = process.umask(0o027);
    try {
      await writeSheetFile(inFolder('new.csv'), small(), plain, 'run-1');
    } finally {
      process.umask(before);
    }
    expect((await stat(inFolder('new.csv'))).mode & 0o777).toBe(0o640);
  });

  it('that only its owner could read stays so', async () => {
    await writeFile(inFolder('private.csv'), 'old');
    await chmod(inFolder('private.csv'), 0o600);
    await writeSheetFile(inFolder('private.csv'), small(), plain, 'run-1');
    expect((await stat(inFolder('private.csv'))).mode & 0o777).toBe(0o600);
  });
});

describe('a file that is mounted by itself', () => {
  /** What the system says to whoever renames over a mount point, or into another mount. */
  const refusing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

  it.each(['EBUSY', 'EXDEV'])('is written in place where renaming over it ends with %s', async (code) => {
    await writeFile(inFolder('mounted.csv'), 'longer than what comes');
    await writeFile(inFolder('temporary'), 'new');
    const { ino } = await stat(inFolder('mounted.csv'));
    await replace(inFolder('temporary'), inFolder('mounted.csv'), refusing(code));
    expect([await readFile(inFolder('mounted.csv'), 'utf8'), (await stat(inFolder('mounted.csv'))).ino]).toEqual(['new', ino]);
    await expect(stat(inFolder('temporary'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not what any other error means', async () => {
    await writeFile(inFolder('good.csv'), 'good');
    await writeFile(inFolder('temporary'), 'new');
    await expect(replace(inFolder('temporary'), inFolder('good.csv'), refusing('EACCES'))).rejects.toMatchObject({ code: 'EACCES' });
    expect(await readFile(inFolder('good.csv'), 'utf8')).toBe('good');
  });

  it('is tried without a trace, and so is an ordinary one', async () => {
    await writeFile(inFolder('tried.csv'), 'good');
    await tryWriting(inFolder('tried.csv'));
    expect([await readFile(inFolder('tried.csv'), 'utf8'), (await readdir(inFolder())).filter((name) => name.includes('trial'))]).toEqual(['good', []]);
  });
});

describe('what exists and is no regular file', () => {
  it('is written as a stream: a named pipe', async () => {
    const path = inFolder('pipe');
    await promisify(execFile)('mkfifo', [path]);
    const [received] = await Promise.all([readFile(path, 'utf8'), writeSheetFile(path, small(), plain, 'run-1')]);
    expect(received).toBe('name,city\nAcme,Porto\n');
    expect((await stat(path)).isFIFO()).toBe(true);
  });

  // Under the rights of the superuser a mistake here would put a file in the place of the device, for the whole machine.
  it('is written as a stream: a device', async () => {
    await asOrdinaryUser(() => writeSheetFile('/dev/null', small(), plain, 'run-1'));
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });
});
