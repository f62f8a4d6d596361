/* What it costs to have an address verified: each provider has its price, and each may be asked. */
import type { Rates } from '../kind.ts';

/** Makes the rates of a run over providers with these prices, in their order; undefined: unknown. What the user says is believed upwards only. */
export function createEmailRates(prices: readonly (number | undefined)[]): Rates {
  let dearest = 0;
  const known = prices.map((price) => price ?? 0);
  const sum = known.reduce((total, price) => total + price, 0);
  const isComplete = () => prices.every((price) => price !== undefined) || (prices.length === 1 && dearest > 0);
  return {
    worst: () => (isComplete() ? Math.max(sum, dearest) : undefined),
    least: () => Math.max(sum, dearest),
    costOf: (_contacts, answers) => (isComplete() ? answers * Math.max(...known, dearest) : undefined),
    learn({ cost_usd }) {
      dearest = Math.max(dearest, cost_usd ?? 0);
    },
  };
}
