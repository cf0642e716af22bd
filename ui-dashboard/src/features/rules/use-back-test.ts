"use client";

import { create, toJsonString } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useCloudStore } from "@/features/cloud/use-cloud";
import { instantMs } from "@/format/format";
import { type RuleDefinition, RuleDefinitionSchema } from "@/gen/ops/v1/rule_pb";
import { RuleService, type RuleServiceTestResponse } from "@/gen/ops/v1/rule_service_pb";
import { patiently } from "@/rpc/patient";

/** Nobody wants a test of half a number. */
const SETTLE_MS = 600;

/** What the rule would have told over the last `windowS` simulated seconds, a moment after it was last changed. */
export function useBackTest(definition: RuleDefinition | undefined, windowS: number) {
  const cloud = useCloudStore();
  const transport = patiently(useTransport());
  const text = definition ? toJsonString(RuleDefinitionSchema, definition) : "";
  const [settled, setSettled] = useState<{ readonly text: string; readonly definition: RuleDefinition; readonly windowS: number; readonly toMs: number | undefined }>();
  useEffect(() => {
    if (!definition) return undefined;
    const timer = setTimeout(() => setSettled({ text, definition: create(RuleDefinitionSchema, definition), windowS, toMs: instantMs(cloud.getState().simulation?.time) }), SETTLE_MS);
    return () => clearTimeout(timer);
    // What it says is what counts, not which object says it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text, windowS, cloud]);
  const request = {
    rules: settled ? [settled.definition] : [],
    from: settled?.toMs === undefined ? undefined : timestampFromMs(settled.toMs - settled.windowS * 1_000),
  };
  const query = useQuery(RuleService.method.test, request, { enabled: settled !== undefined, transport, placeholderData: keepPreviousData, retry: false });
  const waiting = definition !== undefined && (settled?.text !== text || settled.windowS !== windowS || query.isFetching);
  return { ...query, waiting };
}

/** How often the rule itself would have opened an incident. */
export function firings(name: string, { gained, moved, unchanged }: Pick<RuleServiceTestResponse, "gained" | "moved" | "unchanged">): number {
  const told = [...gained, ...unchanged, ...moved.flatMap(({ candidate }) => candidate ?? [])];
  return told.filter(({ ruleName }) => ruleName === name).length;
}
