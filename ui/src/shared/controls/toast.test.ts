import { fireEvent, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useBackend } from "../../backend";
import { testBackend, type FakeBackend } from "../../backend/fake";
import { fakeId } from "../../backend/fake/world";
import { session } from "../../state/session.svelte";
import { attempt, toasts } from "../../state/toast.svelte";
import Toast from "./Toast.svelte";

describe("the toast", () => {
  let fake: FakeBackend;
  beforeEach(async () => {
    fake = testBackend();
    useBackend(fake);
    await session.start();
    vi.useFakeTimers();
    toasts.dismiss();
    render(Toast);
  });
  afterEach(() => vi.useRealTimers());
  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await tick();
  };

  it("stays 8 seconds", async () => {
    toasts.show("Saved");
    await pass(7900);
    expect(screen.getByText("Saved")).toBeVisible();
    await pass(200);
    expect(screen.queryByText("Saved")).toBeNull();
  });

  it("waits while it is pointed at or focused", async () => {
    toasts.show("Saved");
    await pass(5000);
    const toast = screen.getByRole("group", { name: "Message" });
    await fireEvent.pointerEnter(toast);
    await pass(20_000);
    expect(screen.getByText("Saved")).toBeVisible();
    await fireEvent.pointerLeave(toast);
    await pass(3100);
    expect(screen.queryByText("Saved")).toBeNull();
  });

  it("shows one at a time", async () => {
    toasts.show("First");
    toasts.show("Second");
    await pass(0);
    expect(screen.queryByText("First")).toBeNull();
    expect(screen.getByText("Second")).toBeVisible();
  });

  it("takes back what it speaks of, and offers no undo once something else was done", async () => {
    await attempt(fake.deleteItems([fakeId(20)]));
    await pass(10);
    await fireEvent.click(screen.getByRole("button", { name: "Undo" }));
    await pass(10);
    expect(fake.world.tasks.find((task) => task.id === fakeId(20))?.deleted).toBeNull();

    await attempt(fake.deleteItems([fakeId(20)]));
    await pass(10);
    await attempt(fake.editTasks([fakeId(21)], { priority: 1 }), { quiet: true });
    await pass(10);
    expect(screen.getByText(/deleted/)).toBeVisible();
    expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  });

  it("names what was left alone", async () => {
    await attempt(Promise.resolve({ ids: ["a"], label: "1 item deleted", skipped: ["‘Plan’ was changed on Desktop"] }));
    await pass(10);
    expect(screen.getByText("1 item deleted · ‘Plan’ was changed on Desktop")).toBeVisible();
  });
});
