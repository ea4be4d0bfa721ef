// Mounts the whole app over a fresh in-memory backend.
import { render } from "@testing-library/svelte";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import App from "../src/App.svelte";
import { useBackend } from "../src/backend";
import { testBackend, type FakeBackend } from "../src/backend/fake";
import { setScene, type Scene } from "../src/backend/fake/scenes";
import { forgetDrafts } from "../src/features/conflicts/drafts.svelte";
import { forgetPlaces } from "../src/features/tasks/selection.svelte";
import { router, type Route } from "../src/state/router.svelte";
import { session } from "../src/state/session.svelte";
import { toasts } from "../src/state/toast.svelte";
import { viewport } from "../src/state/viewport.svelte";

type Options = Parameters<typeof testBackend>[0] & { route?: Route; width?: number; scene?: Scene };

/** The app, ready to be used. `width` is the window's, 1180 unless told; `scene` a situation of syncing. */
export async function startApp({ route = { screen: "today" }, width = 1180, scene, ...options }: Options = {}): Promise<{ fake: FakeBackend; user: UserEvent; container: HTMLElement }> {
  const fake = testBackend(options);
  useBackend(fake);
  await setScene(fake, scene ?? null);
  toasts.dismiss();
  forgetDrafts();
  forgetPlaces();
  session.beginWith = null;
  Object.defineProperty(window, "innerWidth", { configurable: true, value: width });
  viewport.width = width;
  router.reset(route);
  await session.start();
  const { container } = render(App);
  return { fake, user: userEvent.setup(), container };
}
