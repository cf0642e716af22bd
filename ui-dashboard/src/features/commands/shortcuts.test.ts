import { expect, it } from "vitest";
import { NAVIGATION } from "@/features/shell/navigation";
import { type Press, reactionTo } from "./shortcuts";

const press = (key: string, held: Partial<Press> = {}): Press => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...held });

it("goes to a page by g and its letter, and every page has one of its own", () => {
  expect(reactionTo(press("g"), false, false)).toEqual({ kind: "prefix" });
  expect(reactionTo(press("t"), false, true)).toEqual({ kind: "go", href: "/topology/" });
  expect(reactionTo(press("t"), false, false)).toBeUndefined();
  expect(new Set(NAVIGATION.map(({ letter }) => letter)).size).toBe(NAVIGATION.length);
});

it("leaves keys to who types, except for the palette", () => {
  expect(reactionTo(press("?"), true, false)).toBeUndefined();
  expect(reactionTo(press("i"), true, true)).toBeUndefined();
  expect(reactionTo(press("k", { metaKey: true }), true, false)).toEqual({ kind: "palette" });
  expect(reactionTo(press("g", { ctrlKey: true }), false, false)).toBeUndefined();
});
