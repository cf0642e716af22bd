"use client";

import { createConnectQueryKey, skipToken, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useReport } from "@/features/reports/use-report";
import { useChosenSimulation } from "@/features/simulation/use-chosen-simulation";
import { SqlService } from "@/gen/ops/v1/sql_service_pb";
import { patiently } from "@/rpc/patient";

const MAX_ROWS = 1_000;

/** Runs the statement that the URL holds, once; another one, or the same again, only when somebody asks. */
export function useStatement(statement: string | null) {
  const queries = useQueryClient();
  const query = useQuery(SqlService.method.query, statement === null ? skipToken : { statement, maxRows: MAX_ROWS }, {
    transport: patiently(useTransport()),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const stop = () => void queries.cancelQueries({ queryKey: createConnectQueryKey({ schema: SqlService.method.query, cardinality: "finite" }) });
  return { ...query, stop };
}

export function useSchema() {
  return useQuery(SqlService.method.getSchema, {}, { staleTime: Number.POSITIVE_INFINITY });
}

export interface Question {
  readonly title: string;
  readonly about: string;
  readonly statement: string;
}

/** The questions of docs/sql.md, about this tab's simulation. */
export function useQuestions(): readonly Question[] {
  const simulation = useChosenSimulation();
  const { data } = useReport<readonly Question[]>("questions");
  const quoted = `'${simulation.replaceAll("'", "''")}'`;
  return (data ?? []).map((question) => ({ ...question, statement: question.statement.replaceAll("'default'", quoted) }));
}
