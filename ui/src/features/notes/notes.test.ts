import { screen, waitFor, within } from "@testing-library/svelte";
import { EditorView } from "@codemirror/view";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";
import { fakeId } from "../../backend/fake/world";
import { router } from "$state/router.svelte";

const open = (item?: string) => startApp({ route: { screen: "notes", item } });
const rows = () => within(screen.getByRole("listbox", { name: "Notes" })).getAllByRole("option");
const row = (name: RegExp) => screen.findByRole("option", { name });
const titleField = () => screen.findByRole<HTMLTextAreaElement>("textbox", { name: "Title" });

describe("the list of notes", () => {
  it("shows pinned notes first, each with its text, time, list and markers", async () => {
    await open();
    const first = await row(/Shelf plan/);
    expect(rows()[0]).toBe(first);
    expect(first).toHaveTextContent(/Pinned|Shelf plan/);
    expect(within(first).getByRole("img", { name: "Pinned" })).toBeVisible();
    expect(first).toHaveTextContent(/2 versions.*@shop.*Workshop.*The shelf is 180 cm/s);
    expect(within(await row(/Garden diary/)).getByRole("img", { name: "Merged automatically" })).toBeVisible();
  });

  it("opens with the arrow keys and goes into the title with Enter", async () => {
    const { user } = await open();
    await row(/Shelf plan/);
    screen.getByRole("listbox", { name: "Notes" }).focus();
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(rows()[1]).toHaveAttribute("aria-selected", "true"));
    const second = rows()[1]!;
    expect(screen.getByRole("listbox", { name: "Notes" })).toHaveAttribute("aria-activedescendant", second.id);
    expect(router.item).not.toBeNull();
    const field = await titleField();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(field).toHaveFocus());
  });

  it("pins, tags and deletes several, with Undo", async () => {
    const { fake, user } = await open();
    await row(/Shelf plan/);
    const box = screen.getByRole("listbox", { name: "Notes" });
    box.focus();
    await user.keyboard("{ArrowDown}{Shift>}{ArrowDown}{/Shift}");
    const bar = screen.getByRole("toolbar", { name: "Selected notes" });
    expect(bar).toHaveTextContent("2 selected");
    await user.click(within(bar).getByRole("button", { name: "Pin" }));
    await waitFor(() => expect(fake.world.notes.filter((note) => note.pinned)).toHaveLength(3));
    await user.click(within(bar).getByRole("button", { name: "Tag" }));
    await user.type(await screen.findByPlaceholderText("Find or create a tag"), "winter{Enter}");
    await waitFor(() => expect(fake.world.notes.filter((note) => note.tags.includes("winter"))).toHaveLength(2));
    await user.keyboard("{Escape}");
    box.focus();
    await user.keyboard("{Delete}");
    expect(await screen.findByText("2 items deleted")).toBeVisible();
    await waitFor(() => expect(rows()).toHaveLength(2));
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(rows()).toHaveLength(4));
  });

  it("makes a first note that can be written into at once", async () => {
    const { fake, user } = await startApp({ route: { screen: "notes" }, world: "empty" });
    expect(await screen.findByText("No notes yet.")).toBeVisible();
    await user.keyboard("{Control>}{Shift>}N{/Shift}{/Control}");
    const field = await titleField();
    await waitFor(() => expect(field).toHaveFocus());
    await user.keyboard("Bread{Enter}");
    await waitFor(() => expect(fake.world.notes[0]?.title).toBe("Bread"));
    expect(document.activeElement).toHaveClass("cm-content");
  });
});

describe("a note", () => {
  it("keeps a title that is being typed when others change it, and stores it on leaving", async () => {
    const { fake, user } = await open(fakeId(52));
    const field = await titleField();
    await user.click(field);
    await user.type(field, " 2026");
    fake.elsewhere((world) => (world.notes.find((note) => note.id === fakeId(52))!.tags = ["new"]), [fakeId(52)]);
    expect(await screen.findByRole("button", { name: "Remove the tag new" })).toBeVisible();
    expect(field).toHaveValue("Reading list 2026");
    router.select(fakeId(51));
    await waitFor(() => expect(fake.world.notes.find((note) => note.id === fakeId(52))!.title).toBe("Reading list 2026"));
  });

  it("stores a title that is being typed before the window closes", async () => {
    const { fake, user } = await open(fakeId(52));
    await user.type(await titleField(), " of the year");
    fake.menu("app.closing");
    await waitFor(() => expect(fake.world.notes.find((note) => note.id === fakeId(52))!.title).toBe("Reading list of the year"));
  });

  it("keeps the draft of a title that could not be stored", async () => {
    const { fake, user } = await open(fakeId(52));
    const field = await titleField();
    fake.failNext("editNotes", { code: "disk-full", message: "The disk is full.", remedy: "Free 200 MB." });
    await user.click(field);
    await user.type(field, "!");
    await user.tab();
    expect(await screen.findByText(/The disk is full/)).toBeVisible();
    expect(field).toHaveValue("Reading list!");
  });

  it("counts words, shows what mentions it, and its history", async () => {
    const { fake, user } = await startApp({ route: { screen: "notes" } });
    fake.elsewhere((world) => (world.notes.find((note) => note.id === fakeId(51))!.text += `see [list](holdfast:${fakeId(52)})`));
    await user.click(await row(/Reading list/));
    expect(await screen.findByText(/^4 words/)).toBeVisible();
    const links = await screen.findByRole("region", { name: "Mentioned in" });
    await user.click(within(links).getByRole("button", { name: "Soup for ten" }));
    expect(router.item).toBe(fakeId(51));
    await user.click(screen.getByText("History"));
    expect(screen.getByText("Edited the text")).toBeVisible();
  });

  it("leads to its open conflict", async () => {
    const { user } = await open(fakeId(50));
    await user.click(await screen.findByRole("button", { name: "Review" }));
    expect(router.route).toMatchObject({ screen: "conflicts", item: fakeId(50) });
  });

  it("saves text that was just typed when another note is opened", async () => {
    const { fake, container } = await open(fakeId(52));
    await titleField();
    const view = EditorView.findFromDOM(container.querySelector<HTMLElement>(".cm-editor")!)!;
    view.dispatch({ changes: { from: 0, insert: "First: " }, userEvent: "input.type" });
    router.select(fakeId(51));
    await waitFor(() => expect(fake.world.notes.find((note) => note.id === fakeId(52))!.text).toMatch(/^First: - The Overstory/));
  });

  it("says what to do when it is gone", async () => {
    await open(fakeId(999));
    expect(await screen.findByText("This note no longer exists.")).toBeVisible();
  });

  it("has no accessibility faults", async () => {
    const { container } = await open(fakeId(51));
    await titleField();
    await screen.findByRole("checkbox", { name: "ginger" });
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`)).toEqual([]);
  });
});
