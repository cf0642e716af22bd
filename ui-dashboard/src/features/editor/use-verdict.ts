"use client";

import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { type ScenarioSize, SimulationService, type SimulationServiceValidateResponse } from "@/gen/sim/v1/simulation_service_pb";
import { errorSentence } from "@/rpc/transport";
import { check } from "./checks";
import type { Draft } from "./draft";
import { partAt, type Problem } from "./problems";

/** Nobody wants half a number looked through. */
const SETTLE_MS = 500;

export interface Verdict {
  readonly problems: readonly Problem[];
  /** Whether the engine has looked at what is there now, is at it, or cannot. */
  readonly engine: "checking" | "said" | "silent";
  /** Why the engine says nothing. */
  readonly reason: string;
  /** What the draft makes, when nothing is wrong with it. */
  readonly size: ScenarioSize | undefined;
}

/** What is wrong with the draft: at once what the browser knows, and a moment after the last change the engine's word. */
export function useVerdict(draft: Draft): Verdict {
  const { name, files } = draft;
  const [settled, setSettled] = useState<Pick<Draft, "name" | "files">>();
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ name, files }), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [name, files]);
  const bundle = settled && { name: settled.name, files: { ...settled.files } };
  const query = useQuery(SimulationService.method.validate, { bundle }, { enabled: settled !== undefined, placeholderData: keepPreviousData, retry: false, gcTime: 0 });
  const current = settled?.name === name && settled.files === files && !query.isFetching && !query.isPlaceholderData;
  const answer = current && !query.isError ? query.data : undefined;
  const reason = current && query.isError ? errorSentence(query.error) : "";
  return useMemo(() => {
    const own = check(draft);
    const engine = answer ? "said" : reason === "" ? "checking" : "silent";
    return { problems: answer ? together(draft, answer, own) : own, engine, reason, size: answer?.problems.length === 0 ? answer.size : undefined };
    // Where services stand changes nothing about what is wrong.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [name, files, answer, reason]);
}

/** The engine stops at the first file with a mistake; what the browser knows about the others stays. */
function together(draft: Draft, { problems }: SimulationServiceValidateResponse, own: readonly Problem[]): Problem[] {
  const told = problems.map(({ file, line, message }) => ({ file, line, message, part: partAt(draft, file, line) }));
  const lines = new Set(told.map(({ file, line }) => `${file} ${line}`));
  return [...told, ...own.filter(({ file, line }) => !lines.has(`${file} ${line}`))];
}
