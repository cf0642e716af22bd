import { parseAsString, parseAsStringLiteral } from "nuqs";

export const VIEWS = ["services", "nodes", "scenario", "files"] as const;
export type View = (typeof VIEWS)[number];

/** The page's state, all of it in the URL; the draft itself is the browser's. */
export const EDITOR_PARAMS = {
  view: parseAsStringLiteral(VIEWS).withDefault("services"),
  service: parseAsString,
  /** `caller>callee`. */
  call: parseAsString,
  file: parseAsString,
  /** A scenario of the engine to open. */
  scenario: parseAsString,
};
