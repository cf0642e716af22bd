/** What went wrong with a statement, kindly. Pure. */
import { Code, ConnectError } from "@connectrpc/connect";

export interface SqlProblem {
  readonly title: string;
  readonly hint: string;
  /** What the database or the server said. */
  readonly said: string;
}

const WORDS: Readonly<Partial<Record<Code, { readonly title: string; readonly hint: string }>>> = {
  [Code.InvalidArgument]: { title: "PostgreSQL does not understand it", hint: "The tables and their columns are listed beside the editor." },
  [Code.PermissionDenied]: { title: "It was not run: here everything can be read and nothing changed", hint: "Write a select." },
  [Code.DeadlineExceeded]: { title: "It took too long and was stopped", hint: "Ask about less time, fewer metrics or one service, or add a limit." },
  [Code.ResourceExhausted]: { title: "Too many statements run at once", hint: "Try again in a moment." },
  [Code.Unavailable]: { title: "The database cannot be asked now", hint: "" },
  [Code.Unimplemented]: { title: "This server cannot be asked with SQL", hint: "It is older than this page." },
};

export function problemOf(cause: unknown): SqlProblem {
  const error = ConnectError.from(cause);
  const words = WORDS[error.code] ?? { title: "It could not be run", hint: "" };
  return { ...words, said: error.rawMessage };
}

export interface Place {
  /** Line of the statement, from 1. */
  readonly line: number;
  readonly text: string;
  /** Characters of that line before the place. */
  readonly before: number;
}

/** Where in the statement a complaint is about, when it says so: `… at character 8`. */
export function placeOf(said: string, statement: string): Place | undefined {
  const character = Number(/ at character (\d+)/.exec(said)?.[1]);
  // PostgreSQL counts characters, not the halves of those beyond the basic plane.
  const before = Array.from(statement).slice(0, character - 1);
  if (!(character >= 1) || before.length < character - 1) return undefined;
  const lines = before.join("").split("\n");
  const text = statement.split("\n")[lines.length - 1] ?? "";
  return { line: lines.length, text, before: lines.at(-1)?.length ?? 0 };
}
