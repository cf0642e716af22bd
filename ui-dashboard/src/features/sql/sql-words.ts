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
