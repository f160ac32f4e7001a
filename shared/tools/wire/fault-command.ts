// A fault as it is asked for.
import { HttpError } from "../../http/answer.ts";
import type { FaultCommand } from "./events.ts";

/** A new connection is refused for so many seconds at most, and bytes are delayed by so many milliseconds. */
const MAX_SECONDS = 60;
const MAX_DELAY = 10_000;

/**
 * @param value parsed JSON
 * @param sources how many there are
 * @throws HttpError 400 a sentence
 */
export function parseFaultCommand(value: unknown, sources: number): FaultCommand {
  const { fault, source, seconds, ms, direction, on } = Object(value);
  const where = source === undefined ? {} : { source: whole("source", source, 1, sources) };
  switch (fault) {
    case "cut":
    case "heal":
      return { ...where, fault };
    case "refuse":
      return { ...where, fault, seconds: whole("seconds", seconds, 0, MAX_SECONDS) };
    case "delay":
      return { ...where, fault, ms: whole("ms", ms, 0, MAX_DELAY) };
    case "stall":
      if (direction !== "upstream" && direction !== "downstream") {
        throw new HttpError(400, 'The direction of a stall is "upstream" or "downstream".');
      }
      return { ...where, fault, direction, on: isOn(on) };
    case "split":
      return { ...where, fault, on: isOn(on) };
    default:
      throw new HttpError(400, "The fault is cut, refuse, delay, stall, split or heal.");
  }
}

function whole(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw new HttpError(400, `${name} is a whole number from ${least} to ${most}.`);
}

function isOn(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new HttpError(400, "on is true or false.");
}
