import { screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { fakeId } from "../../backend/fake/world";
import { startApp } from "../../../tests/app";
import { router } from "../../state/router.svelte";

const option = (name: RegExp) => [...document.querySelectorAll<HTMLElement>("[data-command-item]")].find((one) => name.test(one.textContent ?? ""));

async function open(chord = "{Control>}k{/Control}", options: Parameters<typeof startApp>[0] = {}) {
  const app = await startApp(options);
  await screen.findByText("Renew the passport", { selector: ".title" });
  return { ...app, show: () => app.user.keyboard(chord) };
}

describe("the palette", () => {
  it("runs a command and shows its keys", async () => {
    const { user, show } = await open();
    await show();
    await user.type(await screen.findByPlaceholderText(/Do something/), "upcom");
    await waitFor(() => expect(option(/Go to Upcoming/)).toHaveTextContent(/Ctrl\s*2/));
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("heading", { level: 1, name: "Upcoming" })).toBeVisible();
  });

  it("names what it would act on, and acts on it", async () => {
    const { user, show, fake } = await open();
    screen.getByText("Renew the passport", { selector: ".title" }).closest<HTMLElement>('[role="row"]')?.focus();
    await user.keyboard("x");
    await user.keyboard("{Shift>}{ArrowDown}{/Shift}");
    await screen.findByText("2 selected");
    await show();
    await user.type(await screen.findByPlaceholderText(/Do something/), "2026-12-24");
    await waitFor(() => expect(option(/Schedule 2 tasks for/)).toBeDefined());
    option(/Schedule 2 tasks for/)?.click();
    await waitFor(() => expect(fake.world.tasks.filter((task) => task.when === "2026-12-24")).toHaveLength(2));
  });

  it("finds tasks and notes", async () => {
    const { user, show } = await open();
    await show();
    await user.type(await screen.findByPlaceholderText(/Do something/), "soup");
    await waitFor(() => expect(option(/Soup for ten/)).toBeDefined());
    option(/Soup for ten/)?.click();
    await waitFor(() => expect(router.route).toMatchObject({ screen: "notes", item: fakeId(51) }));
  });

  it("switches to a list with the quick switch", async () => {
    const { user, show } = await open("{Control>}o{/Control}");
    await show();
    await user.type(await screen.findByPlaceholderText(/Go to a list/), "gard");
    await waitFor(() => expect(option(/Garden/)).toBeDefined());
    expect(option(/Go to Today/)).toBeUndefined();
    option(/^\s*Garden/)?.click();
    await waitFor(() => expect(router.route).toMatchObject({ screen: "list", list: fakeId(3) }));
  });

  it.each([
    ["set aside", /Set aside/, "aside"],
    ["resolved", /Resolved/, "resolved"],
  ] as const)("goes to what was %s, also without a conflict", async (typed, name, tab) => {
    const { user, show } = await open();
    await show();
    await user.type(await screen.findByPlaceholderText(/Do something/), typed);
    await waitFor(() => expect(option(name)).toBeDefined());
    option(name)?.click();
    await waitFor(() => expect(router.route).toMatchObject({ screen: "conflicts", tab }));
  });

  it("offers nothing that cannot be done", async () => {
    const { show } = await open();
    await show();
    await screen.findByPlaceholderText(/Do something/);
    await waitFor(() => expect(option(/New task/)).toBeDefined());
    expect(option(/Sync now/)).toBeUndefined();
    expect(option(/^Redo/)).toBeUndefined();
  });
});
