/*
 * Repeatable chance for the sandbox: numbers that depend only on a seed or on a text, so that the same question is
 * answered the same way in every process. Not for secrets.
 */
import type { Random } from '../runtime/runtime.ts';

/** A small seeded generator (mulberry32, public domain). The same seed gives the same numbers in [0, 1). */
export function mulberry32(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A 32-bit hash of a text (FNV-1a with a final mix), as a whole number from 0 up. Used as a seed and for choices. */
export function hash32(text: string, start = 0x811c9dc5): number {
  let hash = start | 0;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A text in the shape of a UUID (version 4) from a source of chance. */
export function uuidFrom(random: Random): string {
  const word = () => Math.floor(random() * 2 ** 32).toString(16).padStart(8, '0');
  const hex = word() + word() + word() + word();
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** The id that belongs to a text: always the same for it, and 122 bits from four hashes, so that no two texts share one. */
export function uuidOf(text: string): string {
  let turn = 0;
  return uuidFrom(() => hash32(text, Math.imul((turn += 1), 0x9e3779b1)) / 2 ** 32);
}

/** A number from the standard normal distribution (Box-Muller). */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** One of `list`, by a number in [0, 1). Throws on an empty list: that is a bug. */
export function pick<T>(list: readonly T[], chance: number): T {
  const chosen = list[Math.floor(chance * list.length)];
  if (chosen === undefined) throw new Error('nothing to pick from');
  return chosen;
}
