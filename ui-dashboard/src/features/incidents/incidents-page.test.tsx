import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { act, screen, waitFor, within } from "@testing-library/react";
import type { UrlUpdateEvent } from "nuqs/adapters/testing";
import { describe, expect, it, vi } from "vitest";
import { Severity } from "@/gen/common/v1/severity_pb";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { type Incident, SuspectKind } from "@/gen/ops/v1/incident_pb";
import { type Action, ActionStatus } from "@/gen/ops/v1/action_pb";
import { ActionService } from "@/gen/ops/v1/action_service_pb";
import { IncidentService, IncidentServiceListResponseSchema, type IncidentServiceListRequest } from "@/gen/ops/v1/incident_service_pb";
import { SilenceKind, SilenceState } from "@/gen/ops/v1/silence_pb";
import { SilenceService, type SilenceServiceCreateRequest } from "@/gen/ops/v1/silence_service_pb";
import { anAction, anIncident, aSilence, aSnapshot } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { IncidentsPage } from "./incidents-page";

const routes = (stored: Incident[], asked?: (request: IncidentServiceListRequest) => void, actions: Action[] = []) => (router: ConnectRouter) => {
  router.service(IncidentService, {
    list: (request) => {
      asked?.(request);
      return create(IncidentServiceListResponseSchema, { incidents: stored.filter(({ resolved, symptomOf }) => !(request.openOnly && resolved) && (request.symptomOf === "" || request.symptomOf === symptomOf)) });
    },
    get: ({ incidentId }) => {
      const incident = stored.find(({ id }) => id === incidentId);
      if (!incident) throw new ConnectError("There is no incident with that id.", Code.NotFound);
      return { incident };
    },
    acknowledge: ({ incidentId, operator }) => ({ incident: anIncident({ id: incidentId, acknowledgedBy: operator }) }),
  });
  const symptomsOf = (lead: string) => stored.filter(({ symptomOf }) => symptomOf === lead).map(({ id }) => id);
  router.service(ActionService, {
    getActionHistory: ({ incidentId, withSymptoms }) => ({ actions: actions.filter((action) => action.incidentId === incidentId || (withSymptoms && symptomsOf(incidentId).includes(action.incidentId))) }),
  });
};

describe("the incidents page", () => {
  it("joins what is stored with what the stream says, each once and the newer of both", async () => {
    const stored = [anIncident({ id: "a", title: "a is slow", revision: 1n }), anIncident({ id: "b", title: "b is slow" })];
    const { cloud } = renderScene(<IncidentsPage />, { routes: routes(stored) });
    expect(await screen.findByText("a is slow")).toBeTruthy();
    act(() =>
      cloud.apply([
        { kind: "incident", message: anIncident({ id: "a", title: "a is slow", revision: 2n, resolved: true }) },
        { kind: "incident", message: anIncident({ id: "c", title: "c is slow" }) },
      ]),
    );
    expect(screen.queryByText("a is slow")).toBeNull();
    expect(screen.getByText("b is slow")).toBeTruthy();
    expect(screen.getByText("c is slow")).toBeTruthy();
  });

  it("keeps the filter in the URL and asks the server for no more than it shows", async () => {
    const asked = vi.fn();
    const onUrl = vi.fn((event: UrlUpdateEvent) => event.queryString);
    const { user } = renderScene(<IncidentsPage />, { routes: routes([anIncident({ severity: Severity.WARNING })], asked), url: "?severity=warning", onUrl });
    await waitFor(() => expect(asked).toHaveBeenCalledWith(expect.objectContaining({ openOnly: true, minSeverity: Severity.WARNING })));
    await user.click(screen.getByRole("button", { name: "All" }));
    await waitFor(() => expect(onUrl.mock.lastCall?.[0].queryString).toContain("status=all"));
    await user.selectOptions(screen.getByLabelText("Least severity"), "critical");
    expect(await screen.findByText("None of severity critical or worse.")).toBeTruthy();
  });

  it("takes nonsense in the URL for the default", async () => {
    renderScene(<IncidentsPage />, { routes: routes([]), url: "?status=sideways&severity=9" });
    expect(await screen.findByText("No open incidents")).toBeTruthy();
  });

  it("shows what is proposed for a symptom on the page of its lead, too", async () => {
    const lead = anIncident({ id: "lead", symptoms: 250, openSymptoms: 250 });
    const symptom = anIncident({ id: "symptom", title: "gateway is slow", symptomOf: "lead" });
    const actions = [anAction({ id: "a", incidentId: "symptom", status: ActionStatus.REJECTED, decisionReason: "not now", decidedBy: "ana" }), anAction({ id: "b", incidentId: "another", status: ActionStatus.REJECTED, decisionReason: "never" })];
    renderScene(<IncidentsPage />, { routes: routes([lead, symptom], undefined, actions), url: "?id=lead" });
    expect(await screen.findByText("Rejected by ana: not now")).toBeTruthy();
    expect(screen.queryByText(/never/)).toBeNull();
    expect(screen.queryByText("No action has been proposed yet.")).toBeNull();
    expect(screen.getByText("The newest 1 of 250 are listed.")).toBeTruthy();
  });

  it("shows the incident that the URL names, with units, and sees it resolve", async () => {
    const incident = anIncident();
    const { cloud } = renderScene(<IncidentsPage />, { routes: routes([incident]), url: `?id=${incident.id}` });
    expect(await screen.findByText("14.2 %")).toBeTruthy();
    expect(screen.getByText("10 %")).toBeTruthy();
    expect(await screen.findByText("No action has been proposed yet.")).toBeTruthy();
    const detail = screen.getByTestId("incident-detail");
    expect(detail.dataset.resolved).toBe("false");
    act(() => cloud.apply([{ kind: "incident", message: anIncident({ revision: 2n, resolved: true, resolution: "metric clear for 10 s" }) }]));
    expect(detail.dataset.resolved).toBe("true");
  });

  it("says that there is no such incident", async () => {
    renderScene(<IncidentsPage />, { routes: routes([]), url: "?id=nobody" });
    expect(await screen.findByText("There is no incident with that id.")).toBeTruthy();
  });

  it("acknowledges in the operator's name", async () => {
    localStorage.setItem("microcloud.operator", "ana");
    const incident = anIncident();
    const { cloud, user } = renderScene(<IncidentsPage />, { routes: routes([incident]), url: `?id=${incident.id}` });
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ openIncidents: [incident] }) }]));
    await user.click(await screen.findByRole("button", { name: "Acknowledge" }));
    expect((await screen.findByText("On it")).nextSibling?.textContent).toBe("ana");
    expect(screen.queryByRole("button", { name: "Acknowledge" })).toBeNull();
  });

  it("shows a group as one incident, with its suspects, its cost and its symptoms", async () => {
    const evidence = [{ metric: "cpu_usage", target: { kind: TargetKind.NODE, id: "node-a1" }, usual: 30, observed: 97 }];
    const suspects = [{ kind: SuspectKind.NODE, id: "node-a1", share: 0.62, reasons: ["Its CPU is at 97 %."], evidence }];
    const impact = { requests: 1000, failed: 120, slow: 10, worstPct: 31.5, budgetBurntPct: 2 };
    const lead = anIncident({ id: "lead", title: "cart fails", symptoms: 1, openSymptoms: 1, suspects, impact });
    const symptom = anIncident({ id: "symptom", title: "gateway is slow", symptomOf: "lead" });
    const { user } = renderScene(<IncidentsPage />, { routes: routes([lead, symptom]) });
    await user.click(await screen.findByRole("button", { name: "1 symptom, open" }));
    expect(await within(screen.getByRole("list", { name: "Symptoms" })).findByText("gateway is slow")).toBeTruthy();
    await user.click(screen.getByText("cart fails"));
    expect(await screen.findByText("62 % of the suspicion")).toBeTruthy();
    expect(screen.getByText("97 %")).toBeTruthy();
    expect(screen.getByText("31.5 %")).toBeTruthy();
    await user.click(await within(screen.getByTestId("symptoms")).findByText("gateway is slow"));
    await user.click(await screen.findByRole("link", { name: "another incident" }));
    expect(await screen.findByText("62 % of the suspicion")).toBeTruthy();
  });

  it("shows what is left of a group whose lead is over as one, with the way to all of it", async () => {
    const lead = anIncident({ id: "lead", title: "cart fails", resolved: true, symptoms: 3, openSymptoms: 3 });
    const symptoms = ["a", "b", "c"].map((id) => anIncident({ id, title: `${id} is slow`, symptomOf: "lead" }));
    const { user } = renderScene(<IncidentsPage />, { routes: routes([lead, ...symptoms]) });
    expect(await screen.findByText("a is slow")).toBeTruthy();
    expect(screen.queryByText("b is slow")).toBeNull();
    await user.click(screen.getByRole("link", { name: "and 2 more of the same cause" }));
    expect(await screen.findByRole("heading", { name: "cart fails" })).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "All incidents" }));
    await user.click(screen.getByRole("button", { name: "All" }));
    expect(await screen.findByText("Resolved, symptoms open")).toBeTruthy();
    expect(screen.queryByText("a is slow")).toBeNull();
  });

  it("dims what is silenced, says who silences it until when and why, and ends that", async () => {
    localStorage.setItem("microcloud.operator", "ana");
    const incident = anIncident({ silencedBy: aSilence().id, silenceKind: SilenceKind.MAINTENANCE });
    const ended = vi.fn();
    const { user } = renderScene(<IncidentsPage />, {
      routes: (router) => {
        routes([incident])(router);
        router.service(SilenceService, {
          get: () => ({ silence: aSilence() }),
          end: (request) => {
            ended(request);
            return { silence: aSilence({ state: SilenceState.OVER }) };
          },
        });
      },
    });
    const row = await screen.findByTestId(`incident-${incident.id}`);
    expect(row.dataset.silenced).toBe("true");
    await user.click(within(row).getByText(incident.title));
    const note = await screen.findByTestId("silence-note");
    expect(await within(note).findByText(/by ben until 21 Nov 2026, 14:30:00 sim: known, OPS-17/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Silence…" })).toBeNull();
    await user.click(within(note).getByRole("button", { name: "End now" }));
    await waitFor(() => expect(ended).toHaveBeenCalledWith(expect.objectContaining({ silenceId: aSilence().id, expectedVersion: 3n, operator: "ana" })));
  });

  it("silences what an incident is about, for some time, with a comment", async () => {
    localStorage.setItem("microcloud.operator", "ana");
    const incident = anIncident();
    const created = vi.fn();
    const { user } = renderScene(<IncidentsPage />, {
      url: `?id=${incident.id}`,
      routes: (router) => {
        routes([incident])(router);
        router.service(SilenceService, {
          create: (request) => {
            created(request);
            return { silence: aSilence() };
          },
        });
      },
    });
    await user.click(await screen.findByRole("button", { name: "Silence…" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByRole("button", { name: "Silence" }));
    expect(dialog.getByRole("alert").textContent).toBe("Say why, in a few words.");
    await user.type(dialog.getByLabelText(/^Comment/), "known");
    await user.selectOptions(dialog.getByLabelText(/^For/), "1 h");
    await user.click(dialog.getByLabelText(/^Maintenance/));
    await user.click(dialog.getByRole("button", { name: "Silence" }));
    await waitFor(() => expect(created).toHaveBeenCalledTimes(1));
    const { silence, operator, simulationId } = created.mock.lastCall?.[0] as SilenceServiceCreateRequest;
    expect({ operator, simulationId, comment: silence?.comment, kind: silence?.kind, end: silence?.end }).toEqual({
      operator: "ana",
      simulationId: "default",
      comment: "known",
      kind: SilenceKind.MAINTENANCE,
      end: { case: "forS", value: 3_600 },
    });
    expect(silence?.matchers?.families).toEqual(["error_rate"]);
    expect(silence?.matchers?.targets.map(({ id }) => id)).toEqual(["orders"]);
  });

  it("shows markup in a title as text", async () => {
    renderScene(<IncidentsPage />, { routes: routes([anIncident({ title: "<img src=x onerror=alert(1)>" })]) });
    expect(await screen.findByText("<img src=x onerror=alert(1)>")).toBeTruthy();
    expect(document.querySelector("img")).toBeNull();
  });
});
