/** Where the API is, and how its errors read. */
import { Code, ConnectError } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { inChosenSimulation } from "./simulation";

/**
 * Empty means the page's own origin: the orchestrator serves the dashboard, and the development server proxies. Only an
 * export that is hosted elsewhere names another one.
 */
const apiUrl = process.env.NODE_ENV === "development" ? "" : (process.env.NEXT_PUBLIC_API_URL ?? "");

export const streamUrl = process.env.NEXT_PUBLIC_STREAM_URL ?? `${apiUrl}/api/stream`;

/** Where the server has what is no call: health, metrics. */
export function plainUrl(path: string): string {
  return `${apiUrl}${path}`;
}

/** A decision or a query that takes longer has failed as far as a person is concerned. */
const TIMEOUT_MS = 10_000;

export const transport = createConnectTransport({
  baseUrl: apiUrl === "" ? "/" : apiUrl,
  defaultTimeoutMs: TIMEOUT_MS,
  interceptors: [inChosenSimulation],
});

/** One sentence for a person: what went wrong and, where we know, what to do. The server's own sentences are kept. */
export function errorSentence(cause: unknown): string {
  const error = ConnectError.from(cause);
  switch (error.code) {
    case Code.DeadlineExceeded:
      return "The server did not answer in time. Try again.";
    case Code.Unavailable:
    case Code.Unknown:
      return error.rawMessage === "" || /fetch|network/i.test(error.rawMessage)
        ? "The server cannot be reached. Try again when the connection is back."
        : error.rawMessage;
    default:
      return error.rawMessage === "" ? `The server refused (${Code[error.code]}).` : error.rawMessage;
  }
}

/** Somebody or something else was first: the action is no longer what the page showed. */
export function isConflict(cause: unknown): boolean {
  return ConnectError.from(cause).code === Code.FailedPrecondition;
}
