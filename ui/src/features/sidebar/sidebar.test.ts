import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { fakeId } from "../../backend/fake/world";
import type { ListView } from "../../backend/contract";
import { listTree } from "../../state/lists";
import { router } from "../../state/router.svelte";
import { startApp } from "../../../tests/app";

const item = (name: RegExp) => screen.findByRole("treeitem", { name });

describe("the sidebar", () => {
  it("is a tree whose rows say what their numbers mean", async () => {
    await startApp();
    expect(await item(/^Today 4 tasks, 1 overdue/)).toHaveAttribute("aria-current", "page");
    expect(await item(/^Garden/)).toHaveAttribute("aria-level", "3");
    expect(await item(/^Conflicts 2 to decide/)).toBeVisible();
  });

  it("leads to what was resolved and set aside also when nothing is left to decide", async () => {
    const { user } = await startApp({ world: "empty" });
    await user.click(await item(/^Conflicts$/));
    await user.click(await screen.findByRole("tab", { name: "Resolved" }));
    expect(await screen.findByText("Nothing was resolved in the last 30 days.")).toBeVisible();
    await user.click(screen.getByRole("tab", { name: "Set aside" }));
    expect(router.route).toMatchObject({ screen: "conflicts", tab: "aside" });
  });

  it("is walked by arrows, folded by Left, opened by Enter", async () => {
    const { user } = await startApp();
    (await item(/^House/)).focus();
    await user.keyboard("{ArrowLeft}");
    await waitFor(() => expect(screen.queryByRole("treeitem", { name: /^Garden/ })).toBeNull());
    await user.keyboard("{ArrowRight}");
    await item(/^Garden/);
    await user.keyboard("{ArrowRight}{Enter}");
    expect(router.route).toMatchObject({ screen: "list", list: fakeId(3) });
    await user.keyboard("w");
    expect(document.activeElement).toHaveTextContent(/^\s*Workshop/);
  });

  it("renames with F2 and takes it back with undo", async () => {
    const { user, fake } = await startApp();
    (await item(/^Workshop/)).focus();
    await user.keyboard("{F2}");
    const input = await screen.findByRole("textbox", { name: "Name of the list" });
    await user.clear(input);
    await user.type(input, "Shed{Enter}");
    await item(/^Shed/);
    await waitFor(() => expect(document.activeElement).toHaveTextContent(/Shed/));
    await user.keyboard("{Control>}z{/Control}");
    await item(/^Workshop/);
    expect(fake.world.lists.find((list) => list.id === fakeId(2))?.title).toBe("Workshop");
  });

  it("makes a list that never leaves this device", async () => {
    const { user, fake } = await startApp();
    await user.click(await screen.findByRole("button", { name: "New list" }));
    const dialog = await screen.findByRole("dialog", { name: "New list" });
    await user.type(within(dialog).getByLabelText("Name"), "Diary");
    await user.click(within(dialog).getByRole("radio", { name: /Never leaves this device/ }));
    await user.click(within(dialog).getByRole("button", { name: "Create" }));
    await waitFor(() => expect(fake.world.lists.at(-1)).toMatchObject({ title: "Diary", space: "device" }));
    expect(await screen.findByRole("heading", { level: 1, name: "Diary" })).toBeVisible();
  });

  it("renames and colours the list on screen from its own menu and by keys, with undo", async () => {
    const { user, fake } = await startApp({ route: { screen: "list", list: fakeId(2) }, width: 720 });
    const list = () => fake.world.lists.find((one) => one.id === fakeId(2));
    const color = list()?.color ?? null;
    (await screen.findByRole("button", { name: "Actions of the list" })).focus();
    await user.keyboard("{Enter}");
    (await screen.findByText("Rename…")).click();
    const name = within(await screen.findByRole("dialog", { name: "List ‘Workshop’" })).getByLabelText("Name");
    await waitFor(() => expect(name).toHaveFocus());
    await user.clear(name);
    await user.type(name, "Shed{Enter}");
    await waitFor(() => expect(list()?.title).toBe("Shed"));
    await user.click(await screen.findByRole("button", { name: /^Undo/ }));
    await waitFor(() => expect(list()?.title).toBe("Workshop"));
    await user.keyboard("{Control>}{Shift>}l{/Shift}{/Control}");
    const dialog = within(await screen.findByRole("dialog", { name: "List ‘Workshop’" }));
    await waitFor(() => expect(document.activeElement).toHaveAttribute("name", "color"));
    await user.click(dialog.getByRole("radio", { name: "Red" }));
    await user.click(dialog.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(list()?.color).toBe("#B3261E"));
    await user.keyboard("{Control>}z{/Control}");
    await waitFor(() => expect(list()?.color ?? null).toBe(color));
  });

  it("archives from its menu; archived lists stay reachable", async () => {
    const { user } = await startApp();
    await fireEvent.contextMenu(await item(/^Work 1/));
    await user.click(await screen.findByRole("menuitem", { name: "Archive" }));
    await user.click(await item(/^Archived 1/));
    await waitFor(() => expect(screen.getByRole("treeitem", { name: /^Work$/ })).toHaveAttribute("aria-level", "3"));
  });
});

describe("the tree of lists", () => {
  const list = (id: string, parent: string | null): ListView => ({ id, title: id, parent, color: null, space: "everywhere", archived: false, recovered: false, openTasks: 0, notes: 0, conflict: false });
  it("shows every list once, whatever arrives", () => {
    const shown = listTree([list("a", "b"), list("b", "a"), list("c", "gone"), list("d", "c")]).map((node) => `${node.list.id}${node.depth}`);
    expect(shown).toEqual(["c0", "d1", "a0", "b1"]);
  });
});
