/* What separates the cells of a list, judged by its header and by the rows below. */
import { namesSubject, type ColumnOptions } from './columns.ts';

/** What may separate cells. */
export type Delimiter = ',' | ';' | '\t' | '|';

const DELIMITERS: Record<string, Delimiter> = {
  ',': ',', comma: ',', ';': ';', semicolon: ';', '\t': '\t', '\\t': '\t', tab: '\t', '|': '|', pipe: '|',
};
/** Where header and rows leave a choice: nobody writes a tab into a name, and everybody a comma into text. */
const LIKELIEST: readonly Delimiter[] = ['\t', ',', ';', '|'];
const LINES_COMPARED = 30;
/** Excel's own first line, which names the delimiter and is no data. */
const SEP_LINE = /^"?sep=([,;\t|])"?$/i;

/** The delimiter that people call so: the character itself, or its name. */
export function namedDelimiter(name: string): Delimiter | undefined {
  return DELIMITERS[name.toLowerCase()];
}

/** Whether a line is Excel's `sep=;`, which names a delimiter and is no data. */
export function isSepLine(line: string): boolean {
  return SEP_LINE.test(line.trimStart());
}

/**
 * The delimiter of which the most rows have as many as the header; of several the one that is most in the header. Lines
 * above the header do not count.
 */
export function delimiterOf(text: string, options: ColumnOptions = {}): Delimiter {
  const start = text.trimStart();
  const named = SEP_LINE.exec(start.split(/[\r\n]/, 1)[0] ?? '')?.[1] as Delimiter | undefined;
  if (named) return named;
  const lines = firstLines(start);
  const at = Math.max(lines.findIndex((line) => namesSubject(line.text.split(/[,;\t|]/), options)), 0);
  const header = lines[at]?.counts;
  if (header === undefined) return ',';
  const rows = lines.slice(at + 1);
  const agreeing = (delimiter: Delimiter) => rows.filter(({ counts }) => counts[delimiter] === header[delimiter]).length;
  const [best = ','] = LIKELIEST.filter((delimiter) => header[delimiter] > 0).toSorted((a, b) => agreeing(b) - agreeing(a) || header[b] - header[a]);
  return best;
}

/** The first lines that are not blank, and how often each delimiter occurs in them outside quotes. */
function firstLines(text: string): { text: string; counts: Record<Delimiter, number> }[] {
  const lines: { text: string; counts: Record<Delimiter, number> }[] = [];
  let counts = { ',': 0, ';': 0, '\t': 0, '|': 0 };
  let start = 0;
  let quoted = false;
  for (let at = 0; at <= text.length && lines.length < LINES_COMPARED; at += 1) {
    const letter = text[at] ?? '\n';
    if (letter === '"') quoted = !quoted;
    else if (at === text.length || (!quoted && (letter === '\n' || letter === '\r'))) {
      const line = text.slice(start, at);
      if (line.trim() !== '') lines.push({ text: line, counts });
      counts = { ',': 0, ';': 0, '\t': 0, '|': 0 };
      start = at + 1;
    } else if (!quoted && letter in counts) counts[letter as Delimiter] += 1;
  }
  return lines;
}
