import { Card } from "@/ui/card";
import { InjectFaultForm } from "./inject-fault-form";

export function InjectFaultCard() {
  return (
    <Card title="Inject a fault" hint="takes effect at the next tick">
      <InjectFaultForm />
    </Card>
  );
}
