// Chance that can be repeated.

/** A number from 0 up to, and without, 1. */
export type Random = () => number;

/**
 * Mulberry32, by Tommy Ettinger (public domain), as bryc's collection has it in JavaScript
 * (https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32): good enough to shuffle, not to keep secrets.
 *
 * @param seed a whole number from 0 to 2³² − 1; the same seed gives the same numbers
 */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** The largest seed. */
export const MAX_SEED = 0xffff_ffff;

/** A seed for a run that was given none. */
export function anySeed(): number {
  return Math.floor(Math.random() * (MAX_SEED + 1));
}

/** @returns a whole number from `least` to `most`, both included */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** @returns one of the choices, of which there must be one at least */
export function oneOf<Choice>(random: Random, first: Choice, ...others: readonly Choice[]): Choice {
  return others[between(random, -1, others.length - 1)] ?? first;
}
