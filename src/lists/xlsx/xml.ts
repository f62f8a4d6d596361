/*
 * XML as it streams in: tags and text in their order, without prefixes of namespaces. It knows what spreadsheets write, and
 * refuses document types, whose entities could grow without end.
 */

/** Told what there is. `attributes` is what stands in the tag behind its name, for `attributesOf`; `parent` is empty for the outermost. */
export type XmlHandlers = {
  open: (name: string, attributes: string, parent: string) => void;
  text?: (text: string) => void;
  close?: (name: string, parent: string) => void;
};

/** Takes a document piece by piece. Both throw XmlError where it is none. */
export type XmlReader = { write: (piece: string) => void; end: () => void };

/** What is read is no XML, or a kind of it that no spreadsheet writes. */
export class XmlError extends Error {
  override name = 'XmlError';
}

/** A cell holds 32,767 characters, of which each may be written as `&#x1F600;`. */
const LONGEST_TOKEN = 1 << 20;
const DEEPEST = 200;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const [QUOTE, APOSTROPHE, GREATER] = [0x22, 0x27, 0x3e];

/** Reads a document from begin to end. */
export function createXmlReader({ open, text, close }: XmlHandlers): XmlReader {
  const path: string[] = [];
  let rest = '';
  let hasRoot = false;

  function tag(raw: string): void {
    if (raw.startsWith('/')) {
      const name = localName(raw.slice(1).trimEnd());
      if (path.pop() !== name) throw new XmlError(`</${name.slice(0, 40)}> closes what is not open`);
      close?.(name, path.at(-1) ?? '');
      return;
    }
    const isClosed = raw.endsWith('/');
    const inner = isClosed ? raw.slice(0, -1) : raw;
    const blank = inner.search(/\s/);
    const name = localName(blank < 0 ? inner : inner.slice(0, blank));
    const parent = path.at(-1) ?? '';
    if (name === '' || (parent === '' && hasRoot)) throw new XmlError('a tag stands where none can be');
    hasRoot = true;
    open(name, blank < 0 ? '' : inner.slice(blank), parent);
    if (isClosed) close?.(name, parent);
    else if (path.push(name) > DEEPEST) throw new XmlError('its tags are nested without end');
  }

  function words(raw: string): void {
    if (path.length > 0) text?.(raw);
    else if (raw.replace('\ufeff', '').trim() !== '') throw new XmlError('text stands outside of all tags');
  }

  return {
    write(piece) {
      const all = rest + piece;
      let at = 0;
      for (;;) {
        const start = all.indexOf('<', at);
        if (start < 0) break;
        if (start > at) words(unescaped(all.slice(at, start)));
        at = start;
        const end = endOfMarkup(all, start);
        if (end < 0) break;
        if (all.startsWith('<![CDATA[', start)) words(all.slice(start + 9, end - 2));
        else if (all[start + 1] !== '?' && all[start + 1] !== '!') tag(all.slice(start + 1, end));
        at = end + 1;
      }
      rest = all.slice(at);
      if (rest.length > LONGEST_TOKEN) throw new XmlError('a cell in it is longer than any can be');
    },
    end() {
      if (rest.trim() !== '' || path.length > 0 || !hasRoot) throw new XmlError('it ends too early');
    },
  };
}

/** The attributes of a tag by their names; the prefix of a namespace stays. */
export function attributesOf(raw: string): Record<string, string> {
  const found: Record<string, string> = {};
  let at = 0;
  for (;;) {
    const equals = raw.indexOf('=', at);
    if (equals < 0) return found;
    const quote = raw.slice(equals + 1).trimStart()[0] ?? '';
    const start = raw.indexOf(quote, equals + 1);
    const end = quote === '"' || quote === "'" ? raw.indexOf(quote, start + 1) : -1;
    if (end < 0) throw new XmlError('an attribute has no quotation marks');
    found[raw.slice(at, equals).trim()] = unescaped(raw.slice(start + 1, end));
    at = end + 1;
  }
}

/** The last character of the tag, remark or so that begins at `start`; negative where it is not there yet. */
function endOfMarkup(all: string, start: number): number {
  const endOf = (mark: string, from: number) => {
    const at = all.indexOf(mark, from);
    return at < 0 ? -1 : at + mark.length - 1;
  };
  if (all[start + 1] === '?') return endOf('?>', start + 2);
  if (all[start + 1] === '!') {
    if (all.startsWith('<!--', start)) return endOf('-->', start + 4);
    if (all.startsWith('<![CDATA[', start)) return endOf(']]>', start + 9);
    if (all.length - start < 9) return -1;
    throw new XmlError('it has a document type');
  }
  for (let at = start + 1; at < all.length; at += 1) {
    const code = all.charCodeAt(at);
    if (code === GREATER) return at;
    if (code !== QUOTE && code !== APOSTROPHE) continue;
    at = all.indexOf(code === QUOTE ? '"' : "'", at + 1);
    if (at < 0) return -1;
  }
  return -1;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Text with its entities replaced, and line ends as XML has them. */
function unescaped(raw: string): string {
  const text = raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]{0,12});?/g, (whole, name: string) => {
    const number = /^#(?:x([\da-f]{1,6})|(\d{1,7}))$/i.exec(name);
    const code = number === null ? undefined : number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16);
    const character = code === undefined ? ENTITIES[name] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (character === undefined || !whole.endsWith(';')) throw new XmlError(`${whole} stands for nothing`);
    return character;
  });
}
