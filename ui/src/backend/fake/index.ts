// The in-memory backend as tests and the browser start it.
import { now } from "../clock";
import { FakeBackend, type FakeOptions } from "./backend";
import { addConflicts } from "./conflicts";
import { TEST_NOW } from "./moment";
import { setScene, type Scene } from "./scenes";
import { addDays, emptyWorld, fakeId, sampleWorld, task, type World } from "./world";

export { FakeBackend, type FakeOptions, TEST_NOW };

/** A backend for tests: sample data at a fixed moment. `world: "empty"` starts with nothing. */
export function testBackend(options: Omit<FakeOptions, "world"> & { world?: World | "empty" } = {}): FakeBackend {
  return new FakeBackend({ ...options, world: options.world === "empty" ? emptyWorld(TEST_NOW) : options.world ?? sampleWorld(TEST_NOW, "2026-11-18") });
}

/**
 * For the browser. Query: state=new|locked|dataMissing|keyMissing|empty, many=N (tasks in the Inbox), theme, platform, conflicts=rich,
 * folder=SCENE (see scenes.ts).
 */
export function sampleBackend(query: URLSearchParams): FakeBackend {
  const state = query.get("state");
  const theme = query.get("theme");
  const fake = new FakeBackend({
    ...(state === "new" || state === "locked" || state === "dataMissing" || state === "keyMissing" ? { state } : {}),
    ...(state === "empty" ? { world: emptyWorld(now()) } : {}),
    ...(query.get("platform") === "macos" ? { platform: "macos" as const } : {}),
    quiet: 2000,
    prefs: theme === "dark" || theme === "light" || theme === "contrast" ? { theme } : {},
  });
  void setScene(fake, query.get("folder") as Scene | null);
  if (query.get("conflicts") === "rich") addConflicts(fake.world, now(), fake.today);
  const diary = fake.world.notes.find((one) => one.id === fakeId(53));
  if (diary) {
    const picture = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 240"><rect width="640" height="240" fill="#cfe8ff"/><rect y="150" width="640" height="90" fill="#7fb069"/><circle cx="540" cy="60" r="34" fill="#ffc94d"/><path d="M120 150c0-60 20-90 50-90s50 30 50 90z" fill="#3f7d4e"/></svg>';
    fake.attachments.set(fakeId(90), { name: "garden.svg", mime: "image/svg+xml", bytes: new TextEncoder().encode(picture) });
    diary.text += `\n![Our garden](holdfast-attachment:${fakeId(90)})\n\nNext: [Prune the apple tree](holdfast:${fakeId(30)}), see [Shelf plan](holdfast:${fakeId(50)}).\n`;
  }
  const many = Math.min(Number(query.get("many") ?? 0), 50_000);
  for (let i = 0; i < many; i++) fake.world.tasks.push(task(5000 + i, `Task number ${i}`, i % 3 === 0 ? { when: addDays(fake.today, i % 40) } : {}, now()));
  return fake;
}
