import { screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";

async function onTask(title: string, repeat: string | null) {
  const app = await startApp({ route: { screen: "inbox" } });
  const made = await app.fake.quickAdd(title, [], { list: null, when: null, parent: null });
  const task = app.fake.world.tasks.find((one) => one.id === made.ids[0])!;
  task.repeat = repeat;
  await app.fake.editTasks([task.id], { priority: 1 });
  const row = await screen.findByRole("row", { name: new RegExp(title) });
  await app.user.click(row);
  row.focus();
  await app.user.keyboard("{Shift>}{Delete}{/Shift}");
  return { ...app, task };
}

describe("cancelling", () => {
  it("asks whether this one or all that follow are meant", async () => {
    const { user, task, fake } = await onTask("Descale the kettle", "every 2 weeks");
    const patches: unknown[] = [];
    const edit = fake.editTasks.bind(fake);
    fake.editTasks = (ids, patch) => { patches.push(patch); return edit(ids, patch); };
    await screen.findByRole("dialog", { name: "Cancel ‘Descale the kettle’" });
    expect(task.status).toBe("open");
    await user.click(screen.getByRole("button", { name: "Keep it" }));
    await waitFor(() => expect(screen.queryByRole("dialog", { name: /Cancel/ })).toBeNull());
    expect(patches).toEqual([]);
    await user.keyboard("{Shift>}{Delete}{/Shift}");
    await user.click(await screen.findByRole("button", { name: "All that follow" }));
    await waitFor(() => expect(task.status).toBe("cancelled"));
    expect(patches).toEqual([{ status: "cancelled", occurrences: "following" }]);
  });

  it("cancels what does not repeat at once", async () => {
    const { task } = await onTask("Return the ladder", null);
    await waitFor(() => expect(task.status).toBe("cancelled"));
    expect(screen.queryByRole("dialog", { name: /Cancel/ })).toBeNull();
  });
});
