/** Tells parts of a page whether they are in sight, or nearly: one observer for all of them. What it watches it looks at in every frame. */
type Tell = (near: boolean) => void;

/** So far from what is in sight numbers are made fresh before they come into it. */
const NEAR = "400px";

const watched = new Map<Element, Set<Tell>>();
/** What was told last of those that are watched. */
const isNear = new WeakMap<Element, boolean>();
let observer: IntersectionObserver | undefined;

/** Returns what ends it. */
export function watchSight(element: Element, tell: Tell): () => void {
  observer ??= new IntersectionObserver(told, { rootMargin: NEAR });
  const own = observer;
  const tells = watched.get(element);
  if (tells) {
    tells.add(tell);
    const known = isNear.get(element);
    if (known !== undefined) tell(known);
  } else {
    watched.set(element, new Set([tell]));
    own.observe(element);
  }
  return () => {
    const left = watched.get(element);
    left?.delete(tell);
    if (left?.size !== 0) return;
    watched.delete(element);
    isNear.delete(element);
    own.unobserve(element);
  };
}

function told(entries: readonly IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    isNear.set(target, isIntersecting);
    watched.get(target)?.forEach((tell) => tell(isIntersecting));
  }
}
