import type { ConnectRouter } from "@connectrpc/connect";
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { type Silence, SilenceKind, SilenceState } from "@/gen/ops/v1/silence_pb";
import { SilenceService, type SilenceServiceDeleteRequest, type SilenceServiceEndRequest } from "@/gen/ops/v1/silence_service_pb";
import { aSilence } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { silencedIncidents } from "./silence-words";
import { SilencesPage } from "./silences-page";

const routes = (kept: Silence[], changed: (request: SilenceServiceEndRequest | SilenceServiceDeleteRequest) => void) => (router: ConnectRouter) =>
  router.service(SilenceService, {
    list: ({ includeOver }) => ({ silences: kept.filter(({ state }) => includeOver || state !== SilenceState.OVER) }),
    end: (request) => {
      changed(request);
      return { silence: aSilence({ state: SilenceState.OVER }) };
    },
    delete: (request) => {
      changed(request);
      return { silence: aSilence({ deleted: true }) };
    },
  });

describe("the silences page", () => {
  it("lists what is silenced, ends what is in force and deletes what is to come", async () => {
    localStorage.setItem("microcloud.operator", "ana");
    const changed = vi.fn();
    const kept = [
      aSilence({ id: "now", kind: SilenceKind.MAINTENANCE }),
      aSilence({ id: "later", state: SilenceState.PENDING }),
      aSilence({ id: "gone", state: SilenceState.OVER }),
    ];
    const { user } = renderScene(<SilencesPage />, { routes: routes(kept, changed) });
    const now = within(await screen.findByTestId("silence-now"));
    expect(now.getByText("maintenance")).toBeTruthy();
    expect(screen.queryByTestId("silence-gone")).toBeNull();
    await user.click(now.getByRole("button", { name: "End now" }));
    await waitFor(() => expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ silenceId: "now", expectedVersion: 3n, operator: "ana" })));
    await user.click(within(screen.getByTestId("silence-later")).getByRole("button", { name: "Delete" }));
    await waitFor(() => expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ silenceId: "later" })));
    await user.click(screen.getByRole("button", { name: "Show what is over" }));
    expect(within(await screen.findByTestId("silence-gone")).queryByRole("button")).toBeNull();
  });

  it("says that nothing is silenced", async () => {
    renderScene(<SilencesPage />, { routes: routes([], vi.fn()) });
    expect(await screen.findByText("Nothing is silenced")).toBeTruthy();
  });
});

describe("which incidents are meant", () => {
  it("is told in one line", () => {
    const matchers = aSilence({
      matchers: { targets: [{ kind: TargetKind.NODE, id: "node-a1" }, { kind: TargetKind.ZONE, id: "zone-a" }], families: ["cpu"], kinds: [TargetKind.NODE], labels: { team: "shop" } },
    });
    expect(silencedIncidents(matchers)).toBe("node node-a1 or zone zone-a; family cpu; nodes only; label team=shop");
  });
});
