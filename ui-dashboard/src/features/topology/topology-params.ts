import { parseAsString, parseAsStringLiteral } from "nuqs";

export const VIEWS = ["services", "nodes"] as const;
export type View = (typeof VIEWS)[number];

/** The page's state, all of it in the URL. */
export const TOPOLOGY_PARAMS = {
  view: parseAsStringLiteral(VIEWS).withDefault("services"),
  service: parseAsString,
  incident: parseAsString,
  action: parseAsString,
  find: parseAsString.withDefault(""),
};
