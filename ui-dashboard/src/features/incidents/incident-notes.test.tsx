import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { IncidentService, type IncidentServiceAddNoteRequest } from "@/gen/ops/v1/incident_service_pb";
import { anIncident, aNote } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { IncidentNotes } from "./incident-notes";

const asked = vi.fn<(request: IncidentServiceAddNoteRequest) => void>();
const routes = (router: ConnectRouter) =>
  void router.service(IncidentService, {
    listNotes: () => ({ notes: [aNote()] }),
    addNote: (request) => {
      asked(request);
      if (request.text === "too much") throw new ConnectError("The incident has 200 notes, which is all it can have.", Code.ResourceExhausted);
      return { note: aNote({ id: `note ${asked.mock.calls.length}`, text: request.text, author: request.operator }) };
    },
    removeNote: ({ noteId }) => ({ note: aNote({ id: noteId, text: "", removed: true }) }),
  });

describe("the notes of an incident", () => {
  beforeEach(() => {
    asked.mockClear();
    localStorage.setItem("microcloud.operator", "ana");
  });

  const open = async () => {
    const scene = renderScene(<IncidentNotes incident={anIncident()} />, { routes });
    await screen.findByText(aNote().text);
    return scene;
  };

  it("are written in the operator's name, by keyboard too, and shown as text", async () => {
    const { user } = await open();
    const field = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Note" });
    await user.type(field, "see <b>logs</b>{Control>}{Enter}{/Control}");
    expect(await screen.findByText("see <b>logs</b>")).toBeTruthy();
    expect(asked.mock.lastCall?.[0]).toMatchObject({ incidentId: anIncident().id, operator: "ana", text: "see <b>logs</b>" });
    expect(asked.mock.lastCall?.[0].idempotencyKey).not.toBe("");
    expect(field.value).toBe("");
  });

  it("that were refused stay in the field", async () => {
    const { user } = await open();
    const field = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Note" });
    await user.type(field, "too much");
    await user.click(screen.getByRole("button", { name: "Add note" }));
    expect(await screen.findByText("The incident has 200 notes, which is all it can have.")).toBeTruthy();
    expect(field.value).toBe("too much");
  });

  it("of others come by the stream, and cannot be removed", async () => {
    const { cloud } = await open();
    act(() => cloud.apply([{ kind: "note", message: aNote({ id: "b", author: "ben", text: "on it" }) }, { kind: "note", message: aNote({ id: "c", incidentId: "another", text: "elsewhere" }) }]));
    const theirs = screen.getByText("on it").closest("li");
    expect(within(theirs ?? document.body).queryByRole("button")).toBeNull();
    expect(screen.queryByText("elsewhere")).toBeNull();
  });

  it("are removed by their author, who can take that back", async () => {
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Remove the note" }));
    await waitFor(() => expect(screen.queryByText(aNote().text)).toBeNull());
    fireEvent.click(await screen.findByRole("button", { name: "Undo" }));
    expect(await screen.findByText(aNote().text)).toBeTruthy();
    expect(asked.mock.calls).toHaveLength(1);
  });
});
