/** A cloud of many services as a scenario of one's own: what the page shows comes from a real engine. */

const SPEED = 10;

const pad = (n) => String(n).padStart(3, "0");
export const serviceId = (n) => `service-${pad(n)}`;
/** A sample is so many ticks after the one before it. */
export const SAMPLE_TICKS = 20;

/** Everybody but the first is called by one above; a sample is a simulated second. */
export function bundleOf(services) {
  const ids = Array.from({ length: services }, (_, i) => serviceId(i));
  const callees = (i) => ids.slice(4 * i + 1, 4 * i + 5);
  const topology = [
    "name: measure",
    "zones: [zone-a, zone-b]",
    "nodes:",
    ...Array.from({ length: 20 }, (_, i) => `  - {id: node-${pad(i)}, zone: zone-${i % 2 === 0 ? "a" : "b"}, cpu_cores: 64, memory_gb: 256}`),
    "services:",
    ...ids.flatMap((id, i) => [
      `  - id: ${id}`,
      "    profile: api_server",
      ...(i === 0 ? ["    entry: true"] : []),
      ...(callees(i).length > 0 ? ["    calls:", ...callees(i).map((to) => `      - {to: ${to}, calls_per_request: 0.5}`)] : []),
    ]),
  ];
  const scenario = ["description: Many services, for measuring.", "family: own", "topology: topologies/measure.yaml", "traffic:", `  - {service: ${ids[0]}, constant: {rps: 60}, noise: 0.1}`];
  return { name: "measure", files: { "measure.yaml": `${scenario.join("\n")}\n`, "topologies/measure.yaml": `${topology.join("\n")}\n` } };
}

/** Runs it at ten samples a second for as long as `during` takes. */
export async function withCloud(base, services, during) {
  const call = async (method, body) => {
    const answer = await fetch(`${base}/sim.v1.SimulationService/${method}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method}: ${await answer.text()}`);
  };
  const simulationId = `measure-${Date.now()}`;
  await call("Create", { simulationId, bundle: bundleOf(services), speed: SPEED, autostart: true });
  try {
    await during(simulationId);
  } finally {
    await call("Delete", { simulationId });
  }
}
