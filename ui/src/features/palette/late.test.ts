import { screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";
import { router } from "../../state/router.svelte";

const options = () => [...document.querySelectorAll<HTMLElement>("[data-command-item]")];
const option = (name: RegExp) => options().find((one) => name.test(one.textContent ?? ""));
const chosen = () => document.querySelector<HTMLElement>("[data-command-item][data-selected]")?.textContent ?? "";

async function palette() {
  const app = await startApp();
  await screen.findByText("Renew the passport", { selector: ".title" });
  (document.activeElement as HTMLElement | null)?.blur();
  await app.user.keyboard("{Control>}k{/Control}");
  const field = await screen.findByPlaceholderText(/Do something/);
  return { ...app, field };
}

describe("the palette", () => {
  it("chooses what comes late", async () => {
    const { user, field, fake } = await palette();
    const search = fake.search.bind(fake);
    let answer = () => {};
    const wait = new Promise<void>((resolve) => (answer = resolve));
    fake.search = async (...asked) => (await wait, search(...asked));
    await user.type(field, "soup for");
    await waitFor(() => expect(options()).toHaveLength(0));
    answer();
    await waitFor(() => expect(chosen()).toMatch(/Soup for ten/));
    await user.keyboard("{Enter}");
    await waitFor(() => expect(router.route.screen).toBe("notes"));
  });

  it("plans no task with a date while none is selected", async () => {
    const { user, field, fake } = await palette();
    await user.type(field, "2026-12-24");
    await waitFor(() => expect(option(/Go to Upcoming/)).toBeDefined());
    expect(chosen()).toMatch(/Go to Upcoming/);
    await user.keyboard("{Enter}");
    await waitFor(() => expect(router.route.screen).toBe("upcoming"));
    expect(fake.world.tasks.filter((task) => task.when === "2026-12-24")).toHaveLength(0);
  });

  it("opens a task in its own list with the cursor on it, so that Space completes that one", async () => {
    const { user, field, fake } = await palette();
    const task = fake.world.tasks.find((one) => one.list !== null && one.status === "open" && one.parent === null && one.deleted === null && fake.world.tasks.findIndex((other) => other.list === one.list) !== fake.world.tasks.indexOf(one))!;
    await user.type(field, task.title);
    await waitFor(() => expect(chosen()).toContain(task.title));
    await user.keyboard("{Enter}");
    await waitFor(() => expect(router.route).toMatchObject({ screen: "list", list: task.list, item: task.id }));
    await waitFor(() => expect(document.activeElement).toHaveAttribute("data-id", task.id));
    await user.keyboard(" ");
    await waitFor(() => expect(fake.world.tasks.find((one) => one.id === task.id)?.status).toBe("done"));
    expect(fake.calls.filter((call) => call.method === "editTasks")).toHaveLength(1);
  });
});
