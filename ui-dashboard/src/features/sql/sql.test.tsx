import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SqlService, type SqlServiceQueryRequest, SqlServiceQueryResponseSchema } from "@/gen/ops/v1/sql_service_pb";
import { renderScene } from "@/testing/render";
import { SqlPage } from "./sql-page";
import { placeOf } from "./sql-words";
import { barsOf, drawable, linesOf, resultCsv, timeOf } from "./sql-values";

// The canvas is looked at in a real browser; here only what surrounds it matters.
vi.mock("@/features/range/range-chart", () => ({ RangeChart: ({ metric, series }: { metric: string; series: { id: string }[] }) => <p>{`${metric} of ${series.map(({ id }) => id).join(", ")}`}</p> }));

const QUESTIONS = [{ title: "What is wrong now", about: "Without what is silenced.", statement: "select title from open_incidents where simulation_id = 'default';" }];

const result = (columns: [string, string][], rows: (string | undefined)[][], init: { truncated?: boolean } = {}) =>
  create(SqlServiceQueryResponseSchema, { columns: columns.map(([name, type]) => ({ name, type })), rows: rows.map((values) => ({ values: values.map((text) => ({ text })) })), elapsedMs: 12.34, ...init });

const RATES = result(
  [["time", "timestamptz"], ["service_id", "text"], ["rate", "float8"]],
  [
    ["2026-11-21 14:01:00+00", "orders", "2"],
    ["2026-11-21 14:00:00+00", "orders", "1.5"],
    ["2026-11-21 14:00:00+00", "cart", undefined],
  ],
);

const ask = vi.fn<(request: SqlServiceQueryRequest) => typeof RATES | Promise<typeof RATES>>();
const routes = ({ service }: ConnectRouter) =>
  void service(SqlService, {
    query: (request) => ask(request),
    getSchema: () => ({ relations: [{ name: "open_incidents", view: true, columns: [{ name: "title", type: "text" }] }, { name: "metrics", columns: [{ name: "time", type: "timestamptz" }] }] }),
  });

beforeEach(() => {
  ask.mockReset();
  ask.mockReturnValue(RATES);
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(QUESTIONS))));
});
afterEach(() => {
  vi.unstubAllGlobals();
  window.sessionStorage.clear();
});

describe("the SQL page", () => {
  it("runs what is written with Ctrl-Enter, keeps it in the URL, and shows rows with NULL as null", async () => {
    const onUrl = vi.fn();
    const { user } = renderScene(<SqlPage />, { routes, onUrl });
    await user.type(screen.getByRole("textbox", { name: "SQL statement" }), "select 1;{Control>}{Enter}{/Control}");
    const table = await screen.findByRole("region", { name: "Rows of the result" });
    expect(within(table).getAllByRole("row").map(({ textContent }) => textContent)).toEqual(["timeservice_idrate", "2026-11-21 14:01:00+00orders2", "2026-11-21 14:00:00+00orders1.5", "2026-11-21 14:00:00+00cartnull"]);
    expect(ask.mock.lastCall?.[0]).toMatchObject({ statement: "select 1;", maxRows: 1_000 });
    expect(onUrl.mock.lastCall?.[0].searchParams.get("q")).toBe("select 1;");
    expect(screen.getByText("3 rows, in 12.3 ms")).toBeTruthy();
  });

  it("draws a column of numbers over time", async () => {
    const { user } = renderScene(<SqlPage />, { routes, url: "?q=select+1" });
    await user.click(await screen.findByRole("button", { name: "Chart" }));
    expect(await screen.findByText("rate of orders, cart")).toBeTruthy();
  });

  it("has questions to begin with, about this tab's simulation", async () => {
    window.sessionStorage.setItem("microcloud.simulation", "o'hare");
    const { user } = renderScene(<SqlPage />, { routes });
    await user.selectOptions(screen.getByLabelText("Questions"), await screen.findByRole("option", { name: "What is wrong now" }));
    await waitFor(() => expect(ask.mock.lastCall?.[0].statement).toBe("select title from open_incidents where simulation_id = 'o''hare';"));
    expect(screen.getByText("Without what is silenced.")).toBeTruthy();
  });

  it("lists what there is, and writes names into the statement", async () => {
    const { user } = renderScene(<SqlPage />, { routes });
    await user.type(await screen.findByLabelText("Find a table or column"), "title");
    expect(screen.queryByText("metrics")).toBeNull();
    await user.click(screen.getByText("open_incidents", { selector: "summary *" }));
    await user.click(screen.getByRole("button", { name: /^title/ }));
    expect(screen.getByRole("textbox", { name: "SQL statement" })).toHaveProperty("value", "title");
  });

  it.each([
    [Code.InvalidArgument, 'syntax error at or near "form" (line 1, column 10)', "PostgreSQL does not understand it."],
    [Code.PermissionDenied, "cannot execute DELETE in a read-only transaction", "It was not run: here everything can be read and nothing changed."],
    [Code.DeadlineExceeded, "stopped after 10 s", "It took too long and was stopped."],
    [Code.Unavailable, "the database has no role for readers: set READER_URL", "The database cannot be asked now."],
  ])("says kindly what went wrong (%s)", async (code, said, title) => {
    ask.mockImplementation(() => {
      throw new ConnectError(said, code);
    });
    renderScene(<SqlPage />, { routes, url: "?q=select" });
    expect(await screen.findByText(title)).toBeTruthy();
    expect(screen.getByText(said)).toBeTruthy();
  });

  it("stops a statement that takes too long for whoever waits", async () => {
    ask.mockReturnValue(new Promise(() => undefined));
    const { user } = renderScene(<SqlPage />, { routes, url: "?q=select+pg_sleep(60)" });
    expect(await screen.findByRole("status", { name: "The statement runs" })).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Stop" }));
    expect(await screen.findByText("It was stopped")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Run" })).toBeTruthy();
  });

  it("turns pages, and says that there were more rows", async () => {
    ask.mockReturnValue(result([["n", "int4"]], Array.from({ length: 250 }, (_, i) => [String(i)]), { truncated: true }));
    const { user } = renderScene(<SqlPage />, { routes, url: "?q=select" });
    expect(await screen.findByText("Rows 1 to 100 of 250")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Later rows" }));
    await user.click(screen.getByRole("button", { name: "Later rows" }));
    expect(screen.getByText("Rows 201 to 250 of 250")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Later rows" })).toHaveProperty("disabled", true);
    expect(screen.getByText(/the first 250 rows; there are more/)).toBeTruthy();
  });
});

describe("values of a result", () => {
  it("read PostgreSQL's times", () => {
    expect(timeOf("2026-11-21 14:00:05.5+00")).toBe(Date.UTC(2026, 10, 21, 14, 0, 5, 500));
    expect(timeOf("2026-11-21 14:00:05+05:30")).toBe(Date.UTC(2026, 10, 21, 8, 30, 5));
    expect(timeOf("2026-11-21")).toBe(Date.UTC(2026, 10, 21));
    expect(timeOf("infinity")).toBeNaN();
    expect(timeOf(undefined)).toBeNaN();
  });

  it("a complaint names its place in the statement", () => {
    const statement = "select title\nfrom 😀 incidnets";
    expect(placeOf('relation "incidnets" does not exist at character 21.', statement)).toEqual({ line: 2, text: "from 😀 incidnets", before: 8 });
    expect(placeOf("no place", statement)).toBeUndefined();
    expect(placeOf("x at character 999", statement)).toBeUndefined();
  });

  it("become lines in order of time, bars, and a file without NULLs", () => {
    expect(drawable(RATES.columns)).toEqual({ time: 0, numbers: [2], labels: [1] });
    expect(linesOf(RATES, 2).map(({ id, values }) => [id, ...values])).toEqual([["orders", 1.5, 2], ["cart", Number.NaN]]);
    expect(barsOf(RATES, 2)).toEqual([{ label: "orders", value: 2 }, { label: "orders", value: 1.5 }]);
    expect(resultCsv(result([["a", "text"], ["b", "int4"]], [["=1,2", undefined]]))).toBe('a,b\r\n"\'=1,2",\r\n');
  });
});
