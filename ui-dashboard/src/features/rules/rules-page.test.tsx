import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { screen, waitFor, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { Severity } from "@/gen/common/v1/severity_pb";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { type Rule, RuleAggregate, RuleChange, RuleOperator, RuleOrigin, RuleSchema } from "@/gen/ops/v1/rule_pb";
import { RuleService } from "@/gen/ops/v1/rule_service_pb";
import { renderScene } from "@/testing/render";
import { draftOf, NEW_RULE, readRule } from "./rule-draft";
import { ruleWords } from "./rule-words";
import { RulesPage } from "./rules-page";

const aRule = (version: bigint, threshold = 5, changedBy = "release 0.1.0", change = RuleChange.SEEDED): Rule =>
  create(RuleSchema, {
    definition: {
      name: "error_rate_high", family: "error_rate", metric: "error_rate", kinds: [TargetKind.SERVICE], aggregate: RuleAggregate.AVG, operator: RuleOperator.GT,
      threshold, clearThreshold: 4, windowS: 10, forS: 30, severity: Severity.HIGH, description: "One request in twenty fails.", labels: { team: "shop" },
      also: [{ metric: "request_rate", aggregate: RuleAggregate.AVG, operator: RuleOperator.GTE, threshold: 1, windowS: 60 }],
    },
    version, origin: RuleOrigin.BUILT_IN, change, changedBy,
  });

function scene(kept: { rule: Rule }, update = vi.fn()) {
  localStorage.setItem("microcloud.operator", "ana");
  const routes = ({ service }: ConnectRouter) =>
    void service(RuleService, {
      list: () => ({ rules: [kept.rule] }),
      test: ({ rules }) => ({
        gained: Array.from({ length: (rules[0]?.threshold ?? 9) < 5 ? 2 : 0 }, () => ({ ruleName: "error_rate_high", title: "orders: error rate 3 % > 2 %" })),
        unchanged: [{ ruleName: "error_rate_high" }, { ruleName: "error_rate_critical" }],
        counts: { gained: 2n, unchanged: 2n },
      }),
      update: (request) => {
        update(request);
        if (request.expectedVersion !== kept.rule.version) throw new ConnectError("ben changed it", Code.FailedPrecondition);
        return { rule: aRule(9n, request.rule?.threshold, "ana") };
      },
      setEnabled: (request) => {
        update(request);
        return { rule: kept.rule };
      },
    });
  return renderScene(<RulesPage />, { routes, url: "?rule=error_rate_high" });
}

it("lists what is watched for, and tries what is typed on the past before it is saved", async () => {
  const update = vi.fn();
  const { user } = scene({ rule: aRule(3n) }, update);
  expect((await screen.findByTestId("rule-error_rate_high")).textContent).toContain("mean of Error rate > 5 % over 10 s for 30 s, while mean of Request rate ≥ 1 req/s over 1 min");
  const editor = within(screen.getByTestId("rule-editor"));
  expect(await editor.findByText("1 time")).toBeTruthy();
  const threshold = editor.getAllByRole("textbox", { name: "Limit, %" })[0];
  if (!threshold) throw new Error("no threshold");
  await user.clear(threshold);
  expect(editor.getByRole("alert").textContent).toBe("Write a number.");
  await user.type(threshold, "2");
  expect(await editor.findByText("3 times")).toBeTruthy();
  await user.type(editor.getByRole("textbox", { name: /^Why/ }), "earlier");
  await user.click(editor.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(update).toHaveBeenCalledWith(expect.objectContaining({ expectedVersion: 3n, operator: "ana", reason: "earlier" })));
  expect(update.mock.calls[0]?.[0].rule).toMatchObject({ threshold: 2, windowS: 10, labels: { team: "shop" } });
});

it("says who was first, keeps what was typed, and saves it over theirs only when asked to", async () => {
  const kept = { rule: aRule(3n) };
  const update = vi.fn();
  const { user } = scene(kept, update);
  const editor = within(await screen.findByTestId("rule-editor"));
  const threshold = editor.getAllByRole("textbox", { name: "Limit, %" })[0];
  if (!threshold) throw new Error("no threshold");
  await user.clear(threshold);
  await user.type(threshold, "2");
  kept.rule = aRule(4n, 7, "ben", RuleChange.UPDATED);
  await user.click(editor.getByRole("button", { name: "Save" }));
  expect((await editor.findByText(/Meanwhile changed by ben/)).parentElement?.textContent).toContain("What you typed is kept.");
  expect(threshold).toHaveProperty("value", "2");
  await user.click(editor.getByRole("button", { name: "Go on with mine" }));
  await user.click(editor.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(update).toHaveBeenLastCalledWith(expect.objectContaining({ expectedVersion: 4n })));
});

it("disables exactly the version that was looked at", async () => {
  const update = vi.fn();
  const { user } = scene({ rule: aRule(3n) }, update);
  await user.click(await screen.findByRole("button", { name: "Disable error_rate_high" }));
  await waitFor(() => expect(update).toHaveBeenCalledWith(expect.objectContaining({ name: "error_rate_high", enabled: false, expectedVersion: 3n })));
});

it("reads back what it shows, and names every mistake", () => {
  const definition = aRule(1n).definition;
  if (!definition) throw new Error("no definition");
  const read = readRule(draftOf(definition));
  expect(read.definition && ruleWords(read.definition)).toBe(ruleWords(definition));
  expect(read.definition).toEqual(definition);
  expect(Object.keys(readRule({ ...NEW_RULE, name: "No!", threshold: "much", windowS: "0", labels: "x", services: false }).problems).sort()).toEqual(["labels", "name", "services", "threshold", "windowS"]);
});
