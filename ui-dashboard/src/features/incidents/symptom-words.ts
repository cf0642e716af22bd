import type { Incident } from "@/gen/ops/v1/incident_pb";

/** `5 symptoms, 3 of them open` */
export function symptomWords({ symptoms, openSymptoms }: Pick<Incident, "symptoms" | "openSymptoms">): string {
  const all = symptoms === 1 ? "1 symptom" : `${symptoms} symptoms`;
  if (openSymptoms === symptoms) return symptoms === 1 ? `${all}, open` : `${all}, all open`;
  return openSymptoms === 0 ? `${all}, over` : `${all}, ${openSymptoms} of them open`;
}
