import { render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { EditorView, runScopeHandlers } from "@codemirror/view";
import { currentCompletions, startCompletion } from "@codemirror/autocomplete";
import { undo } from "@codemirror/commands";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { useBackend } from "$backend";
import { testBackend, type FakeBackend } from "$backend/fake";
import { fakeId } from "../../backend/fake/world";
import { router } from "$state/router.svelte";
import { session } from "$state/session.svelte";
import { toasts } from "$state/toast.svelte";
import TextEditor from "./TextEditor.svelte";

const NOTE = fakeId(51);
let fake: FakeBackend;
const note = () => fake.world.notes.find((one) => one.id === NOTE)!;

beforeEach(async () => {
  fake = testBackend();
  useBackend(fake);
  router.reset();
  await session.start();
});

async function start(text: string) {
  note().text = text;
  const { text: state } = await fake.note(NOTE);
  const { container, unmount } = render(TextEditor, { id: NOTE, field: "text", state, label: "Text" });
  const view = EditorView.findFromDOM(container.querySelector<HTMLElement>(".cm-editor")!)!;
  const type = (insert: string, at = view.state.selection.main.head) =>
    view.dispatch({ changes: { from: at, insert }, selection: { anchor: at + insert.length }, userEvent: "input.type" });
  const press = (key: string, more: KeyboardEventInit = {}) => runScopeHandlers(view, new KeyboardEvent("keydown", { key, ...more }), "editor");
  return { view, type, press, container, unmount };
}

describe("the text editor", () => {
  it("shows Markdown as it means, with its marks hidden", async () => {
    const { container } = await start("# Soup\n\n**Simmer** for *40* `min`, see [the book](https://example.org).\n\n> slowly\n\n- salt\n");
    expect(container.querySelector(".cm-heading-1")).toHaveTextContent(/^Soup$/);
    expect(container.querySelector(".cm-strong")).toHaveTextContent(/^Simmer$/);
    expect(container.querySelector(".cm-link")).toHaveTextContent(/^the book$/);
    expect(container.querySelector(".cm-quote")).toHaveTextContent(/^slowly$/);
    expect(container.textContent).not.toContain("https://");
    expect(screen.getByRole("textbox", { name: "Text" })).toBeVisible();
  });

  it("ticks a box with a click, as stored text", async () => {
    const user = userEvent.setup();
    await start("- [ ] 2 kg pumpkin\n- [x] ginger\n");
    const box = screen.getByRole("checkbox", { name: "2 kg pumpkin" });
    expect(box).not.toBeChecked();
    expect(screen.getByRole("checkbox", { name: "ginger" })).toBeChecked();
    await user.click(box);
    await waitFor(() => expect(note().text).toBe("- [x] 2 kg pumpkin\n- [x] ginger\n"));
    expect(screen.getByRole("checkbox", { name: "2 kg pumpkin" })).toBeChecked();
  });

  it("ticks with Mod+Enter, and makes a box where there is none", async () => {
    const { view, press } = await start("salt");
    view.dispatch({ selection: { anchor: 4 } });
    press("Enter", { ctrlKey: true });
    expect(view.state.doc.toString()).toBe("- [ ] salt");
    press("Enter", { ctrlKey: true });
    expect(view.state.doc.toString()).toBe("- [x] salt");
  });

  it("writes bold and italic, and takes them back", async () => {
    const { view, press } = await start("good soup");
    view.dispatch({ selection: { anchor: 0, head: 4 } });
    press("b", { ctrlKey: true });
    expect(view.state.doc.toString()).toBe("**good** soup");
    press("i", { ctrlKey: true });
    expect(view.state.doc.toString()).toBe("***good*** soup");
    press("i", { ctrlKey: true });
    press("b", { ctrlKey: true });
    expect(view.state.doc.toString()).toBe("good soup");
  });

  it("goes on with a list on Enter and indents it with Tab; Tab leaves the text elsewhere", async () => {
    const { view, press } = await start("- [ ] one");
    view.dispatch({ selection: { anchor: 9 } });
    press("Enter");
    expect(view.state.doc.toString()).toBe("- [ ] one\n- [ ] ");
    press("Tab");
    expect(view.state.doc.toString()).toBe("- [ ] one\n  - [ ] ");
    const plain = await start("words");
    expect(plain.press("Tab")).toBe(false);
  });

  it("indents under the item above, numbers anew, and comes back out", async () => {
    const { view, press } = await start("1. peel\n2. cut\n3. cook");
    view.dispatch({ selection: { anchor: 14 } });
    press("Tab");
    expect(view.state.doc.toString()).toBe("1. peel\n   1. cut\n3. cook");
    view.dispatch({ selection: { anchor: view.state.doc.length } });
    press("Tab");
    expect(view.state.doc.toString()).toBe("1. peel\n   1. cut\n   2. cook");
    press("Tab", { shiftKey: true });
    expect(view.state.doc.toString()).toBe("1. peel\n   1. cut\n2. cook");
    // The first item has nothing to lie under; Tab does not leave the list by surprise.
    view.dispatch({ selection: { anchor: 3 } });
    expect(press("Tab")).toBe(true);
    expect(view.state.doc.line(1).text).toBe("1. peel");
  });

  it("ends a quote with Enter on its empty line", async () => {
    const { view, press } = await start("> slowly");
    view.dispatch({ selection: { anchor: 8 } });
    press("Enter");
    press("Enter");
    expect(view.state.doc.toString()).toBe("> slowly\n\n");
  });

  it("takes up what another device writes, leaving cursor and undo alone", async () => {
    const { view, type } = await start("shopping\n");
    type("milk", 9);
    await waitFor(() => expect(note().text).toBe("shopping\nmilk"));
    fake.elsewhere(() => (note().text = `From the desktop\n${note().text}`), [NOTE]);
    await waitFor(() => expect(view.state.doc.toString()).toBe("From the desktop\nshopping\nmilk"));
    expect(view.state.selection.main.head).toBe(view.state.doc.length);
    undo(view);
    expect(view.state.doc.toString()).toBe("From the desktop\nshopping\n");
  });

  it("saves at once when it goes away in mid-typing", async () => {
    const { type, unmount } = await start("");
    type("half a thou");
    unmount();
    await waitFor(() => expect(note().text).toBe("half a thou"), { timeout: 100 });
  });

  it("says why a save failed and saves on the next try", async () => {
    const user = userEvent.setup();
    fake.failNext("spliceText", { code: "disk-full", message: "The disk is full.", remedy: "Free 200 MB." });
    const { type } = await start("");
    type("precious");
    expect(await screen.findByRole("alert")).toHaveTextContent("Not saved yet · The disk is full. Free 200 MB.");
    expect(note().text).toBe("");
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
    expect(note().text).toBe("precious");
  });

  it("finds notes and tasks after [[ and links them by id", async () => {
    const { view, type } = await start("");
    type("see [[shelf");
    startCompletion(view);
    await waitFor(() => expect(currentCompletions(view.state).map((one) => one.displayLabel ?? one.label)).toContain("Shelf plan"));
    const choice = currentCompletions(view.state).find((one) => one.label === "Shelf plan")!;
    const into = vi.spyOn(EditorView, "scrollIntoView");
    if (typeof choice.apply === "function") choice.apply(view, choice, 4, 11);
    expect(view.state.doc.toString()).toBe(`see [](holdfast:${fakeId(50)})`);
    // Its title is looked up and may wrap the line, which stays in sight.
    await waitFor(() => expect(into).toHaveBeenCalledWith(view.state.doc.length, expect.objectContaining({ y: "nearest" })));
  });

  it("stores a pasted link without its target's title, and draws it from the target", async () => {
    const { view, type } = await start("Start\n");
    type(`see [Shelf plan](holdfast:${fakeId(50)})\n`, 6);
    await waitFor(() => expect(note().text).toBe(`Start\nsee [](holdfast:${fakeId(50)})\n`));
    await waitFor(() => expect(view.state.doc.toString()).toBe(note().text));
    view.dispatch({ selection: { anchor: 0 } });
    await waitFor(() => expect(view.dom.querySelector(".cm-item-link")).toHaveTextContent("Shelf plan"));
    fake.elsewhere((world) => (world.notes.find((one) => one.id === fakeId(50))!.title = "Shelf plan two"));
    await waitFor(() => expect(view.dom.querySelector(".cm-item-link")).toHaveTextContent("Shelf plan two"));
  });

  it("calls an item that is not here a private note", async () => {
    const { view } = await start("Start [](holdfast:0192f0c1-5d2e-8c3b-9a4f-1b2c3d4e5f60) end\n");
    await waitFor(() => expect(view.dom.querySelector(".cm-gone")).toHaveTextContent("Private note"));
  });

  it("makes a note that is not there yet, while typing goes on", async () => {
    const { view, type } = await start("");
    type("[[Bread");
    startCompletion(view);
    await waitFor(() => expect(currentCompletions(view.state).some((one) => one.displayLabel === "New note ‘Bread’")).toBe(true));
    const choice = currentCompletions(view.state).find((one) => one.displayLabel === "New note ‘Bread’")!;
    if (typeof choice.apply === "function") choice.apply(view, choice, 0, 7);
    type("Look: ", 0);
    await waitFor(() => expect(view.state.doc.toString()).toMatch(/^Look: \[\]\(holdfast:/));
    expect(fake.world.notes.some((one) => one.title === "Bread")).toBe(true);
  });

  it("shows whether a linked task is done, and completes it", async () => {
    const user = userEvent.setup();
    await start(`[Order screws](holdfast:${fakeId(28)})`);
    const box = await screen.findByRole("checkbox", { name: "Task: Order screws" });
    await user.click(box);
    await waitFor(() => expect(screen.getByRole("checkbox", { name: "Task: Order screws" })).toBeChecked());
    expect(fake.world.tasks.find((one) => one.id === fakeId(28))!.status).toBe("done");
  });

  it("turns a line into a task that the line then shows", async () => {
    const { view, press } = await start("- [ ] buy dill\n");
    view.dispatch({ selection: { anchor: 14 } });
    press("T", { ctrlKey: true, shiftKey: true, keyCode: 84 });
    await waitFor(() => expect(view.state.doc.toString()).toMatch(/^- \[\]\(holdfast:/));
    expect(fake.world.tasks.some((one) => one.title === "buy dill")).toBe(true);
  });

  it("asks before it opens a page, and opens nothing else", async () => {
    const user = userEvent.setup();
    const { view, press } = await start("[book](https://example.org/soup) [bad](javascript:alert(1))");
    view.dispatch({ selection: { anchor: 3 } });
    press("Enter", { ctrlKey: true });
    expect(await screen.findByRole("dialog", { name: "Open this page?" })).toHaveTextContent("https://example.org/soup");
    await user.click(screen.getByRole("button", { name: "Open" }));
    expect(fake.calls.find((call) => call.method === "openLink")?.args).toEqual(["https://example.org/soup"]);
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    view.dispatch({ selection: { anchor: 36 } });
    press("Enter", { ctrlKey: true });
    expect(toasts.now?.message).toBe("This address is not opened.");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(fake.calls.filter((call) => call.method === "openLink")).toHaveLength(1);
  });

  it("says when a picture is not on this device", async () => {
    const { container } = await start(`![Our kitchen](holdfast-attachment:${fakeId(77)})`);
    await waitFor(() => expect(container.querySelector(".cm-picture")).toHaveTextContent("Our kitchen · not on this device yet"));
  });
});
