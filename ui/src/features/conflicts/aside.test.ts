import { screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { TEST_NOW } from "$backend/fake/moment";
import { DESKTOP, HERE, fakeId } from "$backend/fake/world";
import { router } from "$state/router.svelte";
import { startApp } from "../../../tests/app";

describe("what was set aside", () => {
  it("is listed with what stands instead and comes back", async () => {
    const { user, fake } = await startApp({ route: { screen: "conflicts", tab: "aside" } });
    const task = fake.world.tasks.find((one) => one.id === fakeId(21))!;
    fake.elsewhere((world) => {
      world.aside = [{ id: "a1", entity: task.id, entityKind: "task", title: task.title, field: "priority", label: "priority", how: "newest", display: "High", device: HERE, time: TEST_NOW - 7_200_000, stands: "Low", by: DESKTOP, asideTime: TEST_NOW - 3_600_000, way: "bringBack" }];
    });
    expect(await screen.findByText("Priority: High", { exact: false })).toBeVisible();
    expect(screen.getByText("Now: Low")).toBeVisible();
    expect(screen.getByText(/^Desktop set a newer value/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: `Bring back: priority of ${task.title}` }));
    await waitFor(() => expect(fake.world.tasks.find((one) => one.id === task.id)?.priority).toBe(1));
    expect(await screen.findByText("Now: High")).toBeVisible();
  });

  it("opens a task in its own list", async () => {
    const { user, fake } = await startApp({ route: { screen: "conflicts", tab: "aside" } });
    const task = fake.world.tasks.find((one) => one.list !== null && one.status === "open")!;
    fake.elsewhere((world) => {
      world.aside = [{ id: "a1", entity: task.id, entityKind: "task", title: task.title, field: "priority", label: "priority", how: "newest", display: "High", device: HERE, time: TEST_NOW, stands: "Low", by: DESKTOP, asideTime: TEST_NOW, way: "bringBack" }];
    });
    await user.click(await screen.findByRole("button", { name: task.title }));
    await waitFor(() => expect(router.route).toMatchObject({ screen: "list", list: task.list, item: task.id }));
  });

  it("says that there is nothing", async () => {
    await startApp({ route: { screen: "conflicts", tab: "aside" } });
    expect(await screen.findByText("Nothing was set aside.")).toBeVisible();
  });
});
