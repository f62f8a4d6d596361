/* A zip archive as a stream of bytes (yazl), of which nothing is kept but a line for each entry. The same entries give the same bytes. */
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** A file in the archive; its content is text, written as UTF-8. */
export type ZipEntry = { path: string; content: Iterable<string> | AsyncIterable<string> };

/** The first date that zip knows: a date of now would make other bytes each time. Read in local time by yazl. */
const options = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true };
/** Characters that are packed at a time. */
const PIECE = 64 * 1024;

/** The bytes of an archive. Entries are taken one after the other, each read to its end before the next is asked for. */
export async function* zipped(entries: AsyncGenerator<ZipEntry>): AsyncGenerator<Buffer> {
  const zip = new ZipFile();
  const output = Readable.from(zip.outputStream as AsyncIterable<Buffer>);
  // A failure reaches the reader through the output; here it is only kept from being thrown twice.
  addAll(zip, entries).catch((error: Error) => output.destroy(error));
  try {
    yield* output;
  } finally {
    // A reader that has left shall not leave the tables open.
    await entries.return(undefined);
  }
}

async function addAll(zip: ZipFile, entries: AsyncIterable<ZipEntry>): Promise<void> {
  for await (const { path, content } of entries) {
    await new Promise<void>((resolve, reject) => {
      zip.addReadStreamLazy(path, options, (take) => {
        take(null, Readable.from(gathered(content)).on('end', resolve).on('error', reject));
      });
    });
  }
  zip.end();
}

async function* gathered(content: ZipEntry['content']): AsyncGenerator<Buffer> {
  let text = '';
  for await (const piece of content) {
    text += piece;
    if (text.length < PIECE) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
