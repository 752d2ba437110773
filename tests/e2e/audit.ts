/// <reference lib="dom" />
/** What has to hold on every page of Postern, whatever it says: accessible, plain, nothing inline. */
import type { Page } from "playwright-core";

/** WCAG 2.2 AA: 1.4.3 contrast, 2.5.8 target size. */
export const LEAST_CONTRAST = 4.5;
export const LEAST_CONTRAST_LARGE = 3;
export const LEAST_TARGET_PX = 24;

/** Everything that is wrong with the page as it is shown now; empty is what one wants. */
export function audit(page: Page): Promise<string[]> {
  return page.evaluate(findFaults, {
    contrast: LEAST_CONTRAST,
    contrastLarge: LEAST_CONTRAST_LARGE,
    target: LEAST_TARGET_PX,
  });
}

/** Runs in the page: nothing of this file's scope exists there. */
function findFaults(least: { contrast: number; contrastLarge: number; target: number }): string[] {
  const faults: string[] = [];
  const every = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
  const shown = (element: Element) => element.getClientRects().length > 0;
  const say = (element: Element) => `<${element.tagName.toLowerCase()}> ${element.textContent?.slice(0, 40)}`;

  if (document.compatMode !== "CSS1Compat") faults.push("no doctype");
  if (!/^[a-z]{2}/.test(document.documentElement.lang)) faults.push("no language");
  if (document.title.trim() === "") faults.push("no title");
  if (document.querySelector('meta[name="viewport"]') === null) faults.push("no viewport");
  for (const [selector, count] of Object.entries({ h1: 1, main: 1 }))
    if (every(selector).length !== count) faults.push(`${every(selector).length} of ${selector}`);

  let level = 0;
  for (const heading of every("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName.slice(1));
    if (own > level + 1) faults.push(`heading skips a level: ${say(heading)}`);
    level = own;
  }
  const ids = every("[id]").map((element) => element.id);
  for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at))) faults.push(`id twice: ${id}`);

  for (const control of every("button, a, input:not([type=hidden]), select, textarea")) {
    const labels = (control as HTMLInputElement).labels ?? [];
    const name = [control.textContent, control.ariaLabel, ...[...labels].map((label) => label.textContent)];
    if (!name.some((text) => text?.trim())) faults.push(`no name: ${control.outerHTML.slice(0, 60)}`);
    if (control.tabIndex < 0) faults.push(`out of the keyboard's reach: ${say(control)}`);
    if (control.tabIndex > 0) faults.push(`an order of its own: ${say(control)}`);
    const box = control.getBoundingClientRect();
    if (shown(control) && Math.min(box.width, box.height) < least.target)
      faults.push(`small target: ${say(control)}`);
  }
  for (const image of every("img")) if (!image.hasAttribute("alt")) faults.push("image without alt");

  for (const element of every("*")) {
    if (/^(SCRIPT|STYLE|IFRAME|OBJECT|EMBED|BASE)$/.test(element.tagName)) faults.push(say(element));
    for (const { name, value } of element.attributes)
      if (name === "style" || name.startsWith("on") || /^\s*javascript:/i.test(value))
        faults.push(`inline ${name}: ${say(element)}`);
  }

  if (document.documentElement.scrollWidth > document.documentElement.clientWidth)
    faults.push(`wider than the screen: ${document.documentElement.scrollWidth}`);

  // sRGB, WCAG's definition of relative luminance and contrast.
  const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (start: Element) => {
    for (let element: Element | null = start; element !== null; element = element.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(element);
      if (backgroundImage !== "none") return undefined;
      const [, , , alpha = 1] = channels(backgroundColor);
      if (alpha === 1) return backgroundColor;
      if (alpha !== 0) return undefined;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of every("body *")) {
    const speaks = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
    if (!speaks || !shown(element)) continue;
    const { color, fontSize, fontWeight, opacity } = getComputedStyle(element);
    const ground = behind(element);
    if (ground === undefined || opacity !== "1") {
      faults.push(`contrast unknown: ${say(element)}`);
      continue;
    }
    const [low = 0, high = 0] = [luminance(color), luminance(ground)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = Number.parseFloat(fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
    if (ratio < (large ? least.contrastLarge : least.contrast))
      faults.push(`contrast ${ratio.toFixed(2)}: ${say(element)}`);
  }
  return faults;
}
