/** Tells elements whether they are in sight, or nearly: one observer for all of them. */
type Tell = (near: boolean) => void;

/** So far from what is in sight numbers are made fresh before they come into it. */
const NEAR = "400px";

const watched = new Map<Element, Tell>();
let observer: IntersectionObserver | undefined;

/** Returns what ends it. */
export function watchSight(element: Element, tell: Tell): () => void {
  observer ??= new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => watched.get(target)?.(isIntersecting)), { rootMargin: NEAR });
  const own = observer;
  watched.set(element, tell);
  own.observe(element);
  return () => {
    watched.delete(element);
    own.unobserve(element);
  };
}
