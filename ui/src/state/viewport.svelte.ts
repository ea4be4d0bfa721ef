// How wide the window is, in the three steps of the layout.
class Viewport {
  width = $state(typeof window === "undefined" ? 1180 : window.innerWidth);
  height = $state(typeof window === "undefined" ? 780 : window.innerHeight);
  /** Under 1100 px the sidebar is a drawer. */
  get narrow(): boolean {
    return this.width < 1100;
  }
  /** Under 760 px one pane is shown. */
  get single(): boolean {
    return this.width < 760;
  }
}

export const viewport = new Viewport();
