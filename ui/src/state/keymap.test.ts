import { describe, expect, it } from "vitest";
import { ACTIONS, chordOf, isSingle, keysOf, readable } from "./keymap";

const press = (key: string, more: Partial<KeyboardEventInit> = {}) => new KeyboardEvent("keydown", { key, ...more });

describe("the keyboard map", () => {
  it("gives no chord twice in one scope", () => {
    for (const mac of [false, true]) {
      const seen = new Map<string, string>();
      for (const action of ACTIONS) {
        for (const chord of keysOf(action.id, mac)) {
          const key = `${action.scope} ${chord}`;
          expect(seen.get(key), `${chord} of ${action.id}`).toBeUndefined();
          seen.set(key, action.id);
        }
      }
    }
  });
  it("uses single letters only where a list or the review has focus", () => {
    for (const action of ACTIONS) if (action.keys.some(isSingle)) expect(["list", "review"]).toContain(action.scope);
  });
  it("reads key presses on both kinds of keyboard", () => {
    expect(chordOf(press("f", { ctrlKey: true, shiftKey: true }), false)).toBe("Mod+Shift+F");
    expect(chordOf(press("k", { metaKey: true }), true)).toBe("Mod+K");
    expect(chordOf(press("?", { shiftKey: true }), false)).toBe("?");
    expect(chordOf(press("ArrowUp", { altKey: true }), false)).toBe("Alt+Up");
    expect(chordOf(press("¡", { altKey: true, metaKey: true, code: "Digit1" }), true)).toBe("Alt+Mod+1");
  });
  it("shows keys as the platform writes them", () => {
    expect(readable("Mod+Shift+F", true)).toEqual(["⌘", "⇧", "F"]);
    expect(readable("Mod+,", false)).toEqual(["Ctrl", ","]);
  });
  it("lets a person remap or remove a key", () => {
    expect(keysOf("task.today", false, { "key:task.today": "Y" })).toEqual(["Y"]);
    expect(keysOf("task.today", false, { "key:task.today": "" })).toEqual([]);
  });
});
