import { ChangeSet, EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import type { Splice } from "$backend/contract";
import { applySplices, difference } from "../../backend/fake/text";
import { changesOf, docOf, splicesOf, TextSync } from "./sync";

/** mulberry32: the same seed, the same story. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}
const seeds = Array.from({ length: 300 }, (_, seed) => seed);
const lf = EditorState.create({ extensions: EditorState.lineSeparator.of("\n") });
const change = (length: number, from: number, to: number, insert: string) => ChangeSet.of({ from, to, insert: lf.toText(insert) }, length);

/** A backend of one text, with other writers. */
class Server {
  versions: string[];
  constructor(text: string) {
    this.versions = [text];
  }
  get text(): string {
    return this.versions.at(-1) ?? "";
  }
  get version(): string {
    return String(this.versions.length - 1);
  }
  since(version: string): Splice[] {
    // One step after the other, as the backend tells it.
    return this.versions.slice(Number(version)).flatMap((from, i, all) => difference(from, all[i + 1] ?? from));
  }
  splice(version: string, splices: Splice[]): boolean {
    if (version !== this.version) return false;
    this.versions.push(applySplices(this.text, splices));
    return true;
  }
  other(next: string): void {
    this.versions.push(next);
  }
}

describe("splices", () => {
  it("mean the same counted in the old text or one after the other", () => {
    for (const seed of seeds) {
      const pick = random(seed);
      let text = "one two\nthree 😀 four\r\nfive";
      const base = docOf(text);
      let changes = ChangeSet.empty(text.length);
      for (let i = 0; i < 5; i++) {
        const from = pick(text.length + 1);
        const to = Math.min(text.length, from + pick(4));
        const next = change(text.length, from, to, ["", "a", "\n", "😀", "xyz"][pick(5)] ?? "");
        changes = changes.compose(next);
        text = next.apply(docOf(text)).toString();
      }
      const splices = splicesOf(changes, base);
      const wellFormed = text.replace(/\p{Surrogate}/gu, "\ufffd");
      expect(applySplices(base.toString(), splices).replace(/\p{Surrogate}/gu, "\ufffd")).toBe(wellFormed);
      for (let i = 1; i < splices.length; i++) expect(splices[i]!.pos + splices[i]!.delete).toBeLessThanOrEqual(splices[i - 1]!.pos);
    }
  });

  it("never cut a character in two", () => {
    // 😀 and 😁 share their first half.
    const base = docOf("a😀b");
    expect(splicesOf(change(4, 2, 3, "😁".charAt(1)), base)).toEqual([{ pos: 1, delete: 2, insert: "😁" }]);
    expect(splicesOf(change(4, 1, 2, "😁".charAt(0)), base)).toEqual([{ pos: 1, delete: 2, insert: "\ud83d\ude00" }]);
  });

  it("are read one after the other", () => {
    const changes = changesOf([{ pos: 0, delete: 0, insert: "ab" }, { pos: 1, delete: 2, insert: "" }], 1);
    expect(changes.apply(docOf("x")).toString()).toBe("a");
    expect(() => changesOf([{ pos: 5, delete: 0, insert: "a" }], 1)).toThrow(RangeError);
  });

  it("keep carriage returns as the characters they are", () => {
    const sync = new TextSync({ text: "a\r\nb\rc", version: "0" });
    expect(sync.doc.length).toBe(6);
    sync.others("1", [{ pos: 6, delete: 0, insert: "\r\nd" }]);
    expect(sync.doc.toString()).toBe("a\r\nb\rc\r\nd");
  });
});

describe("an open text", () => {
  it("puts what others wrote before what was typed at the same place, and keeps both", () => {
    const sync = new TextSync({ text: "ab", version: "0" });
    sync.typed(change(2, 1, 1, "X"));
    sync.others("1", [{ pos: 1, delete: 0, insert: "Y" }]);
    expect(sync.release()?.apply(docOf("aXb")).toString()).toBe("aYXb");
    expect(sync.take()).toEqual([{ pos: 2, delete: 0, insert: "X" }]);
  });

  it("sends again what was returned, with what was typed since, once", () => {
    const sync = new TextSync({ text: "", version: "0" });
    sync.typed(change(0, 0, 0, "a"));
    sync.take();
    sync.typed(change(1, 1, 1, "b"));
    sync.returned();
    expect(sync.take()).toEqual([{ pos: 0, delete: 0, insert: "ab" }]);
    sync.stored("1");
    expect(sync.dirty).toBe(false);
    expect(sync.doc.toString()).toBe("ab");
  });

  // The law: whatever is typed and whatever others do, in any order, with failures, answers that
  // come late and compositions, both texts end equal, and every typed letter is there exactly once
  // unless somebody deleted it.
  it("ends as the backend's text in every interleaving", () => {
    for (const seed of seeds) {
      const pick = random(seed);
      const server = new Server("the quick brown fox\njumps over\n");
      const sync = new TextSync({ text: server.text, version: server.version });
      let view = sync.doc.toString();
      let typed = 0;
      const others = new Set<string>();
      const mine = new Set<string>();
      const deleting = seed % 2 === 0;
      const show = () => {
        const held = sync.release();
        if (held) view = held.apply(docOf(view)).toString();
      };
      let flying: Splice[] | null = null;
      const land = (outcome: number) => {
        if (!flying) return;
        const against = sync.version;
        if (outcome === 0) sync.returned(); // failed
        else if (server.splice(against, flying)) sync.stored(server.version);
        else {
          sync.returned();
          sync.others(server.version, server.since(against));
        }
        flying = null;
      };
      for (let step = 0; step < 60; step++) {
        const what = pick(7);
        if (what <= 1) {
          const from = pick(view.length + 1);
          const to = deleting ? Math.min(view.length, from + pick(3)) : from;
          const letter = String.fromCodePoint(0x4e00 + typed++);
          mine.add(letter);
          const next = change(view.length, from, to, letter);
          sync.typed(next);
          view = next.apply(docOf(view)).toString();
        } else if (what === 2) {
          const from = pick(server.text.length + 1);
          const letter = String.fromCodePoint(0xac00 + step);
          others.add(letter);
          server.other(server.text.slice(0, from) + letter + server.text.slice(deleting ? Math.min(server.text.length, from + pick(3)) : from));
        } else if (what === 3 && !flying) {
          if (sync.dirty) flying = sync.take();
        } else if (what === 4) land(pick(3));
        else if (what === 5 && !flying) sync.others(server.version, server.since(sync.version));
        else if (what === 6) show();
      }
      land(1);
      for (let i = 0; sync.dirty && i < 3; i++) {
        flying = sync.take();
        land(1);
      }
      sync.others(server.version, server.since(sync.version));
      show();
      expect(sync.dirty, `seed ${seed}`).toBe(false);
      expect(view, `seed ${seed}`).toBe(server.text);
      expect(sync.doc.toString(), `seed ${seed}`).toBe(server.text);
      for (const letter of [...mine, ...others]) {
        const times = server.text.split(letter).length - 1;
        if (deleting) expect(times, `seed ${seed}`).toBeLessThanOrEqual(1);
        else expect(times, `seed ${seed}`).toBe(1);
      }
    }
  });
});
