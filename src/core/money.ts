/* Dollars: as people write them in an option, as they read them, and as the API bills them. */
import type { Usage } from './model.ts';

/** Less than this is the noise of adding floating-point numbers: a millionth of a dollar. */
export const USD_NOISE = 1e-6;

/** US dollars of text such as `5`, `0.05` or `$12.50`; undefined for anything else, and for less than nothing. */
export function parseUsd(text: string): number | undefined {
  const [, amount] = /^\$?\s*(\d+(?:\.\d*)?|\.\d+)$/.exec(text.trim()) ?? [];
  const usd = Number(amount);
  return amount === undefined || !Number.isFinite(usd) ? undefined : usd;
}

/** Dollars in words for people: `$4.10`, and `$0.0125` for what is no whole number of cents. */
export function formatUsd(usd: number): string {
  const rounded = Math.abs(usd) < USD_NOISE ? 0 : usd;
  const cents = Math.abs(rounded * 100 - Math.round(rounded * 100)) < USD_NOISE * 100;
  return `${rounded < 0 ? '-' : ''}$${Math.abs(rounded).toFixed(cents || Math.abs(rounded) >= 1 ? 2 : 4)}`;
}

/** What the API says a job cost: the total, else the sum of its parts; undefined when it says nothing. */
export function billedUsd(usage: Usage | null | undefined): number | undefined {
  if (typeof usage?.total_usd === 'number') return usage.total_usd;
  const parts = [usage?.persons_usd, usage?.phones_usd, usage?.companies_usd].filter((part) => typeof part === 'number');
  return parts.length === 0 ? undefined : parts.reduce((sum, part) => sum + part, 0);
}
