import { ChangeSet } from "@codemirror/state";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useBackend } from "$backend";
import { testBackend, type FakeBackend } from "$backend/fake";
import { fakeId } from "../../backend/fake/world";
import type { CommandError } from "$backend/contract";
import { CLOSING, saverOf, type Saver } from "./saver";
import { docOf } from "./sync";

const NOTE = fakeId(52);
const full: CommandError = { code: "disk-full", message: "The disk is full.", remedy: "Free 200 MB." };
let fake: FakeBackend;
const stored = () => fake.world.notes.find((one) => one.id === NOTE)!.text;
const sent = () => fake.calls.filter((call) => call.method === "spliceText").length;

beforeEach(() => {
  vi.useFakeTimers();
  fake = testBackend();
  useBackend(fake);
});
afterEach(() => vi.useRealTimers());

/** An editor without a window. */
async function open(options: { composing?: () => boolean } = {}) {
  const { text: state } = await fake.note(NOTE);
  const saver = saverOf(NOTE, "text", state);
  const editor: { saver: Saver; text: string; failures: (string | null)[]; type: (insert: string, at?: number) => void } = {
    saver,
    text: saver.doc.toString(),
    failures: [],
    type(insert, at = editor.text.length) {
      const changes = ChangeSet.of({ from: at, insert }, editor.text.length);
      editor.text = changes.apply(docOf(editor.text)).toString();
      saver.typed(changes);
    },
  };
  saver.attach({
    apply: (changes) => (editor.text = changes.apply(docOf(editor.text)).toString()),
    composing: options.composing ?? (() => false),
    failed: (error) => editor.failures.push(error?.message ?? null),
  });
  await vi.advanceTimersByTimeAsync(0);
  return editor;
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("saving", () => {
  it("collects keys and sends them once after a short quiet", async () => {
    const editor = await open();
    for (const letter of "abc") {
      editor.type(letter);
      await pass(100);
    }
    expect(sent()).toBe(0);
    await pass(60);
    expect(sent()).toBe(1);
    expect(stored()).toBe(editor.text);
  });

  it("does not wait longer than a second while keys keep coming", async () => {
    const editor = await open();
    for (let i = 0; i < 11; i++) {
      editor.type("x");
      await pass(100);
    }
    expect(sent()).toBe(1);
    await pass(200);
    expect(stored()).toBe(editor.text);
  });

  it("keeps what is typed and tries again when a save fails", async () => {
    const editor = await open();
    fake.failNext("spliceText", full);
    editor.type("one");
    await pass(160);
    expect(editor.failures).toEqual(["The disk is full."]);
    expect(editor.saver.dirty).toBe(true);
    await pass(1000);
    expect(editor.failures).toEqual(["The disk is full.", null]);
    expect(stored()).toBe(editor.text);
    expect(stored().match(/one/g)).toHaveLength(1);
  });

  it("carries what is unsent over what others wrote", async () => {
    const editor = await open();
    editor.type("mine");
    fake.elsewhere((world) => (world.notes.find((one) => one.id === NOTE)!.text = `theirs\n${stored()}`), [NOTE]);
    await pass(200);
    expect(editor.text).toMatch(/^theirs\n[^]*mine$/);
    expect(stored()).toBe(editor.text);
  });

  it("answers 'behind' with another try", async () => {
    const editor = await open();
    editor.type("mine");
    // Nothing tells of this one: the send itself finds out.
    fake.world.notes.find((one) => one.id === NOTE)!.text = `theirs\n${stored()}`;
    await pass(200);
    expect(sent()).toBe(2);
    expect(editor.text).toMatch(/^theirs\n[^]*mine$/);
    expect(stored()).toBe(editor.text);
  });

  it("puts nothing into a running composition, yet saves what is typed", async () => {
    let composing = true;
    const editor = await open({ composing: () => composing });
    fake.elsewhere((world) => (world.notes.find((one) => one.id === NOTE)!.text = `theirs\n${stored()}`), [NOTE]);
    await pass(10);
    editor.type("かな");
    await pass(300);
    expect(editor.text).not.toContain("theirs");
    expect(stored()).toMatch(/^theirs\n[^]*かな$/);
    composing = false;
    await pass(60);
    expect(editor.text).toBe(stored());
  });

  it("goes on after the editor is gone, and hands what is unsaved to the next editor", async () => {
    const editor = await open();
    fake.failNext("spliceText", full);
    editor.type("kept");
    const orphaned: string[] = [];
    editor.saver.detach((error) => orphaned.push(error.message));
    await pass(0);
    expect(orphaned).toEqual(["The disk is full."]);
    const next = await open();
    expect(next.text).toContain("kept");
    expect(next.saver).toBe(editor.saver);
    await pass(1000);
    expect(stored()).toContain("kept");
    next.saver.detach(() => {});
    await pass(0);
    // Saved and closed: the next one starts with what is read.
    expect((await open()).saver).not.toBe(next.saver);
  });

  it("sends everything at once before the shell closes the window", async () => {
    const editor = await open();
    editor.type("last words");
    fake.menu(CLOSING);
    expect(sent()).toBe(1);
    await pass(0);
    expect(stored()).toBe(editor.text);
  });
});
