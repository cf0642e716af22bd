/** A store that follows another one, but changes at most once in `everyMs`: the first change shows at once. */
import { createStore, type StoreApi } from "zustand/vanilla";

type Readable<T> = Pick<StoreApi<T>, "getState" | "subscribe" | "getInitialState">;

export function calmed<T>(source: Readable<T>, everyMs: number, now: () => number = Date.now): Readable<T> {
  const calm = createStore(() => source.getState());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  const show = () => {
    timer = undefined;
    last = now();
    calm.setState(source.getState(), true);
  };
  source.subscribe(() => {
    if (timer !== undefined) return;
    const due = last + everyMs - now();
    if (due <= 0) show();
    else timer = setTimeout(show, due);
  });
  return calm;
}
