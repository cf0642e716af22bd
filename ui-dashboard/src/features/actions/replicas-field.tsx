import { ActionType } from "@/gen/ops/v1/action_pb";
import { TextInput } from "@/ui/field";

/** What the API accepts. */
const MAX_REPLICAS = 100;

export const hasReplicas = (type: ActionType): boolean => type === ActionType.SCALE_UP || type === ActionType.SCALE_DOWN;

/** The number to approve, when it is one. */
export function readReplicas(text: string): number | undefined {
  const number = Number(text);
  return Number.isInteger(number) && number >= 1 && number <= MAX_REPLICAS ? number : undefined;
}

interface ReplicasFieldProps {
  readonly value: string;
  readonly proposed: number;
  readonly onChange: (value: string) => void;
}

/** Another number than the agent's. */
export function ReplicasField({ value, proposed, onChange }: ReplicasFieldProps) {
  const problem = readReplicas(value) === undefined;
  const changed = !problem && Number(value) !== proposed;
  return (
    <label className="flex flex-wrap items-center gap-2 text-xs text-ink-muted">
      Replicas
      <TextInput type="number" inputMode="numeric" min={1} max={MAX_REPLICAS} className="!w-20" value={value} aria-invalid={problem} onChange={(event) => onChange(event.target.value)} />
      <span role="status">{problem ? `Write 1 to ${MAX_REPLICAS}.` : changed ? `Instead of ${proposed}; approvals of others start anew.` : ""}</span>
    </label>
  );
}
