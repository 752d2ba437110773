/**
 * The pages for a person's browser where the core could not make one: it failed, there was no room for it, or
 * the authority did not answer. In the words of core/page/result_page.cpp, which knows more to say.
 */
import type { Outcome } from "./effects.ts";
import { pageOutcome } from "./page.ts";

interface Words {
  readonly code: string;
  readonly tone: "alert" | "calm";
  readonly heading: string;
  readonly happened: string;
  readonly next: string;
}

const UNAVAILABLE: Words = {
  code: "service_unavailable",
  tone: "alert",
  heading: "This cannot be finished right now",
  happened: "Something on our side is not working. What was connected before stays connected.",
  next: "Wait a few minutes, then go back to the service you came from and start again.",
};

const UNKNOWN: Words = {
  code: "outcome_unknown",
  tone: "calm",
  heading: "It is not known yet whether this worked",
  happened:
    "You signed in, but the last step is taking longer than it should. It may still be finished without you. What was connected before stays connected.",
  next: "Wait a few minutes, then look in the service you came from whether your account is connected. If it is not, start again from there.",
};

/** `asked`: the authority was, so that it may have done what it was asked, or may yet do it. */
export function unavailablePage(asked: boolean): Outcome {
  const { code, tone, heading, happened, next } = asked ? UNKNOWN : UNAVAILABLE;
  return pageOutcome({
    status: 503,
    title: heading,
    tone,
    main: `<p>${happened}</p><p>${next}</p><p class="reference">Reference: <code>${code}</code></p>`,
    // Each of them stands one level below where Postern is mounted.
    base: "../",
  });
}
