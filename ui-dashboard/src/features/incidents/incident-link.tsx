import type { MouseEvent, ReactNode } from "react";

interface IncidentLinkProps {
  readonly id: string;
  readonly onSelect: (id: string) => void;
  readonly className: string;
  readonly children: ReactNode;
}

/** A link to an incident, so that it can be opened in another tab; a plain click stays on the page. */
export function IncidentLink({ id, onSelect, className, children }: IncidentLinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onSelect(id);
  };
  return (
    <a href={`?id=${id}`} onClick={follow} className={className}>
      {children}
    </a>
  );
}
