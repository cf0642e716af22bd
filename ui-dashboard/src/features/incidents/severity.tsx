import { CircleAlert, Flame, Info, TriangleAlert, type LucideIcon } from "lucide-react";
import { Severity } from "@/gen/common/v1/severity_pb";
import { Badge, type BadgeTone } from "@/ui/badge";

interface SeverityLook {
  readonly word: string;
  readonly tone: BadgeTone;
  readonly icon: LucideIcon;
}

const UNKNOWN: SeverityLook = { word: "Unknown", tone: "neutral", icon: CircleAlert };

const LOOKS: Readonly<Record<Severity, SeverityLook>> = {
  [Severity.UNSPECIFIED]: UNKNOWN,
  [Severity.INFO]: { word: "Info", tone: "info", icon: Info },
  [Severity.WARNING]: { word: "Warning", tone: "warning", icon: TriangleAlert },
  [Severity.HIGH]: { word: "High", tone: "high", icon: CircleAlert },
  [Severity.CRITICAL]: { word: "Critical", tone: "critical", icon: Flame },
};

/** Also for a severity that a newer server may send. */
export function severityLook(severity: Severity): SeverityLook {
  return LOOKS[severity] ?? UNKNOWN;
}

/** `quiet` keeps the word and takes the colour away: nobody is to be called. */
export function SeverityBadge({ severity, quiet = false }: { severity: Severity; quiet?: boolean }) {
  const { word, tone, icon: Icon } = severityLook(severity);
  return (
    <Badge tone={quiet ? "neutral" : tone} icon={<Icon aria-hidden className="size-3" />}>
      {word}
    </Badge>
  );
}
