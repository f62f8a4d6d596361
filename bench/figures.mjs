/* The arithmetic of the benchmark and its table. Pure: times are milliseconds unless a name says otherwise. */

/**
 * The least time in which `companies` can be answered under a limit of `limit` requests per `windowMs`: a launch and a find each, in
 * a window that is full from the first moment, and never sooner than the slowest job. Without a limit (0) only the job counts.
 */
export function floorMs({ companies, limit, windowMs, slowestJobMs }) {
  const limitedMs = limit === 0 ? 0 : (Math.ceil((2 * companies) / limit) - 1) * windowMs;
  return Math.max(limitedMs, slowestJobMs);
}

/** The middle one; of an even number the mean of the two in the middle. Throws when there is none. */
export function median(values) {
  if (values.length === 0) throw new Error('there is no median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `count` things in `ms`, per second. */
export function perSecond(count, ms) {
  return (count / ms) * 1000;
}

/** `123 ms`, `1.23 s` or `12.3 s`. */
export function duration(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** A whole number with commas. */
export function whole(number) {
  return Math.round(number).toLocaleString('en-US');
}

/** Memory in MB of 10^6 bytes. */
export function megabytes(bytes) {
  return `${whole(bytes / 1e6)} MB`;
}

/**
 * A line of the table. `ours` and `rival` are texts, or numbers that `unit` turns into text; their ratio is ours / rival, and is worked out
 * here, so that it is that of what is printed. `more` is what else was seen, `reach` what the project promises for it.
 */
export function line({ part, what, ours, rival, unit = String, against = '', more = '', reach = '' }) {
  const compared = typeof ours === 'number' && typeof rival === 'number';
  const text = (value) => (value === undefined ? '' : typeof value === 'number' ? unit(value) : value);
  return {
    part,
    what,
    ours: text(ours),
    rival: [text(rival), against].filter((word) => word !== '').join(' '),
    ratio: compared ? (ours / rival).toFixed(2) : '',
    more,
    reach,
  };
}

const COLUMNS = { part: 4, what: 56, ours: 20, rival: 38, ratio: 5, more: 54, reach: 5 };
const HEADINGS = { part: 'part', what: 'what', ours: 'ours', rival: 'floor or rival', ratio: 'ratio', more: 'also', reach: 'reach' };

/** The head of the table, in Markdown that can be read as it is. */
export function tableHead() {
  const rule = Object.values(COLUMNS).map((width) => '-'.repeat(width));
  return `${tableLine(HEADINGS)}\n| ${rule.join(' | ')} |`;
}

/** One line of the table. */
export function tableLine(cells) {
  return `| ${Object.entries(COLUMNS).map(([name, width]) => String(cells[name]).padEnd(width)).join(' | ')} |`;
}
