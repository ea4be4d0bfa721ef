import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { fakeId } from "../../backend/fake/world";
import { startApp } from "../../../tests/app";

const row = async (title: string) => {
  const cell = await screen.findByText(title, { selector: ".title" });
  const found = cell.closest<HTMLElement>('[role="row"]');
  if (!found) throw new Error(`No row for ${title}`);
  return found;
};
const WORKSHOP = { route: { screen: "list", list: fakeId(2) } } as const;

// A popover has no position in jsdom and counts as hidden there.
describe("the task grid", () => {
  it("shows Today in its groups, with done tasks folded", async () => {
    await startApp();
    const grid = await screen.findByRole("grid", { name: "Today" });
    await within(grid).findByText("Renew the passport");
    for (const name of ["Overdue", "Today", "This evening", "Done today"]) expect(within(grid).getByRole("button", { name: new RegExp(`^${name}`) })).toBeVisible();
    expect(within(grid).queryByText("Send the invoice to Maren")).toBeNull();
  });

  it("folds and unfolds a group with the keyboard", async () => {
    const { user } = await startApp();
    await row("Water the plants");
    const grid = screen.getByRole("grid");
    within(grid).getByRole("button", { name: /^Done today/ }).closest<HTMLElement>('[role="row"]')?.focus();
    await user.keyboard("{Enter}");
    await row("Send the invoice to Maren");
    await user.keyboard("{ArrowLeft}");
    await waitFor(() => expect(screen.queryByText("Send the invoice to Maren", { selector: ".title" })).toBeNull());
    await user.keyboard("x");
    expect(screen.queryByRole("toolbar", { name: "Selected tasks" })).toBeNull();
  });

  it("remembers where a person was in a view", async () => {
    const { user } = await startApp();
    (await row("Call the electrician")).focus();
    await user.keyboard("{Control>}2{/Control}");
    await screen.findByRole("grid", { name: "Upcoming" });
    await user.keyboard("{Control>}1{/Control}");
    await waitFor(async () => expect(await row("Call the electrician")).toHaveAttribute("tabindex", "0"));
  });

  it("has exactly one row in the tab order, moved by the arrows", async () => {
    const { user, container } = await startApp();
    (await row("Renew the passport")).focus();
    await user.keyboard("{ArrowDown}");
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(document.activeElement).toHaveTextContent("Buy oak boards"));
    expect(container.querySelectorAll('[role="row"][tabindex="0"]')).toHaveLength(1);
  });

  it("completes with Space; the row lingers, then goes, and the focus stays in the list", async () => {
    const { user, fake } = await startApp();
    (await row("Buy oak boards")).focus();
    await user.keyboard(" ");
    await waitFor(() => expect(fake.world.tasks.find((task) => task.title === "Buy oak boards")?.status).toBe("done"));
    await waitFor(async () => expect(await row("Buy oak boards")).toHaveClass("done"));
    expect(await screen.findByText("‘Buy oak boards’ done")).toBeVisible();
    await waitFor(() => expect(screen.queryByText("Buy oak boards", { selector: ".title" })).toBeNull(), { timeout: 3000 });
    await waitFor(() => expect(document.activeElement).toHaveTextContent("Call the electrician"));
  });

  it("keeps the list as it was when completing fails, and says why", async () => {
    const { user, fake } = await startApp();
    fake.failNext("editTasks", { code: "disk-full", message: "Disk full.", remedy: "Free 200 MB." });
    (await row("Buy oak boards")).focus();
    await user.keyboard(" ");
    expect(await screen.findByText("Free 200 MB.")).toBeVisible();
    await waitFor(async () => expect(await row("Buy oak boards")).not.toHaveClass("done"));
  });

  it("edits a title in its row: Enter saves, Escape reverts", async () => {
    const { user, fake } = await startApp();
    (await row("Buy oak boards")).focus();
    await user.keyboard("{F2}");
    let input = await screen.findByRole("textbox", { name: "Title" });
    await user.clear(input);
    await user.type(input, "Buy ash{Enter}");
    await row("Buy ash");
    (await row("Buy ash")).focus();
    await user.keyboard("{F2}");
    input = await screen.findByRole("textbox", { name: "Title" });
    await user.type(input, "xxx{Escape}");
    await row("Buy ash");
    expect(fake.calls.filter((call) => call.method === "editTasks")).toHaveLength(1);
  });

  it("does not disturb a title being edited when the task changes elsewhere", async () => {
    const { user, fake } = await startApp();
    (await row("Buy oak boards")).focus();
    await user.keyboard("{F2}");
    const input = await screen.findByRole("textbox", { name: "Title" });
    await user.clear(input);
    await user.type(input, "half a thou");
    fake.elsewhere((world) => {
      for (const task of world.tasks) if (task.id === fakeId(21)) task.title = "From Desktop";
    });
    await new Promise((next) => setTimeout(next, 50));
    expect(input).toHaveValue("half a thou");
    expect(document.activeElement).toBe(input);
  });

  it("goes from title to date to list with Tab", async () => {
    const { user, fake } = await startApp();
    (await row("Call the electrician")).focus();
    await user.keyboard("{F2}");
    await user.type(await screen.findByRole("textbox", { name: "Title" }), "{End}!{Tab}");
    const words = await screen.findByLabelText("When: a date in words");
    await user.type(words, "tomorrow{Tab}");
    await waitFor(() => expect(fake.world.tasks.find((task) => task.id === fakeId(22))).toMatchObject({ title: "Call the electrician!", when: "2026-11-19" }));
  });

  it("schedules, sets a deadline, moves and tags by single letters", async () => {
    const { user, fake } = await startApp(WORKSHOP);
    const task = () => fake.world.tasks.find((one) => one.id === fakeId(28));
    (await row("Order screws")).focus();
    await user.keyboard("t");
    await waitFor(() => expect(task()?.when).toBe("2026-11-18"));
    (await row("Order screws")).focus();
    await user.keyboard("d");
    await user.type(await screen.findByLabelText("Deadline: a date in words"), "2026-12-01{Enter}");
    await waitFor(() => expect(task()?.deadline).toBe("2026-12-01"));
    (await row("Order screws")).focus();
    await user.keyboard("l");
    await user.type(await screen.findByPlaceholderText("Find or create a tag"), "urgent{Enter}");
    await waitFor(() => expect(task()?.tags).toContain("urgent"));
    await user.keyboard("{Escape}");
    (await row("Order screws")).focus();
    await user.keyboard("m");
    await user.type(await screen.findByPlaceholderText("Find a list"), "Garden{Enter}");
    await waitFor(() => expect(task()?.list).toBe(fakeId(3)));
  });

  it("leaves single letters alone while they are switched off", async () => {
    const { user, fake } = await startApp({ ...WORKSHOP, prefs: { singleKeys: false } });
    (await row("Order screws")).focus();
    await user.keyboard("t");
    await new Promise((next) => setTimeout(next, 30));
    expect(fake.calls.some((call) => call.method === "editTasks")).toBe(false);
  });

  it("acts on all selected tasks at once, as one change", async () => {
    const { user, fake } = await startApp(WORKSHOP);
    (await row("Order screws")).focus();
    await user.keyboard("x");
    await user.keyboard("{Shift>}{ArrowDown}{/Shift}");
    const bar = await screen.findByRole("toolbar", { name: "Selected tasks" });
    expect(bar).toHaveTextContent("2 selected");
    await user.click(within(bar).getByRole("button", { name: "Delete" }));
    expect(await screen.findByText("2 items deleted")).toBeVisible();
    expect(fake.calls.filter((call) => call.method === "deleteItems")).toHaveLength(1);
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await row("Order screws");
    expect(await screen.findByText("Undone: 2 items deleted")).toBeVisible();
  });

  it("moves a task up and down among its siblings", async () => {
    const { user, fake } = await startApp(WORKSHOP);
    (await row("Order screws")).focus();
    await user.keyboard("{Alt>}{ArrowUp}{/Alt}");
    await waitFor(() => expect(fake.calls.at(-1)).toBeDefined());
    const call = fake.calls.find((one) => one.method === "moveTask");
    expect(call?.args.slice(0, 3)).toEqual([fakeId(28), fakeId(21), fakeId(25)]);
  });

  it("hands back the position at which the view was read", async () => {
    const { user, fake } = await startApp(WORKSHOP);
    await row("Order screws");
    const before = (await fake.tasks({ view: "list", list: fakeId(2), withCompleted: false })).asOf;
    (await row("Order screws")).focus();
    await user.keyboard("t");
    await waitFor(() => expect(fake.calls.find((call) => call.method === "editTasks")?.args[2]).toBe(before));
  });

  it("adds a task to the shown list by typing", async () => {
    const { user, fake } = await startApp(WORKSHOP);
    await user.type(await screen.findByLabelText("Add a task to Workshop"), "Oil the vice{Enter}");
    await row("Oil the vice");
    expect(fake.world.tasks.find((task) => task.title === "Oil the vice")?.list).toBe(fakeId(2));
  });

  it("leads from ‘2 versions’ to the review", async () => {
    const { user } = await startApp();
    await row("Buy oak boards");
    await user.click(screen.getByRole("button", { name: "2 versions" }));
    expect(await screen.findByText(/You and Desktop both changed the title/)).toBeVisible();
  });

  it("says how many versions there are when a third device has its own", async () => {
    const { fake } = await startApp();
    await row("Buy oak boards");
    fake.elsewhere((world) => {
      for (const one of world.conflicts) if (one.tab === "open") one.sides.push({ device: { id: "phone", name: "Phone", here: false }, time: 0 });
    });
    expect(await screen.findByRole("button", { name: "3 versions" })).toBeVisible();
  });

  it("says what to do where there is nothing", async () => {
    await startApp({ world: "empty" });
    expect(await screen.findByText("Nothing due today.")).toBeVisible();
    expect(screen.getByRole("button", { name: "Pull from Upcoming" })).toBeVisible();
  });

  it("opens the menu of a row with every action that has a key", async () => {
    await startApp(WORKSHOP);
    await fireEvent.contextMenu(await row("Order screws"));
    const menu = await screen.findByRole("menu");
    for (const name of ["Plan for today", "Schedule…", "Set deadline…", "Move to list…", "Tags…", "Move up", "Delete"]) expect(within(menu).getByRole("menuitem", { name: new RegExp(`^${name}`) })).toBeVisible();
  });
});
