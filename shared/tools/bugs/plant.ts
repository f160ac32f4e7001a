import type { Edit, Mutation } from "./bugs.ts";

/** All edits of a bug: more than one where it is in several places. */
export function editsOf(mutation: Mutation): readonly Edit[] {
  return [mutation, ...(mutation.also ?? [])];
}

/**
 * Makes one edit.
 *
 * @param source the text of the edit's file
 * @throws Error where the text that is to be replaced is not there exactly once
 */
export function planted(source: string, { file, find, replace }: Edit): string {
  const found = source.split(find).length - 1;
  if (found !== 1)
    throw new Error(`${file} holds its text ${found} times, not once: ${JSON.stringify(find)}`);
  return source.replace(find, () => replace);
}
