/** The state of the connection as one word and one sentence, in the order of what matters most. */
import type { BadgeTone } from "@/ui/badge";
import type { CloudState } from "@/features/cloud/cloud-state";

export interface ConnectionLook {
  readonly word: "Live" | "Connecting" | "Reconnecting" | "Stale" | "Disconnected";
  readonly tone: BadgeTone;
  readonly sentence: string;
}

export function connectionLook({ connection, engineSilent }: Pick<CloudState, "connection" | "engineSilent">): ConnectionLook {
  switch (connection.phase) {
    case "connecting":
      return { word: "Connecting", tone: "info", sentence: "Waiting for the first answer of the server." };
    case "reconnecting":
      return { word: "Reconnecting", tone: "warning", sentence: connection.reason };
    case "disconnected":
      return { word: "Disconnected", tone: "critical", sentence: connection.reason };
    case "stale":
      return { word: "Stale", tone: "warning", sentence: connection.reason };
    case "live":
      return engineSilent
        ? { word: "Stale", tone: "warning", sentence: "The simulation engine has been silent for more than 5 s." }
        : { word: "Live", tone: "ok", sentence: "Events arrive as they happen." };
  }
}

/** What is on the page is the last that was known, not what is. */
export function isStale(state: Pick<CloudState, "connection" | "engineSilent">): boolean {
  const { word } = connectionLook(state);
  return word !== "Live" && word !== "Connecting";
}
