import { screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { fakeId } from "../src/backend/fake/world";
import { router } from "../src/state/router.svelte";
import { startApp } from "./app";

describe("the app", () => {
  it("shows today's tasks at start", async () => {
    await startApp();
    expect(await screen.findByRole("heading", { level: 1, name: "Today" })).toBeVisible();
    expect(await screen.findByText("Buy oak boards")).toBeVisible();
  });

  it("shows a change of another device, keeping focus and selection", async () => {
    const { fake, user } = await startApp();
    const row = (await screen.findByText("Call the electrician", { selector: ".title" })).closest<HTMLElement>('[role="row"]');
    row?.focus();
    await user.keyboard("x");
    await screen.findByText("1 selected");
    fake.elsewhere((world) => {
      for (const task of world.tasks) if (task.id === fakeId(21)) task.title = "Buy ash boards";
    });
    expect(await screen.findByText("Buy ash boards")).toBeVisible();
    expect(document.activeElement).toHaveTextContent("Call the electrician");
    expect(screen.getByText("1 selected")).toBeVisible();
  });

  it("asks for the passphrase while locked", async () => {
    const { fake } = await startApp({ state: "locked" });
    expect(await screen.findByRole("heading", { name: /locked|unlock/i })).toBeVisible();
    expect(fake.calls.map((call) => call.method)).not.toContain("tasks");
  });

  it("goes round the panes with F6", async () => {
    const { user } = await startApp({ route: { screen: "today", item: fakeId(22) } });
    await screen.findByText("Does not repeat");
    const pane = () => document.activeElement?.closest<HTMLElement>("[data-pane]")?.dataset.pane;
    await waitFor(() => expect(pane()).toBe("list"));
    const panes: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) {
      await user.keyboard("{F6}");
      panes.push(pane());
    }
    // From the list, once round.
    expect(panes).toEqual(["detail", "status", "sidebar", "list"]);
  });

  it("goes to a screen by its key and back", async () => {
    const { user } = await startApp();
    await screen.findByText("Buy oak boards");
    await user.keyboard("{Control>}2{/Control}");
    expect(await screen.findByRole("heading", { level: 1, name: "Upcoming" })).toBeVisible();
    await waitFor(() => expect(document.activeElement).toHaveTextContent("Sharpen the chisels"));
    await user.keyboard("{Alt>}{ArrowLeft}{/Alt}");
    expect(await screen.findByRole("heading", { level: 1, name: "Today" })).toBeVisible();
  });

  it("carries out what the shell's menu asks for", async () => {
    const { fake } = await startApp();
    await screen.findByText("Buy oak boards");
    fake.menu("go.trash");
    expect(await screen.findByText("Old draft")).toBeVisible();
  });

  it("shows one pane with Back in a narrow window", async () => {
    const { user } = await startApp({ width: 720 });
    await user.click(await screen.findByText("Call the electrician", { selector: ".title" }));
    await screen.findByText("Does not repeat");
    expect(screen.queryByRole("grid")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Back" }));
    expect(await screen.findByRole("grid", { name: "Today" })).toBeVisible();
    expect(screen.queryByRole("tree")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Show the sidebar" }));
    await user.click(await screen.findByRole("treeitem", { name: /^Upcoming/ }));
    await waitFor(() => expect(screen.queryByRole("tree")).toBeNull());
  });

  it("undoes and does again with the keys", async () => {
    const { user, fake } = await startApp();
    (await screen.findByText("Renew the passport", { selector: ".title" })).closest<HTMLElement>('[role="row"]')?.focus();
    await user.keyboard("{Delete}");
    await waitFor(() => expect(screen.queryByText("Renew the passport", { selector: ".title" })).toBeNull());
    await user.keyboard("{Control>}z{/Control}");
    await screen.findByText("Renew the passport", { selector: ".title" });
    await user.keyboard("{Control>}y{/Control}");
    await waitFor(() => expect(fake.world.tasks.find((task) => task.id === fakeId(20))?.deleted).not.toBeNull());
  });

  it("edits a task in its pane, and keeps a draft when the task changes elsewhere", async () => {
    const { user, fake } = await startApp({ route: { screen: "inbox", item: fakeId(33) } });
    const pane = within(await screen.findByRole("region", { name: "Task" }));
    const title = await pane.findByRole("textbox", { name: "Title" });
    await user.click(title);
    await user.clear(title);
    await user.type(title, "Compare phone contr");
    fake.elsewhere((world) => {
      for (const task of world.tasks) if (task.id === fakeId(33)) task.priority = 1;
    }, [fakeId(33)]);
    await pane.findByRole("button", { name: "Priority: High" });
    expect(title).toHaveValue("Compare phone contr");
    await user.type(title, "acts{Enter}");
    await waitFor(() => expect(fake.world.tasks.find((task) => task.id === fakeId(33))?.title).toBe("Compare phone contracts"));
  });

  it("adds and completes subtasks", async () => {
    const { user, fake } = await startApp({ route: { screen: "list", list: fakeId(2), item: fakeId(25) } });
    await user.type(await screen.findByLabelText("Add a subtask"), "Cut the boards{Enter}");
    await waitFor(() => expect(fake.world.tasks.at(-1)).toMatchObject({ title: "Cut the boards", parent: fakeId(25), list: fakeId(2) }));
    const subtasks = within(screen.getByRole("region", { name: "Subtasks" }));
    await user.click(await subtasks.findByRole("checkbox", { name: "Complete ‘Cut the boards’" }));
    expect(await subtasks.findByText("2 of 3")).toBeVisible();
    expect(router.item).toBe(fakeId(25));
  });
});
